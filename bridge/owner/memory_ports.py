"""Ports in memory: what comes in stands in a script, what goes out is remembered."""

import time
from collections.abc import Callable, Iterable

from schmubert.bridge.protocol.messages import (
    Neighbour,
    Patch,
    Plugged,
    Server,
    Survey,
)


class MemoryPorts:
    """Plays `script`, (second, input, message) each, and records what is sent.

    `plugs`, (second, what) each, is what a look finds. Seconds count from `starts_s` on the
    `clock`, or from the first poll where that is None.
    """

    def __init__(
        self,
        script: Iterable[tuple[float, int, bytes]] = (),
        clock: Callable[[], float] = time.monotonic,
        starts_s: float | None = None,
        plugs: Iterable[tuple[float, Plugged | Server | Neighbour]] = (),
    ) -> None:
        self.sent: list[tuple[float, int, bytes]] = []
        """(second on the clock, output, message), in order."""
        self.starts_s = starts_s
        self.closed = False
        self.patched: list[Patch | Survey] = []
        self._script = sorted(script, key=lambda entry: entry[0])
        self._plugs = sorted(plugs, key=lambda entry: entry[0])
        self._next = 0
        self._clock = clock

    @property
    def finished(self) -> bool:
        """The whole script was polled."""
        return self._next == len(self._script)

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (second on the clock, input, message), in order."""
        now = self._clock()
        if self.starts_s is None:
            self.starts_s = now
        polled = []
        while not self.finished:
            at_s, port, message = self._script[self._next]
            if self.starts_s + at_s > now:
                break
            polled.append((self.starts_s + at_s, port, message))
            self._next += 1
        return polled

    def send(self, output: int, message: bytes) -> None:
        """Remember `message`, sent on `output` now."""
        self.sent.append((self._clock(), output, message))

    def look(self) -> list[Plugged | Server | Neighbour]:
        """What has vanished or come back since the last look."""
        passed_s = 0.0 if self.starts_s is None else self._clock() - self.starts_s
        found = [what for at_s, what in self._plugs if at_s <= passed_s]
        self._plugs = self._plugs[len(found) :]
        return found

    def patch(self, wish: Patch | Survey) -> None:
        """Remember the `wish`."""
        self.patched.append(wish)

    def close(self) -> None:
        """Nothing more comes or goes."""
        self.closed = True
