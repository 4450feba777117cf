"""The experiments of the thesis that are no part of every evaluation, each run as a whole."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import generate_all
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.data.dataset import Dataset
from schmubert.training.evaluation import algorithm7
from schmubert.training.evaluation.evaluate import require_trio
from schmubert.training.evaluation.pieces import overlaps_of
from schmubert.training.evaluation.settings import (
    PIECE_BARS,
    Draws,
    Evaluation,
    Make,
    Progress,
    Section,
    Settings,
    drawn,
    windows_of_songs,
)


def perfect_nonsense(
    dataset: Dataset, settings: Settings, draws: Draws, on_progress: Progress
) -> Evaluation:
    """Algorithm 7 of the thesis, scored beside the validation songs of `dataset`; no model.

    `settings.pieces` are constructed `settings.draws` times, with the mean and the variance of the
    overlaps of those songs, piece by piece. ValueError where songs are too few.
    """
    run = _Run("algorithm7", dataset, settings, draws, on_progress)
    overlaps = overlaps_of(run.real, TRIO)
    made = run.drawn("algorithm7", {}, lambda rngs, _: algorithm7.like(overlaps, PIECE_BARS, rngs))
    tables = algorithm7.sections(made, run.real, settings.all_frames, run.rng_of_figures())
    return run.finished("algorithm 7", "no model", list(tables))


def guidance(
    model: Model, dataset: Dataset, settings: Settings, draws: Draws, on_progress: Progress
) -> Evaluation:
    """Thesis 5.2.2: pieces of `model` held to 8 notes a bar, a table for each guide and for none.

    A piece is drawn by the same generator whatever guides it. ValueError where the model knows not
    all three tracks, or songs are too few; ImportError without torch, which the classifier needs.
    """
    from schmubert.training.evaluation import guidance_study as experiment

    require_trio(model)
    run = _Run("guidance", dataset, settings, draws, on_progress)
    plain = settings.sampling(settings.window_bars)
    about = {
        "calls": plain.calls,
        "temperature": plain.temperature,
        "sampler": plain.sampler,
        "window_bars": plain.window_bars,
    }
    tables = []
    for way, guide in experiment.ways(settings.seed).items():
        sampling = replace(plain, guide=guide)

        def make(rngs: Sequence[np.random.Generator], _: slice, sampling: Any = sampling) -> Tokens:
            scores = generate_all(model, PIECE_BARS, rngs, sampling=sampling)
            return np.stack([score.tokens for score in scores])

        made = run.drawn(f"guidance: {way}", about, make)
        frames = settings.all_frames
        tables.append(experiment.section(way, made, run.real, frames, run.rng_of_figures()))
    return run.finished(model.name, model.runtime, tables)


class _Run:
    """What experiments share: the real songs, draws that are kept, and the record at the end."""

    def __init__(
        self,
        name: str,
        dataset: Dataset,
        settings: Settings,
        draws: Draws,
        on_progress: Progress,
    ) -> None:
        self.name = name
        self.settings = settings
        self.sources = tuple(dataset.about.sources)
        split = dataset.split("validation")
        self.real = windows_of_songs(split, PIECE_BARS, len(split.numbers), settings.seed)
        self._draws = draws
        self._on_progress = on_progress
        self._started_s = time.monotonic()

    def rng_of_figures(self) -> np.random.Generator:
        """What bootstraps are drawn with."""
        return self.settings.rng_of_figures(self.name)

    def drawn(self, kind: str, about: Mapping[str, Any], make: Make) -> list[Tokens]:
        """All draws of a `kind`, each [pieces, steps, 3]; those kept are not made again."""
        return [self._draw(kind, draw, about, make) for draw in range(self.settings.draws)]

    def finished(self, model: str, runtime: str, tables: Sequence[Section]) -> Evaluation:
        """The record of the experiment."""
        seconds = round(time.monotonic() - self._started_s, 1)
        return Evaluation(model, runtime, self.sources, self.settings, seconds, tuple(tables))

    def _draw(self, kind: str, draw: int, about: Mapping[str, Any], make: Make) -> Tokens:
        pieces = self.settings.pieces
        place = (re.sub("[^a-z0-9]+", "-", kind), self.name, draw)

        def told(done: int) -> None:
            self._on_progress(kind, done, pieces * self.settings.draws)

        return drawn(self._draws, self.settings, place, pieces, about, make, told)
