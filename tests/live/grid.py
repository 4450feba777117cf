"""Where the 16ths lie, by the sequencer's own clock as a recorder saw it."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from schmubert.bridge.protocol.bytes import CLOCK, CONTINUE, START, STOP
from tests.live.recorder import Event
from tests.live.sequencer import CLOCKS_PER_STEP

CLOCKS_PER_BAR = 16 * CLOCKS_PER_STEP


def runs_of_clocks(events: Iterable[Event]) -> list[list[int]]:
    """The frames of the clocks of each run: from a START or CONTINUE to the STOP after it."""
    runs: list[list[int]] = []
    rolling = False
    for event in events:
        if event.status in (START, CONTINUE):
            rolling = True
            runs.append([])
        elif event.status == STOP:
            rolling = False
        elif event.status == CLOCK and rolling:
            runs[-1].append(event.frame)
    return runs


def sixteenths(clocks: Sequence[int]) -> list[int]:
    """The frames of the 16ths: each sixth clock from the first on, and the one after the last."""
    if len(clocks) < 2:
        raise ValueError(f"{len(clocks)} clocks are no grid")
    steps = list(clocks[::CLOCKS_PER_STEP])
    return [*steps, steps[-1] + CLOCKS_PER_STEP * (clocks[-1] - clocks[-2])]


def steadiness(clocks: Sequence[int]) -> tuple[int, int]:
    """The shortest and the longest distance of two neighbouring clocks, in frames."""
    gaps = [after - before for before, after in pairwise(clocks)]
    return min(gaps), max(gaps)


def distances_ms(notes: Iterable[Event], steps: Sequence[int], rate: int) -> list[float]:
    """How far each note lies behind (before: negative) the 16th that is nearest to it."""
    return [1e3 * min((note.frame - step for step in steps), key=abs) / rate for note in notes]


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that `percent` of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
