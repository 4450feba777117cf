"""Tap tempo: the time of taps -> the tempo that they beat."""

from itertools import combinations
from statistics import median

MOST_TAPS = 9
"""The latest taps that count."""
SLOWEST_S, FASTEST_S = 3.0, 0.15
"""The longest and the shortest time between two taps of a tempo: 20 and 400 BPM."""
OTHER = 1.35
"""A tap so many times too early or too late belongs to another tempo."""


class TapTempo:
    """From the second tap on: the median tempo between any two of the latest taps.

    After a pause, or a tap that is far from where it was to come, it begins anew with that tap.
    With taps a few milliseconds off, the median over all pairs is several times nearer than that
    of neighbours alone (Sen 1968, the slope by Kendall's tau).
    """

    def __init__(self) -> None:
        self._taps_s: list[float] = []

    def hit(self, at_s: float) -> float | None:
        """The tempo in taps a minute with this tap at `at_s`; None where one begins."""
        taps = self._taps_s
        if taps and not self._goes_on(at_s):
            taps.clear()
        taps.append(at_s)
        del taps[:-MOST_TAPS]
        return None if len(taps) < 2 else 60.0 / self._interval_s()

    def _goes_on(self, at_s: float) -> bool:
        since_s = at_s - self._taps_s[-1]
        if not FASTEST_S <= since_s <= SLOWEST_S:
            return False
        if len(self._taps_s) < 2:
            return True
        usual_s = self._interval_s()
        return usual_s / OTHER < since_s < usual_s * OTHER

    def _interval_s(self) -> float:
        numbered = enumerate(self._taps_s)
        return median((b - a) / (j - i) for (i, a), (j, b) in combinations(numbered, 2))
