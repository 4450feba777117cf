"""A bass that guessed."""

import numpy as np

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import BAND_SIZES, FIRST_ONSET, HOLD, OFF, Track
from schmubert.training.data.guessed_basses import guessed

METER = Meter(3)
BARS = 8
E1 = FIRST_ONSET + 7


def walking(count: int = 200) -> np.ndarray:
    """Basses [count, steps] that play a root of their own in each bar."""
    rng = np.random.default_rng(0)
    column = np.full((count, BARS, METER.steps), HOLD)
    column[..., 0] = E1 + rng.integers(12, size=(count, BARS))
    column[..., 4] = column[..., 0] + 7
    column[..., 10] = OFF
    return column.reshape(count, -1)


def test_rhythm_and_shape_stay_and_only_what_is_known_moves() -> None:
    basses = walking()
    known = np.ones(basses.shape, bool)
    known[:, -2 * METER.steps :] = False
    found = guessed(basses, known, METER, np.random.default_rng(1))
    np.testing.assert_array_equal(found[~known], basses[~known])
    onset = basses >= FIRST_ONSET
    np.testing.assert_array_equal(found[~onset], basses[~onset])
    by_bar = found.reshape(len(basses), BARS, -1)
    assert ((by_bar[..., 4] - by_bar[..., 0]) % 12 == 7).all()


def test_some_basses_are_right_and_others_guess_all_bars() -> None:
    basses = walking()
    found = guessed(basses, np.ones(basses.shape, bool), METER, np.random.default_rng(1))
    wrong = (found != basses).reshape(len(basses), BARS, -1).any(axis=2).mean(axis=1)
    assert (wrong == 0.0).mean() > 0.02
    assert (wrong > 0.8).mean() > 0.2


def test_a_guess_stands_on_another_root_of_the_song_or_all_is_moved_alike() -> None:
    basses = walking()
    found = guessed(basses, np.ones(basses.shape, bool), METER, np.random.default_rng(1))
    roots = (basses.reshape(len(basses), BARS, -1)[..., 0] - FIRST_ONSET) % 12
    moved = (found.reshape(len(basses), BARS, -1)[..., 0] - FIRST_ONSET) % 12
    for before, after in zip(roots, moved, strict=True):
        assert set(after) <= set(before) or len(set((after - before) % 12)) == 1


def test_every_token_stays_one_and_within_an_octave_of_the_range() -> None:
    basses = walking()
    found = guessed(basses, np.ones(basses.shape, bool), METER, np.random.default_rng(1))
    onset = basses >= FIRST_ONSET
    assert found[onset].min() >= basses[onset].min()
    assert found.max() < BAND_SIZES[Track.BASS]
    assert (np.abs(found - basses) <= 12 + 6).all()


def test_a_silent_bass_stays_silent() -> None:
    silent = np.full((4, BARS * METER.steps), HOLD)
    found = guessed(silent, np.ones(silent.shape, bool), METER, np.random.default_rng(1))
    np.testing.assert_array_equal(found, silent)


def test_in_half_of_the_basses_bars_that_are_the_same_are_wrong_alike() -> None:
    four = walking()[:, : 4 * METER.steps]
    basses = np.tile(four, (1, 2))
    found = guessed(basses, np.ones(basses.shape, bool), METER, np.random.default_rng(1))
    first, second = np.split(found, 2, axis=1)
    again = (first == second).all(axis=1)
    wrong = (first != four).any(axis=1)
    assert 0.4 < again[wrong].mean() < 0.8


def test_a_bass_may_be_late_by_a_bar() -> None:
    basses = walking(400)
    found = guessed(basses, np.ones(basses.shape, bool), METER, np.random.default_rng(1))
    right = (basses.reshape(len(basses), BARS, -1)[..., 0] - FIRST_ONSET) % 12
    played = (found.reshape(len(basses), BARS, -1)[..., 0] - FIRST_ONSET) % 12
    wrong = (played != right)[:, 1:]
    late = (played[:, 1:] == right[:, :-1]) & wrong
    share = late.sum(axis=1) / np.maximum(wrong.sum(axis=1), 1)
    assert 0.2 < (share[wrong.sum(axis=1) > 3] > 0.7).mean() < 0.6
