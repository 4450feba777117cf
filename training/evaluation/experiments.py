"""The experiments of the thesis that are no part of every evaluation, each run as a whole."""

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
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.evaluation import algorithm7
from schmubert.training.evaluation.draws import Draws, Kind, Make, Progress, drawn, how, stacked
from schmubert.training.evaluation.evaluate import require_trio
from schmubert.training.evaluation.figures import Evaluation, Section
from schmubert.training.evaluation.pieces import overlaps_of
from schmubert.training.evaluation.settings import PIECE_BARS, EvaluationSettings


def perfect_nonsense(
    dataset: Dataset, settings: EvaluationSettings, draws: Draws, progress: Progress
) -> Evaluation:
    """Algorithm 7 of the thesis, scored beside the validation songs of `dataset`; no model.

    `settings.pieces` are constructed `settings.draws` times, with the mean and the variance of the
    overlaps of those songs, piece by piece. ValueError where songs are too few.
    """
    experiment = _Experiment("algorithm7", dataset, settings, draws, progress)
    overlaps = overlaps_of(experiment.real, TRIO)
    made = experiment.drawn(
        "algorithm7", {}, lambda rngs, _: algorithm7.like(overlaps, PIECE_BARS, rngs)
    )
    tables = algorithm7.sections(
        made, experiment.real, settings.all_frames, experiment.rng_of_figures()
    )
    return experiment.finished("algorithm 7", "no model", list(tables))


def guided_density(
    model: Model, dataset: Dataset, settings: EvaluationSettings, draws: Draws, progress: Progress
) -> Evaluation:
    """Thesis 5.2.2: pieces of `model` held to 8 notes a bar, a table for each guide and for none.

    A piece is drawn by the same generator whatever guides it. ValueError where the model does not
    know all three tracks, or songs are too few. The classifier needs torch, so ImportError without.
    """
    from schmubert.training.evaluation import guidance_study

    require_trio(model)
    experiment = _Experiment("guidance", dataset, settings, draws, progress)
    plain = settings.sampling(settings.window_bars)
    about = {**how(plain), "window_bars": plain.window_bars}
    tables = []
    for way, guide in guidance_study.ways(settings.seed).items():
        sampling = replace(plain, guide=guide)

        def make(rngs: Sequence[np.random.Generator], _: slice, sampling: Any = sampling) -> Tokens:
            return stacked(generate_all(model, PIECE_BARS, rngs, sampling=sampling))

        made = experiment.drawn(f"guidance: {way}", about, make)
        frames = settings.all_frames
        tables.append(
            guidance_study.section(way, made, experiment.real, frames, experiment.rng_of_figures())
        )
    return experiment.finished(model.name, model.runtime, tables)


class _Experiment:
    """What experiments share: the real songs, draws that are kept, and the record at the end."""

    def __init__(
        self,
        name: str,
        dataset: Dataset,
        settings: EvaluationSettings,
        draws: Draws,
        progress: Progress,
    ) -> None:
        self.name = name
        self.settings = settings
        self.sources = tuple(dataset.about.sources)
        split = dataset.split("validation")
        self.real = windows_of_songs(split, PIECE_BARS, len(split.numbers), settings.seed)
        self._draws = draws
        self._progress = progress
        self._started_s = time.monotonic()

    def rng_of_figures(self) -> np.random.Generator:
        """What bootstraps are drawn with."""
        return self.settings.rng_of_figures(self.name)

    def drawn(self, name: str, about: Mapping[str, Any], make: Make) -> list[Tokens]:
        """All draws of the pieces called `name`; those kept are not made again."""
        settings = self.settings
        kind = Kind(name, self.name, settings.pieces, settings.draws, about)
        return drawn(self._draws, settings, kind, make, self._progress)

    def finished(self, model: str, runtime: str, tables: Sequence[Section]) -> Evaluation:
        """The record of the experiment."""
        seconds = round(time.monotonic() - self._started_s, 1)
        return Evaluation(model, runtime, self.sources, self.settings, seconds, tuple(tables))
