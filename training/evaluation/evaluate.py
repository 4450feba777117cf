"""A model judged on songs it has never seen: draws made or found, then all figures of them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import generate_all, infill_all
from schmubert.engine.diffusion.recipe import (
    FIRST_CALLS,
    MOST_CALLS,
    MOST_WINDOW_BARS,
    STAGE_TEMPERATURE,
)
from schmubert.engine.music.score import BEATS_PER_BAR, STEPS_PER_BAR, Score, Tokens
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.evaluation import bands, pieces
from schmubert.training.evaluation.draws import Draws, Kind, Progress, drawn, how, stacked
from schmubert.training.evaluation.figures import Evaluation, Figure, Section
from schmubert.training.evaluation.rehearsal import (
    LISTEN_BARS,
    ORACLE_CALLS,
    as_on_stage,
    at_leisure,
)
from schmubert.training.evaluation.settings import (
    INFILLED_BARS,
    PIECE_BARS,
    SONG_BARS,
    EvaluationSettings,
)
from schmubert.training.metrics import bits
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.novelty import Memory, remembered

INFILLED = slice(*(bar * STEPS_PER_BAR for bar in INFILLED_BARS))
BITS_WINDOWS, BITS_ON_GRID = 256, 0.8
NO_WINDOW: Mapping[str, None] = MappingProxyType({"window_bars": None, "tutti": None})
"""What kept draws say of pieces that are not made out of nothing."""


def evaluate_model(
    model: Model, dataset: Dataset, settings: EvaluationSettings, draws: Draws, progress: Progress
) -> Evaluation:
    """Judge `model` on the validation songs of `dataset`, making only what `draws` does not keep.

    The circumstances of `draws` tell this model and dataset from others. ValueError where the model
    does not know all three tracks, songs are too few, or kept draws do not belong here.
    """
    require_trio(model)
    started_s = time.monotonic()
    judge = _Judge(model, dataset, settings, draws, progress)
    sections = [section for part in settings.parts for section in judge.part(part)]
    seconds = round(time.monotonic() - started_s, 1)
    sources = tuple(dataset.about.sources)
    return Evaluation(model.name, model.runtime, sources, settings, seconds, tuple(sections))


def require_trio(model: Model) -> None:
    """ValueError where `model` does not know all three tracks, or has them in another order."""
    if tuple(model.tracks) != TRIO:
        raise ValueError(f"{model.name} is no model of melody, bass and drums: nothing to compare")


@dataclass(frozen=True)
class _Judge:
    model: Model
    dataset: Dataset
    settings: EvaluationSettings
    draws: Draws
    progress: Progress

    @property
    def split(self) -> Split:
        """The songs that are judged by: no model is trained on them."""
        return self.dataset.split("validation")

    def part(self, name: str) -> Iterator[Section]:
        """The sections of one of `PARTS`."""
        if name == "bits":
            yield self._bits()
        elif name in ("unconditional", "infilling"):
            yield from self._pieces(name)
        elif name == "accompaniment":
            songs = windows_of_songs(self.split, SONG_BARS, self.settings.songs, self.settings.seed)
            made = self._bands(name, name, songs, self.settings.draws)
            rng = self.settings.rng_of_figures(name)
            yield bands.accompaniment("accompaniment", made, songs, rng)
        else:
            yield from self._live()

    def _bits(self) -> Section:
        tokens, masks = bits.held_out(self.split, SONG_BARS, TRIO, BITS_ON_GRID, BITS_WINDOWS)
        total = len(tokens) * len(masks)

        def report(pieces: int) -> None:
            self.progress("bits", pieces, total)

        found = bits.figures(
            masks, lambda mask: bits.bits_of_masked(self.model, tokens, mask, report), TRIO
        )
        return Section(
            "bits",
            "a cell for loss and ELBO, a masked cell for each pattern of masks",
            tuple(Figure(name, value) for name, value in sorted(found.items())),
        )

    def _pieces(self, part: str) -> Iterator[Section]:
        settings = self.settings
        real = self._real_pieces
        most_steps = self.model.longest_steps or MOST_WINDOW_BARS * STEPS_PER_BAR
        longest_bars = most_steps // STEPS_PER_BAR
        about: Mapping[str, Any]
        if part == "unconditional":
            count, window_bars = settings.pieces, min(settings.window_bars, longest_bars)
            about = {"window_bars": window_bars, "tutti": settings.tutti}
        else:
            count, window_bars = min(settings.pieces, len(real)), min(PIECE_BARS, longest_bars)
            about = NO_WINDOW
        sampling = settings.sampling(window_bars)

        def unconditional(rngs: Sequence[np.random.Generator], _: slice) -> Tokens:
            pauses = None if settings.tutti else self.model.pauses
            return stacked(
                generate_all(self.model, PIECE_BARS, rngs, sampling=sampling, pauses=pauses)
            )

        def infilling(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            targets = np.zeros((PIECE_BARS * STEPS_PER_BAR, len(TRIO)), bool)
            targets[INFILLED] = True
            scores = [Score(tokens) for tokens in real[rows]]
            return stacked(infill_all(self.model, scores, [targets] * len(scores), rngs, sampling))

        kind = Kind(part, part, count, settings.draws, {**how(sampling), **about})
        make = unconditional if part == "unconditional" else infilling
        made = drawn(self.draws, settings, kind, make, self.progress)
        rng = settings.rng_of_figures(part)
        yield from pieces.sections(part, made, real, self._memory, settings.all_frames, rng)

    @cached_property
    def _real_pieces(self) -> Tokens:
        """A window of each song that has one: [songs, steps, 3]."""
        songs = len(self.split.numbers)
        return windows_of_songs(self.split, PIECE_BARS, songs, self.settings.seed)

    @cached_property
    def _memory(self) -> Memory:
        return remembered(self.dataset.split("train"))

    def _live(self) -> Iterator[Section]:
        settings = self.settings
        songs = windows_of_songs(self.split, SONG_BARS, settings.stage_songs, settings.seed)
        kinds = {"offline": self._bands("offline", "live", songs, settings.stage_draws)}
        for kind in ("oracle", "stage"):
            draws = range(settings.stage_draws)
            kinds[kind] = [self._staged(kind, draw, songs) for draw in draws]
        rng = settings.rng_of_figures("live")
        yield from bands.live(kinds, songs, LISTEN_BARS, rng)

    def _staged(self, kind: str, draw: int, songs: Tokens) -> Tokens:
        """Bands for `songs`, each beat made when its time came, by the stage or the oracle."""
        settings, oracle = self.settings, kind == "oracle"
        beats = (SONG_BARS - LISTEN_BARS) * BEATS_PER_BAR
        name, total = f"live: {kind}", settings.stage_draws * beats

        def play() -> Tokens:
            return as_on_stage(
                self.model,
                songs,
                BAND,
                settings.rng("live", draw, 0),
                most_calls=None if oracle else MOST_CALLS,
                on_beat=lambda: self.progress(name, 1, total),
            )

        about = {
            "songs": settings.stage_songs,
            "seed": settings.seed,
            "calls": (ORACLE_CALLS,) if oracle else (FIRST_CALLS, MOST_CALLS),
            "temperature": STAGE_TEMPERATURE,
        }
        return self.draws.found(
            f"{kind}-{draw}", about, play, lambda: self.progress(name, beats, total)
        )

    def _bands(self, name: str, part: str, songs: Tokens, draws: int) -> list[Tokens]:
        """Bands for `songs` that hear all of the melody: `draws` of them."""
        sampling = self.settings.sampling(SONG_BARS)

        def make(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            return at_leisure(self.model, songs[rows], BAND, rngs, sampling)

        kind = Kind(name, part, len(songs), draws, {**how(sampling), **NO_WINDOW})
        return drawn(self.draws, self.settings, kind, make, self.progress)
