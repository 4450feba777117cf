"""What each player had of the engine of late, and how fast it sends. Pure: time is an argument."""

from collections import OrderedDict

HALVES_AFTER_S = 10.0
"""Work counts half as much after so long: longer than a round of 64 players takes on one core."""
BURST_S = 2.0  # what a player may send at once: so many seconds' worth


class Shares:
    """Seconds of the model that each player had, fading with time.

    Whoever is new begins with the mean of the others: to leave and come back wins nothing.
    """

    def __init__(self) -> None:
        self._used: dict[bytes, tuple[float, float]] = {}  # seconds, as of an instant

    def enter(self, client: bytes, now: float) -> None:
        """`client` wants something; no change where it is known."""
        if client in self._used:
            return
        used = [self.of(known, now) for known in self._used]
        self._used[client] = (sum(used) / len(used) if used else 0.0), now

    def charge(self, client: bytes, seconds: float, now: float) -> None:
        """`client` had `seconds` of the model."""
        self._used[client] = self.of(client, now) + seconds, now

    def of(self, client: bytes, now: float) -> float:
        """What `client` had of late, in seconds."""
        seconds, then = self._used.get(client, (0.0, now))
        return float(seconds * 0.5 ** ((now - then) / HALVES_AFTER_S))

    def forget(self, client: bytes) -> None:
        """`client` is gone."""
        self._used.pop(client, None)


class Rates:
    """Who sends more than `per_second` messages, after a burst of two seconds' worth.

    The latest `most` senders are remembered.
    """

    def __init__(self, per_second: float, most: int) -> None:
        self.per_second, self.most = per_second, most
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def allows(self, client: bytes, now: float) -> bool:
        """Count a message of `client`; whether it is to be read."""
        full = BURST_S * self.per_second
        left, then = self._left.pop(client, (full, now))
        left = min(full, left + (now - then) * self.per_second)
        allowed = left >= 1.0
        self._left[client] = (left - 1.0 if allowed else left), now
        while len(self._left) > self.most:
            self._left.popitem(last=False)
        return allowed

    def forget(self, client: bytes) -> None:
        """`client` is gone."""
        self._left.pop(client, None)
