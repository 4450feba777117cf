"""Can a classifier tell what was made from songs? The two-sample test (arXiv 1610.06545).

A classifier learns to tell two sets of pieces apart and is asked about others. Its AUC is the
chance that it takes the made one of a made piece and a song for made: .5 where they are alike, 1
where they never are. The classifier is gradient boosting over the figures of `piece_figures.py`.
No song is on both sides, neither as it is nor as what was made for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
REPEATS = 4
"""How often songs are dealt out to the folds anew."""
SHUFFLES = 4
"""How often a figure is shuffled to see what it tells."""
SHUFFLED_AT_ONCE = 16
FEWEST = 4 * FOLDS
"""Pieces of each set below which nothing can be learnt."""

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]
Scores = Callable[[NDArray[np.int64], NDArray[np.int64]], Numbers]
"""Given the rows to learn from and the rows to judge: how likely each of the latter is made."""


@dataclass(frozen=True)
class TwoSets:
    """What is to be told apart, a row a piece: `made` [pieces] is 1 for made, 0 for songs.

    `songs` [pieces] says which rows have a song in common. ValueError where a set has too few.
    """

    made: Labels
    songs: Labels

    def __post_init__(self) -> None:
        fewest = int(min((self.made == 0).sum(), (self.made == 1).sum()))
        if fewest < FEWEST:
            raise ValueError(
                f"{fewest} pieces are too few to be told from others: at least {FEWEST}"
            )

    @staticmethod
    def of(made: int, songs: int, paired: bool) -> "TwoSets":
        """So many `made` pieces before so many `songs`; `paired`: made piece k is of song k."""
        labels = np.repeat([1, 0], [made, songs])
        numbers = np.arange(made + songs)
        if paired:
            numbers[made:] = np.arange(songs)
        return TwoSets(labels, numbers)

    def folds(self, rng: np.random.Generator) -> Iterator[tuple[Labels, Labels]]:
        """Rows to learn from and rows to judge, `FOLDS` times; each song is judged once.

        Songs that are in one set alone are dealt out evenly by set.
        """
        names, row_of = np.unique(self.songs, return_inverse=True)
        in_made, in_real = (
            np.bincount(row_of, weights=self.made == label, minlength=len(names)) > 0
            for label in (1, 0)
        )
        kinds = 2 * in_made + in_real
        order = rng.permutation(len(names))
        order = order[np.argsort(kinds[order], kind="stable")]
        fold = np.empty(len(names), np.int64)
        fold[order] = np.arange(len(names)) % FOLDS
        for number in range(FOLDS):
            judged = fold[row_of] == number
            yield np.flatnonzero(~judged), np.flatnonzero(judged)


@dataclass(frozen=True)
class Told:
    """How well two sets were told apart: the AUC each time that songs were dealt out to folds.

    `importance` [figures] is how much of it is lost where a figure is shuffled, if asked for.
    """

    every: tuple[float, ...]
    importance: Numbers | None = None

    @property
    def auc(self) -> float:
        """The mean."""
        return float(np.mean(self.every))

    @property
    def deviation(self) -> float:
        """The deviation from one dealing to another."""
        return float(np.std(self.every))


def area_under_curve(scores: Numbers, made: Labels) -> float:
    """The chance that a made piece scores above a song, equal scores counting half."""
    above = scores[made == 1][:, None] - scores[made == 0][None]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def told_by(
    scores: Scores, sets: TwoSets, rng: np.random.Generator, repeats: int = REPEATS
) -> Told:
    """How well a classifier tells `sets` apart that gives `scores`, cross-validated."""
    every = []
    for _ in range(repeats):
        areas = [
            area_under_curve(scores(learnt, judged), sets.made[judged])
            for learnt, judged in sets.folds(rng)
        ]
        every.append(float(np.mean(areas)))
    return Told(tuple(every))


def told_by_figures(
    figures: Numbers,
    sets: TwoSets,
    rng: np.random.Generator,
    repeats: int = REPEATS,
    importance: bool = False,
) -> Told:
    """How well gradient boosting over `figures` [pieces, figures] tells `sets` apart.

    With `importance` each figure is shuffled among the judged pieces, too (permutation importance,
    Breiman 2001).
    """
    lost: list[Numbers] = []

    def scores(learnt: Labels, judged: Labels) -> Numbers:
        model = _boosting(int(rng.integers(2**31)))
        nowhere = np.isnan(figures[learnt]).all(
            axis=0
        )  # of such a figure there is nothing to learn
        known = np.where(nowhere, 0.0, figures)
        model.fit(known[learnt], sets.made[learnt])
        found: Numbers = model.decision_function(known[judged])
        if importance:
            whole = area_under_curve(found, sets.made[judged])
            lost.append(whole - _shuffled(model, known[judged], sets.made[judged], rng))
        return found

    told = told_by(scores, sets, rng, repeats)
    return Told(told.every, np.mean(lost, axis=0) if importance else None)


def songs_against_songs(
    figures: Numbers, pieces: int, rng: np.random.Generator, repeats: int = REPEATS
) -> list[float]:
    """The AUC of songs against other songs, `repeats` times, songs being dealt to two sets anew.

    Of `figures` [songs, figures] so many `pieces` a set, or half of the songs if there are less.
    """
    each = min(pieces, len(figures) // 2)
    sets = TwoSets.of(each, each, paired=False)
    return [
        told_by_figures(figures[rng.permutation(len(figures))[: 2 * each]], sets, rng, 1).auc
        for _ in range(repeats)
    ]


def _boosting(seed: int) -> Any:
    """Gradient boosting for some hundred pieces of some hundred figures."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        from schmubert.engine.extras import how_to_install

        raise ValueError(
            f"the two-sample test needs scikit-learn: {how_to_install('train')}"
        ) from error
    return HistGradientBoostingClassifier(
        max_iter=80,
        learning_rate=0.1,
        max_leaf_nodes=6,
        min_samples_leaf=5,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


def told_alone(figures: Numbers, sets: TwoSets) -> Numbers:
    """How well each of `figures` [pieces, figures] alone tells `sets` apart: [figures].

    .5 to 1, whichever set has more of it. Pieces that do not have it are left out.
    """
    found = np.full(figures.shape[1], 0.5)
    for number, values in enumerate(figures.T):
        known = ~np.isnan(values)
        if len(set(sets.made[known].tolist())) > 1:
            area = area_under_curve(values[known], sets.made[known])
            found[number] = max(area, 1 - area)
    return found


def _shuffled(model: Any, figures: Numbers, made: Labels, rng: np.random.Generator) -> Numbers:
    """The AUC of `model` on `figures` [pieces, figures] with each figure shuffled: [figures]."""
    pieces, count = figures.shape
    found = np.zeros(count)
    for first in range(0, count, SHUFFLED_AT_ONCE):
        some = range(first, min(first + SHUFFLED_AT_ONCE, count))
        copies = np.tile(figures, (len(some), SHUFFLES, 1, 1))
        for place, number in enumerate(some):
            for copy in copies[place]:
                copy[:, number] = figures[rng.permutation(pieces), number]
        scores = model.decision_function(copies.reshape(-1, count))
        for number, of_figure in zip(
            some, scores.reshape(len(some), SHUFFLES, pieces), strict=True
        ):
            found[number] = np.mean([area_under_curve(of_copy, made) for of_copy in of_figure])
    return found
