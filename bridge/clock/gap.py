"""A gap in the clocks: what came after it tells whether the DAW went on, caught up or stood still.

Lost clocks: the others come where the old ones would have been, on the old line. A burst: those
that waited somewhere come at once, and with them the count is on that line again. Else the DAW
itself stood still (it hung, or its audio stopped), and goes on as if nothing had been.
"""

from enum import Enum
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from schmubert.bridge.clock.pulse import LEAST_SCATTER_S, WARM, Pulse

STEADY = WARM
"""Clocks in even steps that are waited for: a burst before them is over."""
EVEN = (0.8, 1.25)
"""How many periods such steps may be on average."""
LEAST_STEP = 0.25
"""How many periods each has to be: clocks arrive in the cycles of an audio server."""
CAUGHT_UP_CLOCKS = 1.0
SURE = 2.5
"""So many standard errors off the old line is not on it. Of gaps of 0.3 to 3 s after 8 bars, 94 to
100% of lost clocks are told right, and 82 to 97% of DAWs that stood still: the others hit the old
line by chance. With 2 it is 92 to 100 and 86 to 97% (`benchmarks/clock_following.py`)."""
CLEAN_SCATTER_S = 0.0003
"""Arrivals are never trusted to be straighter than this."""
KNOWN_SCATTER = 48
"""Clocks from which their own scatter is known; before it is that of an audio server."""
TELLING = 0.25
"""As a share of a period: a phase known no better tells nothing. A DAW that loads what it is to
play stands still in its first beats, where little is known."""


class Kind(Enum):
    """What a gap was."""

    LOST = "clocks were lost"
    CAUGHT_UP = "the clocks came late, in a burst"
    STOOD = "the DAW stood still"


class Back(NamedTuple):
    """What the gap was, and the position of the latest clock, on the old line and as counted."""

    kind: Kind
    on_line: float
    counted: float


class Gap:
    """The line of clocks that ceased, `latest` being the position of the last; then `hear` more."""

    def __init__(self, latest: float, pulse: Pulse) -> None:
        assert pulse.period_s is not None
        self._latest, self._at_s, self._period_s = latest, pulse.at_s, pulse.period_s
        self._heard = pulse.heard
        known = self._heard >= KNOWN_SCATTER
        self._scatter_s = max(pulse.scatter_s, CLEAN_SCATTER_S) if known else LEAST_SCATTER_S
        self.count = 0
        """Clocks that came since."""
        self.recent: list[float] = []
        """When the latest of them came; at the end those in even steps."""

    def hear(self, at_s: float) -> bool:
        """Take in a clock; whether enough came to tell."""
        self.count += 1
        self.recent = [*self.recent[1 - STEADY :], at_s]
        if len(self.recent) < STEADY:
            return False
        steps = [after - before for before, after in pairwise(self.recent)]
        mean = sum(steps) / len(steps) / self._period_s
        return EVEN[0] <= mean <= EVEN[1] and min(steps) > LEAST_STEP * self._period_s

    def back(self) -> Back:
        """What the gap was, as the clocks heard since tell."""
        recent, period_s = self.recent, self._period_s
        number = len(recent)
        middle_s = sum(recent) / number
        counted = self._latest + self.count
        since = (middle_s - self._at_s) / period_s + (number - 1) / 2
        on_line = self._latest + since
        missing = on_line - counted
        if missing < CAUGHT_UP_CLOCKS:
            return Back(Kind.CAUGHT_UP, on_line, counted)
        heard = self._heard
        ahead = since - (number - 1) / 2 + (heard - 1) / 2
        error_s = self._scatter_s * sqrt(1 / number + 1 / heard + 12 * ahead**2 / heard**3)
        tolerance = SURE * error_s / period_s
        lies_on_it = abs(missing - round(missing)) <= tolerance <= TELLING
        kind = Kind.LOST if lies_on_it else Kind.STOOD
        return Back(kind, float(round(on_line)), counted)
