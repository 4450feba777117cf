"""Bars of a song: where they begin, which are short, and where cells lie in ticks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.barlines import Grid, grids, stretches
from schmubert.engine.music.meter import COMMON, Meter, in_triplets
from schmubert.engine.music.song import Part, Song, TimeSignature

BEAT = 480
SIGNATURES = [(4, 4), (3, 4), (6, 8), (12, 8), (2, 2), (2, 4), (7, 8), (1, 4), (5, 4)]


def part(onsets: list[int], length: int = BEAT // 4) -> Part:
    ticks = np.array(onsets, np.int64)
    return Part("", 0, False, ticks, ticks + length, np.full(len(ticks), 60))


def song(said: list[tuple[int, int, int]], end: int, parts: tuple[Part, ...] = ()) -> Song:
    return Song(BEAT, parts, tuple(TimeSignature(*one) for one in said), (), end)


def only(grid_by_meter: dict[Meter, Grid]) -> Grid:
    (grid,) = grid_by_meter.values()
    return grid


def test_a_pick_up_in_its_own_signature_is_left_alone() -> None:
    found = stretches(song([(0, 1, 4), (BEAT, 4, 4)], 9 * BEAT))
    assert [(one.start, one.end, one.meter) for one in found] == [
        (0, BEAT, None),
        (BEAT, 9 * BEAT, COMMON),
    ]
    assert grids(song([(0, 1, 4), (BEAT, 4, 4)], 9 * BEAT))[COMMON].starts.tolist() == [480, 2400]


def test_a_bar_line_that_moves_leaves_a_short_bar() -> None:
    found = stretches(song([(0, 4, 4), (6 * BEAT, 4, 4)], 14 * BEAT))
    assert [(one.start // BEAT, one.end // BEAT, one.cut) for one in found] == [
        (0, 4, False),
        (4, 6, True),
        (6, 14, False),
    ]


def test_a_signature_that_is_said_again_on_a_bar_line_changes_nothing() -> None:
    bar = COMMON.beats * BEAT
    late = 3 * bar + 5  # still that bar line
    (only_one,) = stretches(song([(0, 4, 4), (bar, 4, 4), (late, 4, 4)], 9 * bar))
    assert (only_one.start, only_one.bars) == (0, 9)


def test_bars_of_one_metre_are_joined_over_others() -> None:
    found = grids(song([(0, 4, 4), (8 * BEAT, 2, 4), (10 * BEAT, 4, 4)], 18 * BEAT))
    assert list(found) == [COMMON, Meter(2)]
    grid = found[COMMON]
    assert (grid.starts // BEAT).tolist() == [0, 4, 10, 14]
    assert grid.joins.tolist() == [False, True, False, True]
    assert grid.run_end.tolist() == [2, 2, 4, 4]


def test_a_note_ends_with_the_bars_that_follow_one_another() -> None:
    grid = grids(song([(0, 4, 4), (8 * BEAT, 2, 4), (10 * BEAT, 4, 4)], 18 * BEAT))[COMMON]
    onset = grid.onset_steps(np.array([7 * BEAT, 9 * BEAT, 10 * BEAT - 20, 18 * BEAT + 5]))
    assert onset.tolist() == [28, -1, 32, -1]
    assert grid.end_steps(np.array([28, 28]), np.array([12 * BEAT, 7 * BEAT])).tolist() == [32, 29]
    assert grid.end_ticks(np.array([32])).tolist() == [8 * BEAT]


@given(
    st.lists(st.tuples(st.integers(0, 40 * BEAT), st.sampled_from(SIGNATURES)), max_size=5),
    st.integers(1, 60 * BEAT),
)
def test_stretches_tile_the_song_and_every_cell_is_found_again(
    said: list[tuple[int, tuple[int, int]]], end: int
) -> None:
    changes = [(tick, *signature) for tick, signature in sorted(said)]
    whole = song(changes, end)
    found = stretches(whole)
    assert found[0].start == 0
    assert found[-1].end > end - BEAT // 8
    for before, after in pairwise(found):
        assert before.end == after.start
    for grid in grids(whole).values():
        steps = np.arange(grid.steps)
        ticks = grid.ticks(steps)
        irregular = (grid.ends - grid.starts) % grid.meter.steps != 0
        regular = ~irregular[steps // grid.meter.steps]
        assert (grid.onset_steps(ticks)[regular] == steps[regular]).all()
        assert (np.diff(ticks) > 0).all()


@pytest.mark.parametrize(("off_beat", "triplets"), [(320, True), (240, False), (360, False)])
def test_a_shuffle_is_known_by_where_its_onsets_fall(off_beat: int, triplets: bool) -> None:
    onsets = [beat * BEAT + at for beat in range(16) for at in (0, off_beat)]
    grid = only(grids(song([], 16 * BEAT, (part(onsets),))))
    assert grid.meter == (in_triplets(COMMON) if triplets else COMMON)
    if triplets:
        assert grid.onset_steps(np.array([320, 480])).tolist() == [4, 6]
