"""MIDI in FluidSynth's words."""

from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.bytes import is_message
from schmubert.bridge.sound.shell import command


def test_what_is_played() -> None:
    assert command(bytes((0x91, 40, 90))) == b"noteon 1 40 90\n"
    assert command(bytes((0x91, 40, 0))) == b"noteoff 1 40\n"
    assert command(bytes((0x89, 36, 64))) == b"noteoff 9 36\n"
    assert command(bytes((0xB0, 64, 127))) == b"cc 0 64 127\n"
    assert command(bytes((0xC2, 4))) == b"prog 2 4\n"
    assert command(bytes((0xE0, 0, 64))) == b"pitch_bend 0 8192\n"


@given(st.binary(max_size=5))
def test_whatever_comes_is_one_line_of_words_and_numbers_or_nothing(message: bytes) -> None:
    line = command(message)
    if not is_message(message) or message[0] >= 0xF0:
        assert line == b""
    if line:
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert all(int(number) < 1 << 14 for number in line.split()[1:])
