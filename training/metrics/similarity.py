"""The framewise self-similarity metric: how alike neighbouring frames of a piece are.

It is that of Mittal et al. 2021, Symbolic Music Generation with Diffusion Models, section 4.2, and
of the thesis, 4.7. As for table 5.5 of the thesis, a frame has 4 bars and one starts every 2 bars,
notes belong to the bar they start in, and the tracks asked for are pooled. A drum hit is a note of
one 16th, of the pitch that it is written out in. The metric hardly sees coherence: a model should
be judged by it only beside `real_interval`, and track by track, as pooling flatters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.metrics.bootstrap import ROUNDS
from schmubert.training.metrics.notes import LENGTH, ONSET, PITCH, note_table

FRAME_BARS = 4
HOP_BARS = 2
LEAST_DEVIATION = 1e-6  # added to every deviation, so that a single note has a density
EMPTY_MEAN = 1.0  # a frame without notes is the density of a note of this pitch and duration


@dataclass(frozen=True)
class Similarity:
    """Consistency and variance (thesis eqs 4.2 and 4.3), each of (pitch, duration), at most 1."""

    consistency: tuple[float, float]
    variance: tuple[float, float]


def overlaps(tokens: Tokens, tracks: Sequence[Track]) -> NDArray[np.float64]:
    """How far the frames of `tokens` [steps, 3] overlap: [frames - 1, 2], pitch and duration.

    Over the notes of `tracks` together; tracks that are masked are silent. Bars at the end that
    fill no frame are left out. ValueError where there are less than two frames, or no tracks.
    """
    bars = len(tokens) // STEPS_PER_BAR
    if bars < FRAME_BARS + HOP_BARS or not tracks:
        raise ValueError(
            f"frames to compare need {FRAME_BARS + HOP_BARS} bars and a track, not {bars} bars "
            f"of {len(tracks)} tracks"
        )
    means, deviations = _frames(tokens, tracks, bars)
    return normal_overlap(means[:-1], deviations[:-1], means[1:], deviations[1:])


def normal_overlap(
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    other_mean: NDArray[np.float64],
    other_deviation: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The area below both of two normal densities, number by number, of 0 to 1.

    Two densities of different deviations cross twice, and both crossings count; eq. 4.1 of the
    thesis has one, which is exact where the deviations are equal. Deviations are above 0.
    """
    narrow = np.minimum(deviation, other_deviation)
    # in units of the narrower density, which lies at 0, the wider one at `distance`
    ratio = np.maximum(deviation, other_deviation) / narrow
    distance = np.abs(mean - other_mean) / narrow
    spread = ratio**2 - 1
    root = ratio * np.sqrt(distance**2 + 2 * spread * np.log(ratio))
    with np.errstate(divide="ignore", invalid="ignore"):  # equal deviations: the one is -inf
        before = -(distance + root) / spread
        after = (distance**2 + 2 * ratio**2 * np.log(ratio)) / (distance + root)
    inside_narrow = normal_cdf(after) - normal_cdf(before)
    inside_wide = normal_cdf((after - distance) / ratio) - normal_cdf((before - distance) / ratio)
    area = np.clip(1 - inside_narrow + inside_wide, 0.0, 1.0)
    return np.where((ratio == 1) & (distance == 0), 1.0, area)


def normal_cdf(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard normal distribution function of `values`, of any shape."""
    scaled = (values / math.sqrt(2)).ravel().tolist()
    return np.array([0.5 + 0.5 * math.erf(value) for value in scaled]).reshape(values.shape)


def similarity(model: NDArray[np.float64], real: NDArray[np.float64]) -> Similarity:
    """How like the overlaps of real pieces those of a model are (thesis eqs 4.2 and 4.3).

    `model` and `real` hold overlaps of pitch and duration, in any number: [pieces, 2] with the
    mean over the frames of each piece, as table 5.5 was made, or [pieces, frames, 2] with all of
    them, as the text says. Not a number where the real ones do not vary.
    """
    rows, real_rows = model.reshape(-1, 2), real.reshape(-1, 2)
    consistency = _likeness(rows.mean(axis=0), real_rows.mean(axis=0))
    return Similarity(consistency, _likeness(rows.var(axis=0), real_rows.var(axis=0)))


def real_interval(
    real: NDArray[np.float64], pieces: int, rng: np.random.Generator, rounds: int = ROUNDS
) -> tuple[Similarity, Similarity]:
    """Where the similarity of real pieces to real pieces lies: its 5th and 95th percentiles.

    Of `rounds` times two draws of `pieces` of `real`, [all, 2] or [all, frames, 2], with
    replacement (the bootstrap of Efron 1979). Figures within it cannot be told from real ones.
    """
    every = []
    for _ in range(rounds):
        first, second = rng.integers(len(real), size=(2, pieces))
        found = similarity(real[first], real[second])
        every.append((*found.consistency, *found.variance))
    return _percentile(every, 5), _percentile(every, 95)


def _frames(
    tokens: Tokens, tracks: Sequence[Track], bars: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of the pitches and durations of each frame: two of [frames, 2]."""
    notes = np.concatenate([note_table(tokens, track) for track in tracks])
    bar = notes[:, ONSET] // STEPS_PER_BAR
    values = notes[:, [PITCH, LENGTH]]
    summands = np.concatenate([np.ones((len(notes), 1), np.int64), values, values**2], axis=1)
    sums = np.zeros((bars + 1, summands.shape[1]), np.int64)
    np.add.at(sums, bar[bar < bars] + 1, summands[bar < bars])
    before = np.cumsum(sums, axis=0)
    first = np.arange(0, bars - FRAME_BARS + 1, HOP_BARS)
    frames = before[first + FRAME_BARS] - before[first]
    count, total, squares = frames[:, :1], frames[:, 1:3], frames[:, 3:]
    some = np.maximum(count, 1)
    means = np.where(count > 0, total / some, EMPTY_MEAN)
    deviations = np.sqrt(count * squares - total**2) / some  # whole numbers: exact below the root
    return means, deviations + LEAST_DEVIATION


def _likeness(found: NDArray[np.float64], real: NDArray[np.float64]) -> tuple[float, float]:
    """1 where `found` [2] is as `real` [2], 0 where it is off by all of it or more."""
    off = np.full(2, np.nan)
    np.divide(np.abs(found - real), real, out=off, where=real != 0)
    pitch, duration = np.maximum(0.0, 1 - off).tolist()
    return pitch, duration


def _percentile(every: Sequence[tuple[float, ...]], percent: float) -> Similarity:
    values = np.percentile(np.asarray(every), percent, axis=0).tolist()
    return Similarity((values[0], values[1]), (values[2], values[3]))
