"""What a network that plays several metres is told of one: small arrays beside the tokens."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, MOST_BEATS, STRAIGHT, Meter

BARS = "bars"
"""What a graph calls the bars that it answers for."""
KEYS, PAST = "keys", "past"
"""What a graph calls the inputs of what it remembers of the beats before (`band.py: going_on`)."""
KEYS_AFTER, PAST_AFTER = "keys_after", "past_after"
"""What it calls the outputs of what it would remember."""
ROTATION_BASE = 10_000.0
"""How many times slower the last pair of numbers is rotated from beat to beat than the first."""
PLACES = 8
"""Where in a beat a cell may lie: 0, 1/6, 1/4, 1/3, 1/2, 2/3, 3/4, 5/6 of it."""
PLACES_OF = {4: (0, 2, 4, 6), 6: (0, 1, 3, 4, 5, 7)}
"""Which of the places the cells of a beat lie at, by their number."""
BEAT_PLACES = MOST_BEATS * MOST_BEATS
"""A row for each beat of each metre, by beats a bar and the number of the beat."""


class MeterInputs(NamedTuple):
    """`places` [cells] of a beat, `beats` [beats of a bar] by number of row, and `distances`:
    how many cells away music may repeat, those of `copy_steps` in this metre."""

    places: NDArray[np.int64]
    beats: NDArray[np.int64]
    distances: NDArray[np.int64]


def meter_inputs(meter: Meter, copy_steps: tuple[int, ...]) -> MeterInputs:
    """What a network is told of `meter`; `copy_steps` are distances in 16ths of 4/4."""
    beats = (meter.beats - 1) * MOST_BEATS + np.arange(meter.beats)
    distances = [_distance(steps, meter) for steps in copy_steps]
    return MeterInputs(np.array(PLACES_OF[meter.cells]), beats, np.array(distances))


def bars_of(steps: int, meter: Meter, first_bar: int = 0) -> NDArray[np.int64]:
    """The bars of a window of `steps` that a network answers for: those from `first_bar` on."""
    return np.arange(first_bar, steps // meter.steps)


def after(steps: int, logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """`logits` [batch, n, events] of the last n of `steps`, with nothing said of those before."""
    if logits.shape[1] == steps:
        return logits
    found = np.zeros((len(logits), steps, logits.shape[2]), np.float32)
    found[:, steps - logits.shape[1] :] = logits
    return found


def _distance(steps: int, meter: Meter) -> int:
    """`steps` of 4/4 in cells of `meter`: as many bars, or beats, or as much of a beat."""
    if steps % COMMON.steps == 0:
        return steps // COMMON.steps * meter.steps
    return steps * meter.cells // STRAIGHT
