"""Which parts play chords."""

import numpy as np
import pytest

from schmubert.engine.music.comping_parts import plays_chords
from schmubert.engine.music.song import Part

ROLLED, LATE = 11, 35


def part(onsets: list[int], lengths: list[int], pitches: list[int], drums: bool = False) -> Part:
    begun = np.array(onsets, np.int64)
    return Part("", 0, drums, begun, begun + np.array(lengths), np.array(pitches, np.int64))


@pytest.mark.parametrize("apart", [0, ROLLED, LATE])
def test_chords_are_chords_however_they_are_rolled(apart: int) -> None:
    onsets = [480 * k + voice * apart for k in range(8) for voice in range(3)]
    assert plays_chords(part(onsets, [400] * 24, [60, 64, 67] * 8))


def test_a_line_two_voices_and_broken_chords_that_are_let_go_are_none() -> None:
    line = [240 * k for k in range(24)]
    assert not plays_chords(part(line, [240] * 24, [60, 64, 67] * 8))
    assert not plays_chords(part([k for k in line for _ in "ab"], [240] * 48, [60, 64] * 24))


def test_drums_and_silence_are_none() -> None:
    assert not plays_chords(part([0, 0, 0], [100] * 3, [36, 42, 49], drums=True))
    assert not plays_chords(part([], [], []))
