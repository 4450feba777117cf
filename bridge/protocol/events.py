"""What happens on the port owner's stage, in its order, for whoever keeps or shows it.

What goes in (`Tick`, `Came`, `Turned`, `Wrote`, `Patch`, `Plugged`, `Server`, `Neighbour`, the
brain's decisions, `BrainRestarted`, `Ending`) stands before what it led to (`Sent`, what the brain
is told, what is said). An owner that is given the former makes the latter again.
"""

from typing import TypeAlias

import msgspec

from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.messages import (
    Charted,
    FromBrain,
    Neighbour,
    Patch,
    Patchbay,
    Play,
    Plugged,
    Server,
    Silence,
    ToBrain,
)


class Tick(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The owner looked at the time; so far, `dropped` note-ons of the session were too late."""

    dropped: int = 0


class Came(msgspec.Struct, frozen=True, tag=True):
    """MIDI `message` arrived on input `port` at `came_s`."""

    came_s: float
    port: int
    message: bytes


class Turned(msgspec.Struct, frozen=True, tag=True):
    """The player turned `control` on the page: what a knob or pad does by MIDI."""

    control: Control


class Wrote(msgspec.Struct, frozen=True, tag=True):
    """The player wrote a `chart` while the band plays."""

    chart: Charted


class Sent(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """MIDI `message` left on output `port`; it was due at `wanted_s`, None: at once."""

    port: int
    message: bytes
    wanted_s: float | None = None


class Followed(msgspec.Struct, frozen=True, tag=True):
    """Once a bar: how far the DAW's latest clocks came from where they were expected."""

    p50_ms: float
    p95_ms: float


class Ruled(msgspec.Struct, frozen=True, tag=True):
    """From here on `clock` tells the time: MIDI clock, own tempo, your playing and so on."""

    clock: str


class BrainRestarted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The brain died, and another took its place.

    It `recalls` what the one before it knew, and goes on with what that one had planned; else
    what was planned is forgotten, and what sounded is ended.
    """

    recalls: bool = False


class Ending(msgspec.Struct, frozen=True, tag=True):
    """The session ends, and every note that sounds is ended."""


class Ended(msgspec.Struct, frozen=True, tag=True):
    """Nothing sounds any more, and nothing follows."""


class GoesOn(msgspec.Struct, frozen=True, tag=True):
    """The log ends here, and the session goes on."""


GOES_IN = (
    *(Tick, Came, Turned, Wrote, Patch, Plugged, Server, Neighbour, Play, Silence),
    *(BrainRestarted, Ending),
)
"""What a port owner decides by."""

Happening: TypeAlias = (
    Tick
    | Came
    | Turned
    | Wrote
    | Patch
    | Patchbay
    | Plugged
    | Server
    | Neighbour
    | Sent
    | Followed
    | Ruled
    | BrainRestarted
    | Ending
    | Ended
    | GoesOn
    | ToBrain
    | FromBrain
)


class Record(msgspec.Struct, frozen=True):
    """`what` happened at `at_s`, in monotonic seconds."""

    at_s: float
    what: Happening
