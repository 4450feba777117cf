import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from schmubert.bridge.brain.played import Played, known_part
from schmubert.engine.music.vocabulary import HOLD, MASK, Track

KEEP = 32


def played(*units: tuple[int, list[int]]) -> Played:
    """The bass: from these steps on these cells."""
    made = Played(KEEP)
    for step, cells in units:
        made.write(Track.BASS, step, np.asarray(cells))
    return made


@given(units=st.lists(st.lists(st.integers(2, 50), min_size=1, max_size=16), max_size=20))
def test_what_is_written_stands_there_however_long_it_gets(units: list[list[int]]) -> None:
    made, step = Played(KEEP), 0
    for cells in units:
        made.write(Track.BASS, step, np.asarray(cells))
        step += len(cells)
    assert made.cells(Track.BASS, 0, step + 9).tolist() == [
        cell for cells in units for cell in cells
    ]
    assert not len(made.cells(Track.DRUMS, 0, step))


def test_it_ends_where_nothing_was_played() -> None:
    made = played((0, [5, HOLD]), (4, [6]))
    assert made.cells(Track.BASS, 0, 8).tolist() == [5, HOLD]
    assert known_part(made.rows[4:, Track.BASS], Track.BASS).tolist() == [6]
    assert made.between(1, 5)[:, Track.BASS].tolist() == [HOLD, MASK[1], MASK[1], 6]


def test_what_is_erased_was_not_played() -> None:
    made = played((0, [5] * 8))
    made.erase(Track.DRUMS, 0)
    assert made.anything(0, 8)
    made.erase(Track.BASS, 2)
    assert made.anything(0, 8)
    assert not made.anything(2, 8)
    made.erase_all(0)
    assert not made.anything(0, 8)


def test_each_16th_of_a_bar_is_the_latest_that_was_played() -> None:
    bar = played((0, list(range(2, 18))), (16, [40, 41])).latest_bar(Track.BASS, 17)
    assert bar.tolist() == [40, *range(3, 18)]
    assert (played((0, [5])).latest_bar(Track.BASS, 1)[1:] == MASK[Track.BASS]).all()


def test_what_is_forgotten_leaves_the_rest_in_place() -> None:
    made = played((0, [5] * 16), (16, [6] * 4))
    made.forget_before(16)
    assert made.first_step == 16
    assert made.cells(Track.BASS, 16, 32).tolist() == [6] * 4
    assert not made.anything(0, 16)
