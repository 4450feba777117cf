"""Nonsense with a perfect score: algorithm 7 of the thesis (4.7), and what the metric says of it.

The self-similarity of 4.7 sees of a window nothing but the means and deviations of its pitches and
durations. Random notes whose windows overlap as those of real songs do score as high as music
(table 5.5: consistency .99 and .93, variance .98 and .86; here 1.00 and .99, .96 and .78 with 1000
pieces), and two of three tracks are silent here: a caution to all who read that metric alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    OFF,
    TRIO,
    Track,
    onset_token,
)
from schmubert.training.evaluation.figures import Section
from schmubert.training.evaluation.pieces import ALIKE, REAL, shares, similarities
from schmubert.training.metrics.similarity import (
    FRAME_BARS,
    HOP_BARS,
    LEAST_DEVIATION,
    normal_overlap,
)

HOP_STEPS = HOP_BARS * STEPS_PER_BAR
HOPS_A_WINDOW = FRAME_BARS // HOP_BARS
NOTES = 8
"""Notes in the bars of a hop, half a window."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Range:
    """What a number of a note may be, and what the numbers of a hop may add up to at most.

    The numbers of the first window are drawn evenly from `first`, its upper end left out.
    """

    lowest: int
    highest: int
    most_in_all: int
    first: tuple[int, int]

    def up(self, numbers: Numbers) -> Numbers:
        """Which of the `numbers` [notes] of a hop may be incremented."""
        full = numbers.sum() >= self.most_in_all
        return np.flatnonzero((numbers < self.highest) & ~full)

    def down(self, numbers: Numbers) -> Numbers:
        """Which of the `numbers` [notes] of a hop may be decremented."""
        return np.flatnonzero(numbers > self.lowest)


PITCHES = Range(LOWEST_PITCH, HIGHEST_PITCH, NOTES * HIGHEST_PITCH, (48, 84))
DURATIONS = Range(1, HOP_STEPS, HOP_STEPS, (1, 5))
"""In 16ths: the notes of a hop follow each other within its bars."""


def construct(targets: Sequence[float], bars: int, rng: np.random.Generator) -> Tokens:
    """A piece [bars x 16, 3] whose windows overlap by `targets`, of pitch and of duration.

    All notes are in the melody. `bars` is an even number of at least 4, else ValueError. A target
    of 1 or more makes every window like the one before.
    """
    if bars < FRAME_BARS or bars % HOP_BARS:
        raise ValueError(f"{bars} bars are no windows of {FRAME_BARS} every {HOP_BARS}")
    pitches, durations = (
        _hops(target, bars // HOP_BARS, within, rng)
        for target, within in zip(targets, (PITCHES, DURATIONS), strict=True)
    )
    tokens = np.zeros((bars * STEPS_PER_BAR, len(TRIO)), np.int64)
    for hop in range(bars // HOP_BARS):
        ends = hop * HOP_STEPS + durations[hop].cumsum()
        onsets = ends - durations[hop]
        tokens[onsets, Track.MELODY] = [onset_token(pitch) for pitch in pitches[hop].tolist()]
        if ends[-1] < (hop + 1) * HOP_STEPS:
            tokens[ends[-1], Track.MELODY] = OFF
    return tokens


def like(real: NDArray[np.float64], bars: int, rngs: Sequence[np.random.Generator]) -> Tokens:
    """Pieces [rngs, bars x 16, 3] that overlap as `real` ones, [pieces, 2], do on average.

    Each piece has a target of its own, drawn from the normal distribution with the mean and the
    variance of `real`. No overlap is above 1: where that distribution is, the target is 1, so the
    pieces vary a little less than it says.
    """
    mean, deviation = real.mean(axis=0), real.std(axis=0)
    return np.stack([construct(rng.normal(mean, deviation).tolist(), bars, rng) for rng in rngs])


def sections(
    draws: Sequence[Tokens], real: Tokens, all_frames: bool, rng: np.random.Generator
) -> Iterator[Section]:
    """The tables of `draws` of nonsense [pieces, steps, 3] beside `real` songs [songs, steps, 3].

    First what the metric says, then what it does not see: the figures of structure.
    """
    pieces = len(draws[0])
    pooled = {"pooled": TRIO}
    yield Section(
        "algorithm 7: self-similarity",
        f"{ALIKE}. No music: random notes",
        tuple(similarities(draws, real, pieces, all_frames, rng, pooled)),
        perfect=1.0,
    )
    yield Section(
        "algorithm 7: structure, which the metric does not see",
        REAL,
        tuple(shares(draws, real, pieces, rng)),
    )


def _hops(target: float, hops: int, within: Range, rng: np.random.Generator) -> Numbers:
    """The numbers [hops, notes] of a piece in which neighbouring windows overlap by `target`."""
    made: Numbers = rng.integers(*within.first, size=(hops, NOTES))
    for hop in range(HOPS_A_WINDOW, hops):
        made[hop] = _next(made[hop - HOPS_A_WINDOW : hop], target, within, rng)
    return made


def _next(window: Numbers, target: float, within: Range, rng: np.random.Generator) -> Numbers:
    """What follows `window` [2, notes], so that it and the next one overlap by `target`.

    The next window begins with the second half of this one and ends with this one's first half
    reversed, so all its numbers are the same at first. Its mean is moved until the overlap is no
    longer above `target`, in a direction that is the likelier the more room it has; then its
    variance is raised while that brings the overlap nearer to `target` from below.
    """
    new: Numbers = window[0, ::-1].copy()
    room_up = min(within.most_in_all - int(new.sum()), int((within.highest - new).sum()))
    room_down = int((new - within.lowest).sum())
    upwards = rng.random() * (room_up + room_down) < room_up
    while _overlap(window, new) > target:
        movable = within.up(new) if upwards else within.down(new)
        if not len(movable):
            break
        new[rng.choice(movable)] += 1 if upwards else -1
    while (now := _overlap(window, new)) < target:
        wider = new.copy()
        pair = rng.choice(NOTES, 2, replace=False)
        smaller, larger = pair[new[pair].argsort()]
        wider[smaller] -= 1
        wider[larger] += 1
        if wider[smaller] < within.lowest or wider[larger] > within.highest:
            break
        if _overlap(window, wider) <= now:
            break
        new = wider
    return new


def _overlap(window: Numbers, new: Numbers) -> float:
    """The overlap (eq. 4.1) of `window` [2, notes] and the next, which ends with `new` [notes]."""
    pair = np.stack([window, np.stack([window[1], new])]).reshape(2, -1)
    means, deviations = pair.mean(axis=1), pair.std(axis=1) + LEAST_DEVIATION
    return float(normal_overlap(means[:1], deviations[:1], means[1:], deviations[1:])[0])
