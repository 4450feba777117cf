"""Batches for training: windows drawn song by song, transposed, on the fly and repeatable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chords import FIRST_CHORD, Quality
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    CHORD_TOKENS,
    FIRST_ONSET,
    PITCHED,
    SIZES,
    TRIO,
    Track,
)
from schmubert.training.data.dataset import Split
from schmubert.training.data.windows import SOUNDING

MOST_SEMITONES = 6


@dataclass(frozen=True)
class SongWindows:
    """The windows of one length in a split, grouped by song.

    `pieces` [n, 2] are (piece, first bar); song k owns rows `first[k]` to `first[k + 1]`. `shares`
    [n], where given, add up in the order of the rows to 1: how likely it is to draw each of them.
    """

    bars: int
    pieces: NDArray[np.int64]
    first: NDArray[np.int64]
    shares: NDArray[np.float64] | None = None

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`count` windows [count, 2], every song equally likely, then every window of it.

        Where there are `shares`, these say how likely each window is.
        """
        if self.shares is not None:
            upto = np.cumsum(self.shares)
            return np.asarray(
                self.pieces[np.searchsorted(upto, rng.random(count) * upto[-1], "right")]
            )
        song = rng.integers(len(self.first) - 1, size=count)
        width = self.first[song + 1] - self.first[song]
        return self.pieces[self.first[song] + np.floor(rng.random(count) * width).astype(np.int64)]

    def one_a_song(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """A window [songs, 2] of every song, any of its windows equally likely."""
        width = np.diff(self.first)
        row = self.first[:-1] + np.floor(rng.random(len(width)) * width).astype(np.int64)
        return np.asarray(self.pieces[row])


def windows_by_song(
    split: Split,
    bars: int,
    hop: int,
    tracks: Sequence[int],
    on_grid: float,
    sounding: float = SOUNDING,
    meter: Meter | None = COMMON,
) -> SongWindows:
    """All windows of `bars` bars in which `tracks` sound; ValueError where there is none."""
    return grouped(split, split.windows(bars, hop, tracks, on_grid, sounding, meter), bars)


def melodies_alone(
    split: Split, bars: int, hop: int, on_grid: float, sounding: float = SOUNDING
) -> SongWindows:
    """Windows in which a melody sounds, of pieces without bass and drums; ValueError if none is."""
    windows = split.windows(bars, hop, (Track.MELODY,), on_grid, sounding)
    others = split.dataset.columns(windows[:, 0], (Track.BASS, Track.DRUMS))
    return grouped(split, windows[(others < 0).all(axis=1)], bars)


def grouped(split: Split, pieces: NDArray[np.int64], bars: int) -> SongWindows:
    """The windows `pieces` [n, 2] of `split` by song; ValueError where there is none."""
    if not len(pieces):
        raise ValueError(f"the dataset has no window of {bars} bars with the tracks asked for")
    songs = np.asarray(split.songs)[pieces[:, 0]]
    by_song = np.argsort(songs, kind="stable")
    first = np.flatnonzero(np.diff(songs[by_song], prepend=-1))
    return SongWindows(bars, pieces[by_song], np.append(first, len(pieces)))


def weighed(split: Split, windows: SongWindows, weights: Mapping[str, float]) -> SongWindows:
    """`windows` of `split`, drawn by the `weights` of their sources, each 1 where it is not said.

    With equal weights each song is as likely as any other. ValueError where a source is unknown, or
    nothing is left to draw from.
    """
    if not weights:
        return windows
    of_source = split.dataset.source_weights(weights)
    width = np.diff(windows.first)
    shares = of_source[split.sources[windows.pieces[:, 0]]] / np.repeat(width, width)
    if not shares.any():
        raise ValueError(f"sources weighed {dict(weights)} leave nothing to draw from")
    return replace(windows, shares=shares / shares.sum())


def transposed(tokens: Tokens, rng: np.random.Generator, columns: Sequence[Track] = TRIO) -> Tokens:
    """Each piece of `tokens` [batch, steps, columns] moved by up to 6 semitones either way.

    All pitches move by the same offset (thesis 5.1.4), as far as every one stays in range, and the
    roots of chords with them.
    """
    tokens = tokens.copy()
    moving = [column for column, track in enumerate(columns) if track in PITCHED]
    pitched = tokens[..., moving]
    onset = (pitched >= FIRST_ONSET) & (pitched < SIZES[Track.MELODY])
    lowest = np.where(onset, pitched, SIZES[Track.MELODY] - 1).min(axis=(1, 2))
    highest = np.where(onset, pitched, FIRST_ONSET).max(axis=(1, 2))
    drawn = rng.integers(-MOST_SEMITONES, MOST_SEMITONES, size=len(tokens))
    offset = np.clip(drawn, FIRST_ONSET - lowest, SIZES[Track.MELODY] - 1 - highest)
    tokens[..., moving] = pitched + onset * offset[:, None, None]
    for column, track in enumerate(columns):
        if track is Track.CHORDS:
            chords = tokens[..., column]
            begun = (chords >= FIRST_CHORD) & (chords < CHORD_TOKENS)
            later = chords - FIRST_CHORD + offset[:, None] * len(Quality)
            moved = FIRST_CHORD + later % (CHORD_TOKENS - FIRST_CHORD)
            tokens[..., column] = np.where(begun, moved, chords)
    return tokens
