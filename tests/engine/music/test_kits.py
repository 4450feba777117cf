"""Which channels are drums: the tenth, and what GS, XG and General MIDI 2 make so, and no other."""

import pytest

from schmubert.engine.music.kits import GS, XG, drum_channels, part_events
from schmubert.engine.music.smf import Event, event, midi_file, read, track_body
from schmubert.engine.music.vlq import vlq

XG_ON = b"\x43\x10\x4c\x00\x00\x7e\x00\xf7"
GS_RESET = b"\x41\x10\x42\x12\x40\x00\x7f\x00\x41\xf7"
GM2_ON = b"\x7e\x7f\x09\x03\xf7"


def sysex(data: bytes) -> Event:
    return event(0, 0xF0, *vlq(len(data)), *data)


def kits(*said: Event, channels: tuple[int, ...] = (0, 1, 2, 9)) -> set[int]:
    """The drum channels, from 0, of a song that says this before its notes on `channels`."""
    notes = [event(tick, 0x90 | channel, 40, 90) for channel in channels for tick in (10, 20)]
    ordered = sorted([*said, *notes], key=lambda one: one.tick)
    return set(drum_channels(read(midi_file(96, [track_body(ordered, 99)]))))


def bank(channel: int, number: int, program: int | None = None, tick: int = 0) -> list[Event]:
    found = [event(tick, 0xB0 | channel, 0, number)]
    return found if program is None else [*found, event(tick, 0xC0 | channel, program)]


def test_channel_10_is_drums() -> None:
    assert kits() == {9}


@pytest.mark.parametrize(
    ("data", "drums"),
    [
        (b"\x43\x10\x4c\x08\x02\x07\x02\xf7", {2, 9}),
        (b"\x43\x10\x4c\x08\x09\x07\x00\xf7", set()),
        (b"\x41\x10\x42\x12\x40\x13\x15\x01\x17\xf7", {2, 9}),
        (b"\x41\x10\x42\x12\x40\x1a\x15\x02\x0f\xf7", {9, 10}),
        (b"\x41\x10\x42\x12\x40\x10\x15\x00\x1b\xf7", set()),
    ],
)
def test_sysex_makes_drums_and_unmakes_them(data: bytes, drums: set[int]) -> None:
    assert kits(sysex(data)) == drums


@pytest.mark.parametrize(
    ("system", "number", "program", "drums"),
    [
        (XG_ON, 127, 0, {2, 9}),
        (XG_ON, 127, 30, {2, 9}),
        (XG_ON, 126, 0, {2, 9}),
        (XG_ON, 120, 0, {9}),
        (GM2_ON, 120, 0, {2, 9}),
        (GS_RESET, 127, 0, {9}),  # there it is the bank of an older synthesizer
        (None, 127, 0, {2, 9}),
        (None, 120, 25, {2, 9}),
        (None, 127, None, {2, 9}),
        (None, 127, 29, {9}),  # a guitar of that older one
        (None, 126, 0, {9}),
    ],
)
def test_a_bank_is_of_its_system(
    system: bytes | None, number: int, program: int | None, drums: set[int]
) -> None:
    said = [] if system is None else [sysex(system)]
    assert kits(*said, *bank(2, number, program)) == drums


def test_a_bank_counts_from_the_next_program_on() -> None:
    late = bank(2, 0, 5) + bank(2, 127, tick=5)
    assert kits(*late) == {9}
    assert kits(*late, event(6, 0xC2, 0)) == {2, 9}


def test_the_bank_of_most_notes_counts() -> None:
    assert kits(*bank(2, 127, 0), *bank(2, 0, 30, tick=5)) == {9}


def test_a_song_is_no_drums_all_over() -> None:
    everywhere = [one for channel in (0, 1, 2, 9) for one in bank(channel, 127, 0)]
    assert kits(*everywhere) == {9}
    assert kits(sysex(XG_ON), *everywhere) == {0, 1, 2, 9}


def test_general_midi_2_makes_a_melody_of_channel_10() -> None:
    assert kits(*bank(9, 121, 0)) == set()


@pytest.mark.parametrize("system", [GS, XG])
@pytest.mark.parametrize("channel", range(16))
def test_what_makes_a_channel_drums_or_no_drums_is_read_so(system: str, channel: int) -> None:
    made = part_events(0, channel, True, {system})
    assert len(made) == 1
    assert kits(*made) == {channel, 9}
    assert kits(*made, *part_events(1, channel, False, {system})) == {9} - {channel}


def test_the_message_of_a_manual_is_made() -> None:
    (made,) = part_events(0, 2, True, {GS})
    assert made.data == b"\x41\x10\x42\x12\x40\x13\x15\x01\x17\xf7"
    assert part_events(0, 2, True, set()) == []
