"""The experiments of the thesis that are no part of every evaluation, each run as a whole."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from schmubert.engine.compose import MOST_BATCHED
from schmubert.engine.score import Tokens
from schmubert.engine.vocabulary import TRIO
from schmubert.training import algorithm7
from schmubert.training.dataset import Dataset
from schmubert.training.evaluate_pieces import overlaps_of
from schmubert.training.evaluation import (
    PIECE_BARS,
    Draws,
    Evaluation,
    Progress,
    Settings,
    windows_of_songs,
)


def perfect_nonsense(
    dataset: Dataset, settings: Settings, draws: Draws, on_progress: Progress
) -> Evaluation:
    """Algorithm 7 of the thesis, scored beside the validation songs of `dataset`; no model.

    `settings.pieces` are constructed `settings.draws` times, with the mean and the variance of the
    overlaps of those songs, piece by piece. ValueError where songs are too few.
    """
    started_s = time.monotonic()
    real = _real_pieces(dataset, settings)
    overlaps = overlaps_of(real, TRIO)

    def make(rngs: Sequence[np.random.Generator]) -> Tokens:
        return algorithm7.like(overlaps, PIECE_BARS, rngs)

    made = [
        _draw("algorithm7", draw, settings, draws, on_progress, make)
        for draw in range(settings.draws)
    ]
    rng = settings.rng_of_figures("algorithm7")
    return Evaluation(
        "algorithm 7",
        "no model",
        tuple(dataset.about.sources),
        settings,
        round(time.monotonic() - started_s, 1),
        tuple(algorithm7.sections(made, real, settings.all_frames, rng)),
    )


def _real_pieces(dataset: Dataset, settings: Settings) -> Tokens:
    """A window of 64 bars of each validation song that has one: [songs, steps, 3]."""
    split = dataset.split("validation")
    return windows_of_songs(split, PIECE_BARS, len(split.numbers), settings.seed)


def _draw(
    name: str,
    draw: int,
    settings: Settings,
    draws: Draws,
    on_progress: Progress,
    make: Callable[[Sequence[np.random.Generator]], Tokens],
) -> Tokens:
    """The pieces [pieces, steps, 3] of a `draw`, kept ones where there are."""
    total = settings.pieces * settings.draws
    about = {"pieces": settings.pieces, "seed": settings.seed}
    kept = draws.kept(f"{name}-{draw}", about)
    if kept is not None:
        on_progress(name, settings.pieces, total)
        return kept
    found: list[Tokens] = []
    for first in range(0, settings.pieces, MOST_BATCHED):
        numbers = range(first, min(first + MOST_BATCHED, settings.pieces))
        found.append(make([settings.rng(name, draw, number) for number in numbers]))
        on_progress(name, len(numbers), total)
    made = np.concatenate(found)
    draws.keep(f"{name}-{draw}", made, about)
    return made
