from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.bytes import (
    LAST_POSITION,
    NOTE_ON,
    SONG_POSITION,
    begins_note,
    ends_note,
    note_off,
    position_in,
    song_position,
)

CHANNELS, PITCHES = st.integers(0, 15), st.integers(0, 127)


@given(st.integers(0, LAST_POSITION))
def test_a_song_position_is_read_as_it_was_written(count: int) -> None:
    message = song_position(count)
    assert message[0] == SONG_POSITION
    assert all(byte < 0x80 for byte in message[1:])
    assert position_in(message) == count


@given(CHANNELS, PITCHES, st.integers(0, 127))
def test_a_note_on_begins_a_note_or_ends_it(channel: int, pitch: int, velocity: int) -> None:
    message = bytes((NOTE_ON | channel, pitch, velocity))
    assert begins_note(message) == (velocity > 0)
    assert ends_note(message) == (velocity == 0)


@given(CHANNELS, PITCHES)
def test_a_note_off_ends_a_note(channel: int, pitch: int) -> None:
    message = note_off(channel, pitch)
    assert ends_note(message)
    assert (message[0] & 0x0F, message[1]) == (channel, pitch)
