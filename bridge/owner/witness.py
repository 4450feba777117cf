"""Writes down what happens on the port owner's stage, for whoever keeps or shows it."""

from collections.abc import Callable

from schmubert.bridge.protocol.events import Happening, Record, Tick


class Witness:
    """Hands on what happens, a `Record` each; a turn in which nothing happens leaves nothing."""

    def __init__(self, put: Callable[[Record], None]) -> None:
        self._put = put
        self._turn_s = 0.0
        self._dropped = 0
        self._ticked = True

    def turn(self, now: float, dropped: int, acts: bool) -> None:
        """The loop begins anew: the owner was told that it is `now`, and `acts` or not."""
        self._turn_s, self._ticked = now, False
        if acts or dropped != self._dropped:
            self._dropped = dropped
            self._tick()

    def see(self, what: Happening, at_s: float | None = None) -> None:
        """`what` happens in this turn, or more exactly at `at_s`."""
        if not self._ticked:
            self._tick()
        self._put(Record(self._turn_s if at_s is None else at_s, what))

    def _tick(self) -> None:
        self._ticked = True
        self._put(Record(self._turn_s, Tick(self._dropped)))
