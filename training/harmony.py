"""How a bass fits a melody: figures that tell a song's own bass from another song's.

A melody alone does not say its chords, but it says its scale. The scale of a span is the major
scale (of twelve) that covers most of the melody's sounding time; the bass fits where its pitch
classes lie in it. Own basses reach about .92 and those of other songs about .66.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.score import STEPS_PER_BAR, Mask, Tokens
from schmubert.engine.vocabulary import FIRST_ONSET, HOLD, LOWEST_PITCH, OFF, SIZES, Track

SPAN_BARS = 8
MAJOR = (0, 2, 4, 5, 7, 9, 11)
SCALES = np.array(
    [[(pitch_class - tonic) % 12 in MAJOR for pitch_class in range(12)] for tonic in range(12)]
)
"""Which pitch classes each of the twelve major scales holds: [tonic, pitch class]."""

Share = tuple[float, float]
"""A part and its whole, in the same unit, so that shares of several songs add up."""


def sounding_pitch(tokens: Tokens, track: Track) -> NDArray[np.int64]:
    """The MIDI pitch that a pitched `track` of `tokens` [steps, 3] sounds: [steps], -1 for none."""
    column = tokens[:, track]
    spoken = np.where(column != HOLD, np.arange(len(column)), -1)
    latest = np.maximum.accumulate(spoken)
    token = np.where(latest >= 0, column[latest], OFF)
    sounds = (token >= FIRST_ONSET) & (token < SIZES[track])
    return np.where(sounds, token - FIRST_ONSET + LOWEST_PITCH, -1)


def pitch_class_time(pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    """16ths in which each pitch class of `pitches` [steps], -1 for none, sounds: [12]."""
    return np.bincount(pitches[pitches >= 0] % 12, minlength=12)


def scale_fit(melody: NDArray[np.int64], bass: NDArray[np.int64]) -> Share:
    """(in scale, all) 16ths of `bass` time [12] against the scale of `melody` time [12].

    Where several scales cover the melody alike, the bass gets the mean over them: no scale is
    preferred by its name, and the figure stays the same when both are transposed.
    """
    covered = SCALES @ melody
    best = covered == covered.max()
    return float((SCALES[best] @ bass).mean()), float(bass.sum())


def bass_in_scale(melody: Tokens, bass: Tokens, span_bars: int = SPAN_BARS) -> Share:
    """(in scale, all) 16ths of the bass of `bass` against the melody of `melody`, both [steps, 3].

    Summed over spans of `span_bars` bars in which both sound; an odd end counts for itself.
    """
    inside = whole = 0.0
    for sung, played in _spans(melody, bass, span_bars):
        if sung.any() and played.any():
            part, all_of_it = scale_fit(sung, played)
            inside, whole = inside + part, whole + all_of_it
    return inside, whole


def root_in_bar(melody: Tokens, bass: Tokens) -> Share:
    """(bars whose root the melody sings, bars), of the bars in which both of them sound.

    The root of a bar is the pitch class that its bass sounds longest, the lowest name of equals.
    """
    bars = [(sung, played) for sung, played in _spans(melody, bass, 1) if sung.any()]
    roots = [sung[played.argmax()] > 0 for sung, played in bars if played.any()]
    return float(sum(roots)), float(len(roots))


def empty_bars(tokens: Tokens, track: Track) -> Share:
    """(bars in which `track` of `tokens` [steps, 3] does not sound, bars)."""
    sounding = _sounding(tokens, track).reshape(-1, STEPS_PER_BAR)
    return float((~sounding.any(axis=1)).sum()), float(len(sounding))


def onsets_a_bar(tokens: Tokens, track: Track) -> Share:
    """(16ths of `track` of `tokens` [steps, 3] at which something starts, bars)."""
    column = tokens[:, track]
    first = 1 if track == Track.DRUMS else FIRST_ONSET
    starts = (column >= first) & (column < SIZES[track])
    return float(starts.sum()), len(tokens) / STEPS_PER_BAR


def kick_under_bass(tokens: Tokens) -> Share:
    """(bass onsets of `tokens` [steps, 3] with a kick, bass onsets)."""
    onsets = (tokens[:, Track.BASS] >= FIRST_ONSET) & (tokens[:, Track.BASS] < SIZES[Track.BASS])
    drums = tokens[:, Track.DRUMS]
    kicks = (drums & 1 == 1) & (drums < SIZES[Track.DRUMS])
    return float((onsets & kicks).sum()), float(onsets.sum())


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds of its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def pooled(shares: Sequence[Share] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares [..., songs, 2] -> the share over all songs together; not a number of nothing."""
    parts, wholes = np.moveaxis(np.asarray(shares, np.float64).sum(axis=-2), -1, 0)
    share: NDArray[np.float64] = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=share, where=wholes != 0)
    return share


Statistic = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""A figure of the songs with these numbers: [..., songs] -> [...]."""


def bootstrap(
    statistic: Statistic, songs: int, rng: np.random.Generator, rounds: int = 1000
) -> Estimate:
    """`statistic` of the numbers 0..`songs`, and its spread when songs are drawn anew.

    Songs are drawn, not bars: the bars of one song are no independent witnesses (Efron 1979,
    the percentile interval).
    """
    drawn = statistic(rng.integers(songs, size=(rounds, songs)))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Estimate(float(statistic(np.arange(songs))), float(low), float(high))


def way_closed(
    shuffled: NDArray[np.float64], model: NDArray[np.float64], real: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far `model` has come from `shuffled` (0) to `real` (1), number by number."""
    way = np.asarray(real - shuffled)
    closed: NDArray[np.float64] = np.full(way.shape, np.nan)
    np.divide(model - shuffled, way, out=closed, where=way != 0)
    return closed


def _spans(
    melody: Tokens, bass: Tokens, bars: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pitch class times [12] of melody and bass, a span of `bars` bars at a time."""
    sung = sounding_pitch(melody, Track.MELODY)
    played = sounding_pitch(bass, Track.BASS)
    width = bars * STEPS_PER_BAR
    for first in range(0, min(len(sung), len(played)), width):
        span = slice(first, first + width)
        yield pitch_class_time(sung[span]), pitch_class_time(played[span])


def _sounding(tokens: Tokens, track: Track) -> Mask:
    """Where `track` sounds: [steps]; a drum sounds in its own 16th."""
    if track == Track.DRUMS:
        column = tokens[:, track]
        return np.asarray((column != HOLD) & (column < SIZES[track]))
    return sounding_pitch(tokens, track) >= 0
