"""The forward process: which cells of a batch are masked (thesis 4.4, and what a stage needs).

The thesis masks every cell with probability t/T alike, so a network seldom sees a whole track
gone, and never a melody that is known only up to now. Each pattern here draws masks for a batch
[batch, steps, tracks]; `mixed` deals the patterns out over a batch. t/T of a piece is the share
of its cells that is masked.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask
from schmubert.engine.music.vocabulary import TRIO, Track

Shape: TypeAlias = tuple[int, int, int]
"""batch, steps, tracks"""
Pattern: TypeAlias = Callable[[Shape, np.random.Generator, Meter], Mask]


def uniform(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """Every cell of a piece with the same probability t/T, t uniform (thesis 4.4)."""
    del meter
    t = uniform_times(shape[0], rng)
    return rng.random(shape) < t[:, None, None]


def nothing(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """Nothing is known: how a piece begins whose plans are drawn before its notes."""
    del rng, meter
    return np.ones(shape, bool)


def whole_tracks(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """Each track is masked in a ratio of its own: not at all, whole, or anything between."""
    del meter
    batch, _, tracks = shape
    ratio = rng.random((batch, tracks))
    kind = rng.random((batch, tracks))
    ratio[kind < 0.3] = 0.0
    ratio[kind > 0.7] = 1.0
    none = ratio.max(axis=1) == 0.0
    ratio[none, rng.integers(tracks, size=int(none.sum()))] = 1.0
    return rng.random(shape) < ratio[:, None, :]


def track_subsets(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """One, two or all three tracks masked, each cell of them with probability t/T (thesis 5.2.3).

    How many tracks, which ones and t are uniform; what is not masked is given whole. This is the
    altered schedule with which the thesis' network plays drums to a melody.
    """
    del meter
    batch, _, tracks = shape
    count = rng.integers(1, tracks + 1, size=batch)
    subset = rng.random((batch, tracks)).argsort(axis=1).argsort(axis=1) < count[:, None]
    t = uniform_times(batch, rng)
    return np.asarray(subset[:, None, :] & (rng.random(shape) < t[:, None, None]))


def suffix(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """All after a random beat is unknown, to a random degree: how a piece is continued."""
    batch, steps, _ = shape
    beats = steps // meter.cells
    start = rng.integers(beats, size=batch) * meter.cells
    after = np.arange(steps) >= start[:, None]
    return np.asarray(after[:, :, None] & (rng.random(shape) < _degree(batch, rng)))


def bar_span(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """A run of whole bars is unknown, to a random degree: how a gap is filled."""
    batch, steps, _ = shape
    bars = steps // meter.steps
    length = rng.integers(1, bars + 1, size=batch)
    first = np.floor(rng.random(batch) * (bars - length + 1)).astype(np.int64)
    bar = np.arange(steps) // meter.steps
    within = (bar >= first[:, None]) & (bar < (first + length)[:, None])
    return np.asarray(within[:, :, None] & (rng.random(shape) < _degree(batch, rng)))


def hidden_future(shape: Shape, rng: np.random.Generator, meter: Meter = COMMON) -> Mask:
    """The stage: some tracks are heard up to now and hidden after, others are played from then on.

    Some tracks are neither heard nor played: they are unknown throughout. A played track is known
    up to a beat or so past now (it is committed), and unknown after to a random degree.
    """
    batch, steps, tracks = shape
    beats = steps // meter.cells
    now = rng.integers(beats, size=batch) * meter.cells
    now -= rng.integers(meter.cells, size=batch)  # a question comes anywhere in a beat
    committed = now + rng.integers(0, 2 * meter.cells, size=batch)
    step = np.arange(steps)
    heard = rng.random((batch, tracks)) < (0.8 if tracks > 1 else 0.0)
    if tracks == len(TRIO):  # mostly it is the melody that is heard, and the others that play
        usual = rng.random(batch) < 0.8
        heard[usual] = np.arange(tracks) == Track.MELODY
    absent = (rng.random((batch, tracks)) < 0.25) & ~heard
    played = ~heard & ~absent
    none = ~played.any(axis=1)
    played[none], heard[none], absent[none] = True, False, False
    mask = np.zeros(shape, bool)
    mask |= heard[:, None, :] & (step >= now[:, None])[:, :, None]
    mask |= absent[:, None, :]
    unknown = played[:, None, :] & (step >= committed[:, None])[:, :, None]
    mask |= unknown & (rng.random(shape) < _degree(batch, rng))
    return mask


PATTERNS: Mapping[str, Pattern] = MappingProxyType(
    {
        "uniform": uniform,
        "nothing": nothing,
        "whole-tracks": whole_tracks,
        "suffix": suffix,
        "bar-span": bar_span,
        "hidden-future": hidden_future,
        "track-subsets": track_subsets,
    }
)

EXCERPT_MIX: Mapping[str, float] = MappingProxyType(
    {"uniform": 0.65, "suffix": 0.2, "bar-span": 0.15}
)
"""Shares of the patterns where a track may rest in all of a window: those by which pieces are made
and continued. Whole tracks are not among them: a track asked for beside the others has to play."""


def mixed(
    shape: Shape, mix: Mapping[str, float], rng: np.random.Generator, meter: Meter = COMMON
) -> Mask:
    """Masks [batch, steps, tracks] of a batch whose pieces follow `mix`, a share a pattern."""
    names = sorted(mix)
    shares = np.asarray([mix[name] for name in names], np.float64)
    # One stratified draw a piece: over few batches the shares are met closely.
    points = (rng.random() + np.arange(shape[0])) / shape[0]
    chosen = np.searchsorted(np.cumsum(shares / shares.sum()), points, side="right")
    mask = np.zeros(shape, bool)
    for index, name in enumerate(names):
        rows = np.flatnonzero(chosen == index)
        if len(rows):
            mask[rows] = PATTERNS[name]((len(rows), shape[1], shape[2]), rng, meter)
    return mask


def uniform_times(batch: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A time t/T a piece [batch], uniform on 0..1.

    Stratified over the batch: the same distribution, less noise (arXiv 2107.00630, app. I.1).
    """
    return (rng.random() + np.arange(batch) / batch) % 1.0


def _degree(batch: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How much of an unknown region is masked [batch, 1, 1]: in a third of the pieces, all."""
    return np.minimum(1.0, rng.random(batch) * 1.5)[:, None, None]
