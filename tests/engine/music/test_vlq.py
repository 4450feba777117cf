"""Waits and lengths of MIDI files, those that are filled up with zeros too."""

import pytest

from schmubert.engine.music.smf import midi_file, read
from schmubert.engine.music.song import player_song
from schmubert.engine.music.vlq import LONGEST_WAIT, read_vlq, vlq


@pytest.mark.parametrize("value", [0, 1, 127, 128, 0x3FFF, 0x4000, LONGEST_WAIT])
@pytest.mark.parametrize("zeros", [0, 1, 4, 9])
def test_zeros_before_a_number_are_no_more_than_that(value: int, zeros: int) -> None:
    written = b"\x80" * zeros + vlq(value)
    assert read_vlq(b"\x01" + written + b"\x90", 1) == (value, 1 + len(written))


@pytest.mark.parametrize("wrong", [b"", b"\x80", b"\x80" * 9, b"\x81\x80\x80\x80\x00", b"\xff" * 5])
def test_what_is_longer_or_has_no_end_is_none(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="a length without an end"):
        read_vlq(wrong, 0)


def test_a_track_with_waits_of_five_bytes_is_read_and_stays_as_it_is() -> None:
    said = b"\x80\x80\x80\x80\x00\x90\x3c\x40" + b"\x80\x80\x80\x80\x60\x80\x3c\x00"
    data = midi_file(96, [said + b"\x00\xff\x2f\x00"])
    (part,) = player_song(data).parts
    assert (part.onsets.tolist(), part.ends.tolist()) == ([0], [96])
    (track,) = read(data).tracks
    assert track.edited(track.events).chunk.body == track.chunk.body
