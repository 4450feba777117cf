"""How far from where they were expected the DAW's clocks arrive: of late, and all along."""

from collections import Counter, deque
from dataclasses import dataclass

from schmubert.bridge.protocol.quantile import quantile

RECENT_CLOCKS = 384
"""Four bars of 4/4: what "of late" means."""
BIN_MS = 0.05
LEAST_CLOCKS = 24


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far `clocks` clocks came from the line, in ms, early and late alike.

    Part of it is how the arrivals themselves scatter (by half a cycle of the DAW's audio server):
    the line is steadier than that.
    """

    median_ms: float
    p95_ms: float
    clocks: int

    def __str__(self) -> str:
        return f"{self.median_ms:.1f} ms (median), {self.p95_ms:.1f} (p95)"


class JitterMeter:
    """Collects distances; each call costs the same however many came before."""

    def __init__(self) -> None:
        self._recent_ms: deque[float] = deque(maxlen=RECENT_CLOCKS)
        self._bins: Counter[int] = Counter()
        self._count = 0

    def add(self, off_s: float) -> None:
        """A clock came `off_s` seconds from where it was expected."""
        off_ms = abs(off_s) * 1000.0
        self._recent_ms.append(off_ms)
        self._bins[round(off_ms / BIN_MS)] += 1
        self._count += 1

    @property
    def recent(self) -> Jitter | None:
        """Of the last four bars; None before a quarter of clocks came."""
        count = len(self._recent_ms)
        if count < LEAST_CLOCKS:
            return None
        return Jitter(quantile(self._recent_ms, 0.5), quantile(self._recent_ms, 0.95), count)

    @property
    def overall(self) -> Jitter | None:
        """Of all, to `BIN_MS`; None before a quarter of clocks came."""
        if self._count < LEAST_CLOCKS:
            return None
        return Jitter(
            self._quantile_ms(self._count // 2),
            self._quantile_ms(int(0.95 * self._count)),
            self._count,
        )

    def _quantile_ms(self, rank: int) -> float:
        passed = 0
        for number in sorted(self._bins):
            passed += self._bins[number]
            if passed > rank:
                return number * BIN_MS
        raise ValueError(f"rank {rank} is not below {passed}")
