"""The port owner made of what a player chose: a rig, whose time it is, how controls stand."""

from collections.abc import Callable, Iterable

from schmubert.bridge.clock.jack_clock import JackTransport
from schmubert.bridge.clock.sync import Timing, time_keeper
from schmubert.bridge.owner.mix import Mix
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.protocol.surface import Surface
from schmubert.engine.music.meter import COMMON, Meter


def jack_server() -> JackTransport:
    """The JACK server that runs; NoMidiError where none does."""
    from schmubert.bridge.owner.jack_transport import JackServer  # only where JACK is the time

    return JackServer()


def owner_of(
    rig: Rig,
    timing: Timing,
    controls: Iterable[Control] = (),
    meter: Meter = COMMON,
    jack: Callable[[], JackTransport] = jack_server,
    lacking: Callable[[Control], str | None] = lambda _: None,
) -> Owner:
    """The port owner that plays on `rig` in `meter` and keeps time as `timing` says.

    `controls` are as they stand at first; `jack` is called where a JACK server tells the time.
    What is `lacking` for a control to be turned is a line.
    """
    return Owner(
        rig,
        time_keeper(timing.sync, timing.tempo_bpm, timing.unit, meter, jack),
        Scheduler(rig.plays, timing.offset_s, Mix(controls)),
        timing.offset_s,
        Surface(rig.bindings, controls, meter.beats),
        meter,
        lacking,
    )
