"""How fast the engine answers here, and how long ahead the band therefore decides."""

from collections import deque

from schmubert.bridge.protocol.quantile import quantile

PIPE_S = 0.010  # from the brain's decision to the port owner's schedule, with some to spare
LEAST_LEAD_S, MOST_LEAD_S = 0.015, 0.120
UNMEASURED_FIRST_S = 0.060
MEASURED = 40
"""Answers remembered: at 120 BPM the last twenty seconds or so."""


class Latency:
    """Measured times from a request to its first draft, and to its last."""

    def __init__(self) -> None:
        self._firsts_s: deque[float] = deque(maxlen=MEASURED)
        self._lasts_s: deque[float] = deque(maxlen=MEASURED)
        self.expect(UNMEASURED_FIRST_S)

    def expect(self, first_s: float) -> None:
        """Another engine says that a first draft takes `first_s`; the one before is forgotten."""
        self._firsts_s.clear()
        self._lasts_s.clear()
        self.first_s = first_s
        """What a first draft takes (p90): a single slow one does not make all requests early."""
        self.full_s = 3 * first_s
        """What all drafts of a request take (p90)."""
        self.lead_s = _lead_s(first_s)
        """How long before it sounds a beat is committed: one minimal reply time (p99)."""

    def first(self, took_s: float) -> None:
        """A first draft came `took_s` after its request."""
        self._firsts_s.append(took_s)
        self.first_s = quantile(self._firsts_s, 0.9)
        self.lead_s = _lead_s(quantile(self._firsts_s, 0.99))

    def last(self, took_s: float) -> None:
        """A last draft came `took_s` after its request."""
        self._lasts_s.append(took_s)
        self.full_s = quantile(self._lasts_s, 0.9)


def _lead_s(slow_s: float) -> float:
    return min(max(slow_s, LEAST_LEAD_S), MOST_LEAD_S) + PIPE_S
