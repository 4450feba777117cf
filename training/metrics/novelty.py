"""What a piece copies from the songs a network was trained on.

All windows of 4 bars of the training songs, a window a bar, are known by a hash, and a run of
windows of a piece that follow each other in one training track too is copied. Melody and bass are
compared whatever the key: pitches count from the first of the window. Short and simple runs are
common property, so real songs that were not trained on say what is to be expected.

The hash is multilinear (Carter and Wegman 1979, Universal classes of hash functions): the sum of
the window's values times fixed random numbers of 64 bits, which takes the whole training set a
few seconds; that two windows that differ share one has a chance of about 2^-58 a pair.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import HOLD, OFF, PITCHED, TRIO, Track, first_onset
from schmubert.training.data.dataset import Split
from schmubert.training.metrics.bootstrap import Share
from schmubert.training.metrics.structure import known_column

WINDOW_BARS = 4
BARS_AT_ONCE = 1 << 15

ABOVE_OFF = 128  # an onset counts as this and its distance from the first one: never 0 or 1
FACTORS = np.random.default_rng(1979).integers(
    2**64, size=(WINDOW_BARS, STEPS_PER_BAR), dtype=np.uint64
)


@dataclass(frozen=True)
class WindowHashes:
    """The sounding windows of a track by `hashes` [n], sorted, and their `places` [n].

    A place is a bar line of the dataset's columns, end to end; those of equal windows are in order.
    """

    hashes: NDArray[np.uint64]
    places: NDArray[np.int64]

    def of(self, window: np.uint64) -> NDArray[np.int64]:
        """The places of the windows with this hash, in order: none where it is unknown."""
        first, end = (np.searchsorted(self.hashes, window, side) for side in ("left", "right"))
        return self.places[first:end]


@dataclass(frozen=True)
class Memory:
    """The windows of all training songs by track."""

    windows: Mapping[Track, WindowHashes]


def remembered(split: Split, tracks: Sequence[Track] = TRIO) -> Memory:
    """The windows of all columns that the pieces of `split` use, of `tracks`."""
    return Memory({track: _windows_of(split, track) for track in tracks})


def copied(memory: Memory, tokens: Tokens, track: Track) -> tuple[int, Share]:
    """What `track` of `tokens` [steps, 3] copies: (bars of the longest run, windows).

    A run is of windows that follow each other in one training track; silence ends it. The share is
    (windows of 4 bars found in any training track, windows in which something starts).
    ValueError for a track that is not remembered.
    """
    if track not in memory.windows:
        raise ValueError(f"the {track.name.lower()} of the training songs is not remembered")
    known = memory.windows[track]
    hashes, sounds = _window_hashes(known_column(tokens, track), track)
    longest = found = 0
    places = lengths = np.zeros(0, np.int64)  # where the latest windows are, and for how long
    for window in hashes:
        here = known.of(window)  # no place for a silent one: none is remembered
        before = np.searchsorted(places, here - 1)
        follows = before < len(places)
        follows[follows] = places[before[follows]] == here[follows] - 1
        run = np.ones(len(here), np.int64)
        run[follows] += lengths[before[follows]]
        places, lengths = here, run
        found += len(here) > 0
        longest = max(longest, int(run.max(initial=0)))
    bars = longest + WINDOW_BARS - 1 if longest else 0
    return bars, (float(found), float(sounds.sum()))


def _windows_of(split: Split, track: Track) -> WindowHashes:
    """All sounding windows of `track` in `split`."""
    every = [_sounding_windows(split, rows, track) for rows in _groups(split, track)]
    hashes = np.concatenate([np.zeros(0, np.uint64), *(group[0] for group in every)])
    places = np.concatenate([np.zeros(0, np.int64), *(group[1] for group in every)])
    order = np.argsort(hashes, kind="stable")
    return WindowHashes(hashes[order], places[order])


def _groups(split: Split, track: Track) -> Iterator[NDArray[np.int64]]:
    """The rows of the index that `split` uses for `track` in 4/4, in order, in groups."""
    pieces = split.dataset.pieces[split.numbers]
    common = (pieces["beats"] == COMMON.beats) & (pieces["cells"] == COMMON.cells)
    columns = np.unique(split.dataset.columns(split.numbers[common], (track,)))
    rows = np.asarray(split.dataset.index[columns[columns >= 0]], np.int64)
    bars_before = np.cumsum(rows[:, 1]) // STEPS_PER_BAR
    yield from np.split(rows, np.flatnonzero(np.diff(bars_before // BARS_AT_ONCE)) + 1)


def _sounding_windows(
    split: Split, rows: NDArray[np.int64], track: Track
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes and places of the sounding windows of some columns, `rows` of the index."""
    tokens = split.dataset.tokens
    column = np.concatenate(
        [np.zeros(0, np.int64), *(tokens[start : start + steps] for start, steps, *_ in rows)]
    ).astype(np.int64)
    hashes, sounds = _window_hashes(column, track)
    bars = rows[:, 1] // STEPS_PER_BAR
    within = np.arange(bars.sum()) - np.repeat(np.cumsum(bars) - bars, bars)
    places = np.repeat(rows[:, 3], bars) + within
    inside = within + WINDOW_BARS <= np.repeat(bars, bars)
    kept = inside[: len(hashes)] & sounds
    return hashes[kept], places[: len(hashes)][kept]


def _window_hashes(
    column: NDArray[np.int64], track: Track
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The hash of each window of `column` [steps], a window a bar, and whether it sounds.

    The column is canonical and has no masks. A note-off before the first onset of a window ends
    a note from before it, and is not the window's.
    """
    bars = column[: len(column) // STEPS_PER_BAR * STEPS_PER_BAR].reshape(-1, STEPS_PER_BAR)
    onsets = bars >= first_onset(track)
    windows = max(0, len(bars) - WINDOW_BARS + 1)
    hashes = np.zeros(windows, np.uint64)
    sounds = np.zeros(windows, bool)
    if track not in PITCHED:
        for number, factors in enumerate(FACTORS):
            bar = slice(number, number + windows)
            hashes += bars[bar].astype(np.uint64) @ factors
            sounds |= onsets[bar].any(axis=1)
        return hashes, sounds
    values = np.where(onsets, bars + ABOVE_OFF, bars).astype(np.uint64)
    numbers = np.arange(len(bars))
    leading = bars[numbers, onsets.argmax(axis=1)].astype(np.uint64)  # the first onset's token
    spoken = (bars != HOLD).argmax(axis=1)
    has_onset = np.asarray(onsets.any(axis=1))
    stray = np.asarray(bars[numbers, spoken] == OFF)
    first = np.zeros(windows, np.uint64)
    for number, factors in enumerate(FACTORS):
        bar = slice(number, number + windows)
        hashes += values[bar] @ factors
        hashes -= np.where(~sounds & stray[bar], factors[spoken[bar]], np.uint64(0))
        first = np.where(~sounds & has_onset[bar], leading[bar], first)
        sounds |= has_onset[bar]
    for number, factors in enumerate(FACTORS):
        bar = slice(number, number + windows)
        hashes -= first * (onsets[bar].astype(np.uint64) @ factors)
    return hashes, sounds
