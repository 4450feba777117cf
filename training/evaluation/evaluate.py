"""A model judged on songs it has never seen: draws made or found, then all figures of them."""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import generate_all, infill_all
from schmubert.engine.diffusion.recipe import (
    FIRST_CALLS,
    MOST_CALLS,
    MOST_WINDOW_BARS,
    STAGE_TEMPERATURE,
)
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import BEATS_PER_BAR, STEPS_PER_BAR, Score, Tokens
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.evaluation import bands as evaluate_bands
from schmubert.training.evaluation import pieces as evaluate_pieces
from schmubert.training.evaluation.rehearsal import (
    LISTEN_BARS,
    ORACLE_CALLS,
    as_on_stage,
    at_leisure,
)
from schmubert.training.evaluation.settings import (
    PARTS,
    PIECE_BARS,
    SONG_BARS,
    Draws,
    Evaluation,
    Figure,
    Make,
    Progress,
    Section,
    Settings,
    drawn,
    windows_of_songs,
)
from schmubert.training.metrics import bits
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.novelty import Memory, remembered

INFILLED = slice(256, 768)
"""The steps of a piece that are made anew (thesis 5.2.1)."""
BITS_WINDOWS, BITS_ON_GRID = 256, 0.8


def evaluate(
    model: Model,
    dataset: Dataset,
    settings: Settings,
    draws: Draws,
    on_progress: Progress,
) -> Evaluation:
    """Judge `model` on the validation songs of `dataset`, making only what `draws` does not keep.

    The circumstances of `draws` tell this model and dataset from others. Raises ValueError where
    the model knows not all three tracks, songs are too few, or kept draws do not belong here.
    """
    require_trio(model)
    started_s = time.monotonic()
    judge = _Judge(model, dataset, settings, draws, on_progress)
    sections = [section for part in settings.parts for section in judge.part(part)]
    seconds = round(time.monotonic() - started_s, 1)
    sources = tuple(dataset.about.sources)
    return Evaluation(model.name, model.runtime, sources, settings, seconds, tuple(sections))


def require_trio(model: Model) -> None:
    """ValueError where `model` knows not all three tracks, or in another order."""
    if tuple(model.tracks) != TRIO:
        raise ValueError(f"{model.name} is no model of melody, bass and drums: nothing to compare")


class _Judge:
    def __init__(
        self,
        model: Model,
        dataset: Dataset,
        settings: Settings,
        draws: Draws,
        on_progress: Progress,
    ) -> None:
        self.model = model
        self.dataset = dataset
        self.split: Split = dataset.split("validation")
        self.settings = settings
        self.draws = draws
        self.on_progress = on_progress

    def part(self, name: str) -> Iterator[Section]:
        """The sections of one of `PARTS`."""
        if name == "bits":
            yield self._bits()
        elif name in ("unconditional", "infilling"):
            yield from self._pieces(name)
        elif name == "accompaniment":
            songs = windows_of_songs(self.split, SONG_BARS, self.settings.songs, self.settings.seed)
            made = self._bands("accompaniment", songs, self.settings.draws)
            rng = self.settings.rng_of_figures(name)
            yield evaluate_bands.accompaniment("accompaniment", made, songs, rng)
        else:
            yield from self._live()

    def _bits(self) -> Section:
        tokens, masks = bits.held_out(self.split, SONG_BARS, TRIO, BITS_ON_GRID, BITS_WINDOWS)
        total = len(tokens) * len(masks)

        def told(pieces: int) -> None:
            self.on_progress("bits", pieces, total)

        found = bits.figures(
            masks, lambda mask: bits.bits_of_masked(self.model, tokens, mask, told), TRIO
        )
        return Section(
            "bits",
            "a cell for loss and ELBO, a masked cell for each pattern of masks",
            tuple(Figure(name, value) for name, value in sorted(found.items())),
        )

    def _pieces(self, part: str) -> Iterator[Section]:
        settings = self.settings
        real = self._real_pieces
        longest_bars = (
            self.model.longest_steps or MOST_WINDOW_BARS * STEPS_PER_BAR
        ) // STEPS_PER_BAR
        wanted_bars = settings.window_bars if part == "unconditional" else PIECE_BARS
        window_bars = min(wanted_bars, longest_bars)
        pieces = settings.pieces if part == "unconditional" else min(settings.pieces, len(real))
        sampling = settings.sampling(window_bars)

        def unconditional(rngs: Sequence[np.random.Generator], _: slice) -> Tokens:
            pauses = None if settings.tutti else self.model.pauses
            made = generate_all(self.model, PIECE_BARS, rngs, sampling=sampling, pauses=pauses)
            return _stacked(made)

        def infilling(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            cells = np.zeros((PIECE_BARS * STEPS_PER_BAR, len(TRIO)), bool)
            cells[INFILLED] = True
            scores = [Score(tokens) for tokens in real[rows]]
            every_cells = [cells] * len(scores)
            return _stacked(infill_all(self.model, scores, every_cells, rngs, sampling))

        make = unconditional if part == "unconditional" else infilling
        draws = settings.draws
        made = [self._draw(part, n, pieces, draws, sampling, make) for n in range(draws)]
        rng = settings.rng_of_figures(part)
        frames = settings.all_frames
        yield from evaluate_pieces.sections(part, made, real, self._memory, frames, rng)

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
        kinds = {"offline": self._bands("offline", songs, settings.stage_draws)}
        for kind in ("oracle", "stage"):
            draws = range(settings.stage_draws)
            kinds[kind] = [self._staged(kind, draw, songs) for draw in draws]
        rng = settings.rng_of_figures("live")
        yield from evaluate_bands.live(kinds, songs, LISTEN_BARS, rng)

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
                on_beat=lambda: self.on_progress(name, 1, total),
            )

        about = {
            "songs": settings.stage_songs,
            "seed": settings.seed,
            "calls": (ORACLE_CALLS,) if oracle else (FIRST_CALLS, MOST_CALLS),
            "temperature": STAGE_TEMPERATURE,
        }
        return self.draws.found(
            f"{kind}-{draw}", about, play, lambda: self.on_progress(name, beats, total)
        )

    def _bands(self, name: str, songs: Tokens, draws: int) -> list[Tokens]:
        sampling = self.settings.sampling(SONG_BARS)

        def make(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            return at_leisure(self.model, songs[rows], BAND, rngs, sampling)

        numbers = range(draws)
        return [self._draw(name, draw, len(songs), draws, sampling, make) for draw in numbers]

    def _draw(
        self,
        name: str,
        draw: int,
        pieces: int,
        draws: int,
        sampling: Sampling,
        make: Make,
    ) -> Tokens:
        about = {
            "calls": sampling.calls,
            "temperature": sampling.temperature,
            "sampler": sampling.sampler,
            "window_bars": sampling.window_bars if name == "unconditional" else None,
            "tutti": self.settings.tutti if name == "unconditional" else None,
        }
        place = (name, name if name in PARTS else "live", draw)

        def told(done: int) -> None:
            self.on_progress(name, done, pieces * draws)

        return drawn(self.draws, self.settings, place, pieces, about, make, told)


def _stacked(scores: Sequence[Score]) -> Tokens:
    """The tokens of `scores`, all of one length: [pieces, steps, 3]."""
    return np.stack([score.tokens for score in scores])
