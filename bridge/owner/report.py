"""How a session went: notes played, and how late they were sent."""

from collections.abc import Iterable
from dataclasses import dataclass

from schmubert.bridge.clock.jitter import Jitter
from schmubert.bridge.protocol.quantile import quantile


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
    late_s: Iterable[float],
    jitter: Jitter | None = None,
) -> Report:
    """A `Report` on messages that were sent `late_s` seconds after they were due."""
    late_ms = sorted(1000.0 * late for late in late_s) or [0.0]
    p50, p99 = (quantile(late_ms, share) for share in (0.5, 0.99))
    return Report(note_ons, dropped, deaths, p50, p99, late_ms[-1], jitter)
