import builtins
from typing import Any

import numpy as np
import pytest

from schmubert.training.metrics.two_sample import (
    FOLDS,
    TwoSets,
    area_under_curve,
    songs_against_songs,
    told_alone,
    told_by,
    told_by_figures,
)

FIGURES = 6


def noise(pieces: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(size=(pieces, FIGURES))


def test_the_area_is_the_chance_that_a_made_piece_scores_higher() -> None:
    made = np.array([1, 1, 0, 0])
    assert area_under_curve(np.array([2.0, 3.0, 0.0, 1.0]), made) == 1.0
    assert area_under_curve(np.array([0.0, 1.0, 2.0, 3.0]), made) == 0.0
    assert area_under_curve(np.array([1.0, 1.0, 1.0, 1.0]), made) == 0.5
    assert area_under_curve(np.array([0.0, 2.0, 1.0, 1.0]), made) == 0.5


@pytest.mark.parametrize("paired", [False, True])
def test_no_song_is_on_both_sides_and_each_piece_is_judged_once(paired: bool) -> None:
    sets = TwoSets.of(33, 47, paired)
    judged_at_all = []
    for learnt, judged in sets.folds(np.random.default_rng(0)):
        assert not set(sets.songs[learnt]) & set(sets.songs[judged])
        assert sorted([*learnt, *judged]) == list(range(80))
        assert {0, 1} == set(sets.made[judged]) == set(sets.made[learnt])
        judged_at_all += judged.tolist()
    assert sorted(judged_at_all) == list(range(80))


def test_what_was_made_for_a_song_is_on_its_side() -> None:
    sets = TwoSets.of(20, 30, paired=True)
    assert (sets.songs[:20] == sets.songs[20:40]).all()


def test_songs_and_songs_are_not_told_apart() -> None:
    found = songs_against_songs(noise(160), 80, np.random.default_rng(0), 6)
    assert 0.35 < np.mean(found) < 0.6


def test_one_figure_that_is_off_is_found_and_named() -> None:
    figures = noise(120)
    figures[:60, 2] += 3.0
    sets = TwoSets.of(60, 60, paired=False)
    told = told_by_figures(figures, sets, np.random.default_rng(0), 1, importance=True)
    assert told.auc > 0.9
    assert told.importance is not None
    assert int(told.importance.argmax()) == int(told_alone(figures, sets).argmax()) == 2
    assert told.importance[2] > 0.2
    assert told_alone(-figures, sets)[2] == told_alone(figures, sets)[2] > 0.9


def test_what_is_not_a_number_tells_too() -> None:
    figures = noise(80)
    figures[:40, 1] = np.nan
    sets = TwoSets.of(40, 40, paired=False)
    assert told_by_figures(figures, sets, np.random.default_rng(0), 1).auc > 0.95


def test_any_classifier_can_be_asked() -> None:
    sets = TwoSets.of(30, 30, paired=False)
    calls = []

    def knows(learnt: np.ndarray[Any, Any], judged: np.ndarray[Any, Any]) -> Any:
        calls.append(len(learnt))
        return sets.made[judged].astype(np.float64)

    told = told_by(knows, sets, np.random.default_rng(0), 3)
    assert (told.auc, told.deviation) == (1.0, 0.0)
    assert len(calls) == 3 * FOLDS


def test_too_few_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="3 pieces are too few"):
        TwoSets.of(3, 40, paired=False)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"scikit-learn.*pip install"):
        songs_against_songs(noise(80), 40, np.random.default_rng(0), 1)


def test_a_figure_that_no_piece_has_changes_nothing() -> None:
    figures = noise(80)
    figures[:40, 1] += 3.0
    figures[:, 0] = np.nan
    sets = TwoSets.of(40, 40, paired=False)
    assert told_by_figures(figures, sets, np.random.default_rng(0), 1).auc > 0.9
