"""How a session went: notes played, and how late they were sent."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from schmubert.bridge.clock.jitter import Jitter

BIN_MS = 0.01


class Lateness:
    """How late messages were sent, to `BIN_MS`; it takes no more room however many they are."""

    def __init__(self, late_s: Iterable[float] = ()) -> None:
        self.most_ms = 0.0
        self._bins: Counter[int] = Counter()
        self._count = 0
        for one in late_s:
            self.add(one)

    def add(self, late_s: float) -> None:
        """A message was sent `late_s` seconds after it was due."""
        late_ms = 1000.0 * late_s
        self._bins[round(late_ms / BIN_MS)] += 1
        self._count += 1
        self.most_ms = max(self.most_ms, late_ms)

    def quantile_ms(self, share: float) -> float:
        """What `share` of the messages stay below; 0 where none was sent."""
        rank = min(self._count - 1, int(share * self._count))
        passed = 0
        for number, count in sorted(self._bins.items()):
            passed += count
            if passed > rank:
                return number * BIN_MS
        return 0.0


@dataclass(frozen=True)
class Report:
    """Notes that were played or came too late, brains that died, lateness of sending, the clock."""

    note_ons: int
    dropped: int
    deaths: int
    late_p50_ms: float
    late_p99_ms: float
    late_max_ms: float
    jitter: Jitter | None = None
    """How far the DAW's clocks came from where they were expected; None where few or none came."""

    def __str__(self) -> str:
        return self._played() + (f"; clocks off the line by {self.jitter}" if self.jitter else "")

    def _played(self) -> str:
        if not self.note_ons:
            return "nothing was played"
        lost = f", {self.dropped} came too late and were left out" if self.dropped else ""
        return (
            f"{self.note_ons} notes played{lost};"
            f" sent after their time by {self.late_p50_ms:.2f} ms"
            f" (p50), {self.late_p99_ms:.2f} (p99), {self.late_max_ms:.2f} (max)"
        )


def report_on(
    note_ons: int,
    dropped: int,
    deaths: int,
    late: Lateness,
    jitter: Jitter | None = None,
) -> Report:
    """A `Report` on messages that were as `late` as that."""
    p50, p99 = (late.quantile_ms(share) for share in (0.5, 0.99))
    return Report(note_ons, dropped, deaths, p50, p99, late.most_ms, jitter)
