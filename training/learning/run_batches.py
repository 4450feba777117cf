"""The batches of a run, each a function of (seed, step, process): a resumed run repeats none."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.rests import tacet_bars
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.vocabulary import BAND_MASK, Track
from schmubert.training.data.batches import (
    SongWindows,
    melodies_alone,
    transposed,
    weighed,
    windows_by_song,
)
from schmubert.training.data.dataset import Split
from schmubert.training.data.windows import HOP_BARS
from schmubert.training.learning.objective import objective_of
from schmubert.training.learning.settings import TrainSettings

B = TypeVar("B")

BATCHES_AHEAD = 4
MOST_PAUSES = 2048  # songs whose pauses a model remembers


class Batches:
    """All batches of a run. Windows have one length on all processes, and hold other music."""

    def __init__(
        self,
        split: Split,
        settings: TrainSettings,
        columns: tuple[Track, ...],
        process: int,
        kinds: tuple[int, ...] | None = None,
    ) -> None:
        self.split = split
        self.settings = settings
        self.columns = columns
        self.kinds = columns if kinds is None else kinds
        self.process = process
        self.objective = objective_of(replace(settings, tacet=0.0), columns)
        self.objective_of_excerpts = objective_of(
            replace(settings, mix=settings.excerpt_mix), columns
        )
        self.windows = _trainable_windows(split, settings, self.kinds)
        self.melodies = _melodies(split, settings, columns, self.windows)

    def pauses(self) -> Pauses:
        """Where the tracks of many songs rest, each in a window of the longest length."""
        return pauses_of(self.split, max(self.windows), self.columns, self.settings.seed)

    def at(self, step: int) -> Any:
        """The batch of `step`, as the objective makes it."""
        settings = self.settings
        lengths = list(self.windows)
        shares = np.asarray([settings.window_bars[bars] for bars in lengths])
        shared = np.random.default_rng((settings.seed, step))
        bars = lengths[int(shared.choice(len(lengths), p=shares / shares.sum()))]
        excerpts = bool(shared.random() < settings.excerpts)
        rng = np.random.default_rng((settings.seed, step, self.process))
        count = max(1, settings.batch_bars // bars)
        draw = self._excerpts if excerpts else self._drawn
        drawn = draw(bars, count, rng)
        tokens = self.split.grid(drawn, bars, self.kinds)
        if settings.transpose:
            tokens = transposed(tokens, rng, self.columns)
        mask_tokens = np.asarray([BAND_MASK[column] for column in self.columns])
        present = ~(tokens == mask_tokens).all(axis=1)
        objective = self.objective_of_excerpts if excerpts else self.objective
        return objective.batch(tokens, present, rng)

    def _excerpts(self, bars: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        longest = self.windows[max(self.windows)]
        drawn = longest.draw(count, rng)
        drawn[:, 1] += rng.integers(longest.bars - bars + 1, size=count)
        return drawn

    def _drawn(self, bars: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        if bars not in self.melodies:
            return self.windows[bars].draw(count, rng)
        alone = int(rng.binomial(count, self.settings.melody_only))
        trios = self.windows[bars].draw(count - alone, rng)
        both = np.concatenate([trios, self.melodies[bars].draw(alone, rng)])
        return rng.permutation(both)  # the masks go by the place in the batch

    def ahead(self, first_step: int, steps: int) -> Iterator[Any]:
        """The batches of `first_step` to `steps`, made in threads while the device computes."""
        return ahead(self.at, first_step, steps)


def pauses_of(split: Split, bars: int, tracks: Sequence[Track], seed: int) -> Pauses:
    """Where `tracks` rest in a window of so many `bars` of each of many songs of `split`.

    All songs count, on the grid or not: it makes no difference to a pause. ValueError where none is
    so long.
    """
    rng = np.random.default_rng(seed)
    songs = windows_by_song(split, bars, min(bars, HOP_BARS), tuple(tracks), 0.0)
    chosen = rng.permutation(songs.one_a_song(rng))[:MOST_PAUSES]
    tokens = split.batch(chosen, bars)[..., list(tracks)]
    return Pauses(tacet_bars(tokens, tracks))


def ahead(at: Callable[[int], B], first_step: int, steps: int) -> Iterator[B]:
    """What `at` makes of `first_step` to `steps`, in threads, some before they are asked for."""
    with ThreadPoolExecutor(2) as pool:
        waiting: deque[Future[B]] = deque()
        for step in range(first_step, steps):
            waiting.append(pool.submit(at, step))
            if len(waiting) >= BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _trainable_windows(
    split: Split, settings: TrainSettings, kinds: tuple[int, ...]
) -> dict[int, SongWindows]:
    """Windows by length in bars in which all of `kinds` sound.

    Lengths that the dataset cannot give are left out.
    """
    found: dict[int, SongWindows] = {}
    for bars in settings.window_bars:
        hop = min(settings.hop_bars, bars)
        try:
            found[bars] = windows_by_song(
                split, bars, hop, kinds, settings.on_grid, settings.sounding
            )
        except ValueError as error:
            reason = error
    if not found:
        raise ValueError(f"{reason}: prepare more songs, or train on shorter windows") from reason
    return {bars: weighed(split, windows, settings.sources) for bars, windows in found.items()}


def _melodies(
    split: Split, settings: TrainSettings, columns: tuple[Track, ...], bars: Iterable[int]
) -> dict[int, SongWindows]:
    """Windows of melodies alone, by length in bars, where the settings want such and some are."""
    found: dict[int, SongWindows] = {}
    if settings.melody_only and len(columns) > 1 and Track.MELODY in columns:
        for length in bars:
            hop = min(settings.hop_bars, length)
            with suppress(ValueError):
                alone = melodies_alone(split, length, hop, settings.on_grid, settings.sounding)
                found[length] = weighed(split, alone, settings.sources)
    return found
