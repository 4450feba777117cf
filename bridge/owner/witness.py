"""All that happens on the port owner's stage, in its order, for whoever keeps or shows it.

What goes in (`Tick`, `Came`, `Plugged`, `Neighbour`, what the brain decided, `BrainRestarted`,
`Ending`) stands before what it led to (`Sent`, what the brain is told, what is said): from the
former, an owner makes the latter again.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from schmubert.bridge.protocol.messages import FromBrain, Neighbour, Plugged, ToBrain


class Tick(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The owner looked at the time; `dropped` note-ons were too late since the session began."""

    dropped: int = 0


class Came(msgspec.Struct, frozen=True, tag=True):
    """MIDI `message` arrived on input `port` at `came_s`."""

    came_s: float
    port: int
    message: bytes


class Sent(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """MIDI `message` left on output `port`; it was due at `wanted_s`, None: at once."""

    port: int
    message: bytes
    wanted_s: float | None = None


class Followed(msgspec.Struct, frozen=True, tag=True):
    """Told once a bar: how far the DAW's latest clocks came from where they were expected."""

    p50_ms: float
    p95_ms: float


class BrainRestarted(msgspec.Struct, frozen=True, tag="Reborn"):
    """The brain died, and a new one was started."""


class Ending(msgspec.Struct, frozen=True, tag=True):
    """The session ends: what sounds is ended."""


class Ended(msgspec.Struct, frozen=True, tag=True):
    """Nothing sounds any more, and nothing follows."""


Happening: TypeAlias = (
    Tick
    | Came
    | Plugged
    | Neighbour
    | Sent
    | Followed
    | BrainRestarted
    | Ending
    | Ended
    | ToBrain
    | FromBrain
)


class Record(msgspec.Struct, frozen=True):
    """`what` happened at `at_s`, in monotonic seconds."""

    at_s: float
    what: Happening


class Witness:
    """Hands on what happens, a `Record` each; a turn in which nothing does leaves nothing."""

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
