"""The clocks heard -> the straight line they lie on: steady in jitter, quick when tempo changes.

MIDI clocks arrive in the cycles of an audio server: 2.7 or 5.3 ms apart, so that a steady clock
of 20.8 ms comes as 18.7 and 21.3. A least-squares line over two bars takes that out. A change
of tempo is told from jitter by how far the latest clocks lie from the line of those before, in
units of the scatter seen; the line then starts again from the latest.
"""

from math import sqrt
from typing import NamedTuple

from schmubert.bridge.protocol.bytes import CLOCKS_PER_QUARTER

WINDOW = 192
"""Clocks the line goes through at most: two bars of 4/4."""
NUMBERS = tuple(float(n) for n in range(WINDOW))
"""Of those clocks: Python multiplies floats by floats faster than by integers."""
RECENT = (2, 3, 6, 12, 24, 48)
"""The numbers of latest clocks that are compared with those before."""
SURPRISE = 4.5
"""How far they may lie off, in standard errors: a false alarm shortens the window for nothing."""
LEAST_SCATTER_S = 0.0016
"""The standard deviation of arrivals in cycles of 5.3 ms, which a short window may not show."""
MOST_SCATTER_S = 0.008
FASTEST_S = 60.0 / (CLOCKS_PER_QUARTER * 480.0)
SLOWEST_S = 60.0 / (CLOCKS_PER_QUARTER * 15.0)
WARM = 12
"""Clocks, half a quarter of them, before which a tempo never heard is a guess."""
FAMILIAR = 16.0
"""Weight of the period known from before, as a sum of squared clock numbers: half a
quarter of new clocks outweighs it."""


class Pulse:
    """Follows evenly spaced clocks; `period_s` and `at_s` (of the latest clock) are the answer."""

    def __init__(self) -> None:
        self._arrivals: list[float] = []
        self._familiar_s: float | None = None
        self.period_s: float | None = None
        self.at_s = 0.0
        self.warm = False
        """Whether a tempo was ever heard for long enough to be known."""

    @property
    def heard(self) -> int:
        """Clocks that the line goes through."""
        return len(self._arrivals)

    @property
    def expected_s(self) -> float | None:
        """When the next clock should come."""
        return None if self.period_s is None else self.at_s + self.period_s

    @property
    def scatter_s(self) -> float:
        """How far clocks arrive from the line: their standard deviation."""
        count, period_s = len(self._arrivals), self.period_s or 0.0
        first_s = self.at_s - (count - 1) * period_s
        off = (at - first_s - n * period_s for n, at in enumerate(self._arrivals))
        return sqrt(sum(one * one for one in off) / max(1, count))

    def restart(self) -> None:
        """Expect the next clock at any time, at about the tempo heard so far."""
        self._familiar_s = self.period_s if self.warm else None
        self._arrivals.clear()

    def hear(self, at_s: float) -> None:
        """Take in the next clock, which arrived at `at_s`."""
        arrivals = self._arrivals
        arrivals.append(at_s)
        if len(arrivals) > WINDOW:
            del arrivals[0]
        sums = _Sums.of(arrivals)
        changed = _changed(arrivals, sums)
        if changed:
            del arrivals[:-changed]
            self._familiar_s = None
            sums = _Sums.of(arrivals)
        self.warm |= len(arrivals) >= WARM
        self._fit(sums)

    def _fit(self, sums: "_Sums") -> None:
        count = len(self._arrivals)
        first, middle = self._arrivals[0], (count - 1) / 2
        mean, rise = sums.arrivals / count - first, sums.rise
        spread = count * (count * count - 1) / 12.0
        if self._familiar_s is not None:
            spread += FAMILIAR
            rise += FAMILIAR * self._familiar_s
        if spread:
            self.period_s = min(max(rise / spread, FASTEST_S), SLOWEST_S)
        self.at_s = first + mean + (self.period_s or 0.0) * middle


class _Sums(NamedTuple):
    """What a line goes by."""

    arrivals: float
    """Of the seconds at which clocks arrived."""
    offsets: float
    """Of the seconds since the first of them."""
    products: float
    """Of those seconds times their numbers."""
    squares: float
    """Of those seconds squared."""
    rise: float
    """Of those seconds times their numbers, which are counted from the middle."""

    @classmethod
    def of(cls, arrivals: list[float]) -> "_Sums":
        first, middle = arrivals[0], (len(arrivals) - 1) / 2
        # added one by one: from Python 3.12 on, sum() rounds otherwise
        total = offsets = products = squares = rise = 0.0
        for n, arrival in zip(NUMBERS, arrivals, strict=False):
            at = arrival - first
            total += arrival
            offsets += at
            products += n * at
            squares += at * at
            rise += (n - middle) * at
        return cls(total, offsets, products, squares, rise)


def _changed(arrivals: list[float], sums: _Sums) -> int:
    """How many of the latest `arrivals` lie on another line than those before; 0 if none do."""
    count = len(arrivals)
    first = arrivals[0]
    total, products, squares = sums.offsets, sums.products, sums.squares
    done = 0
    late = 0.0
    for recent in RECENT:
        before = count - recent
        if before < max(4, recent // 2):
            break
        for n in range(count - recent, count - done):
            at = arrivals[n] - first
            late += at
            total -= at
            products -= NUMBERS[n] * at
            squares -= at * at
        done = recent
        middle = (before - 1) / 2
        spread = before * (before * before - 1) / 12.0
        mean = total / before
        slope = (products - middle * total) / spread
        scatter = max(0.0, squares - before * mean * mean - slope * slope * spread)
        deviation = min(max(sqrt(scatter / before), LEAST_SCATTER_S), MOST_SCATTER_S)
        distance = before + (recent - 1) / 2 - middle
        off = abs(late / recent - mean - slope * distance)
        if off > SURPRISE * deviation * sqrt(
            1 / recent + 1 / before + distance * distance / spread
        ):
            return max(recent, 2)
    return 0
