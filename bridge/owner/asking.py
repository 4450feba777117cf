"""What a player may have forgotten who waits in vain for the band: each is said once."""

from math import inf

from schmubert.bridge.clock.midi_clock import MIDI_CLOCK
from schmubert.bridge.clock.transport import TimeKeeper
from schmubert.bridge.protocol.messages import Say
from schmubert.bridge.protocol.roles import Rig
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import Meter

NO_CLOCK_S = 1.0  # a DAW's first note may come before its first clock
NO_START_S = 3.0
SILENT_BARS = 2.0


class Asking:
    """Asks, `clock` counting beats of `meter`, for what players of `rig` have to do next."""

    def __init__(self, rig: Rig, clock: TimeKeeper, meter: Meter) -> None:
        self._rig, self._clock, self._meter = rig, clock, meter
        self._asks_s = inf
        self._untimed = self._unstarted = False
        self._heard = self._played = False
        self._stray: set[int] = set()
        self._passage, self._began_beat = 0, 0.0

    def note(self, at_s: float) -> None:
        """A note of a player began, on a channel that is heard."""
        self._heard = True
        waits = self._clock.waits
        if not (self._untimed if waits else self._unstarted or not self._never_started):
            self._asks_s = min(self._asks_s, at_s + (NO_CLOCK_S if waits else NO_START_S))

    def played(self) -> None:
        """The band plays."""
        self._played = True

    def stray(self, port: int, channel: int) -> list[Say]:
        """A note came in on a `channel` (from 0) of input `port` where nobody is heard."""
        there = [wanted for index, _, wanted in self._rig.hears if index == port]
        if not there or port in self._stray:
            return []
        self._stray.add(port)
        self._heard = True  # but not by us
        name = self._rig.inputs[port]
        if channel == DRUM_CHANNEL:
            text = f"notes on channel 10 of {name!r} are a drummer's, and I hear none there"
            return [Say(f"{text}: --in {name + ':drums'!r} hears one")]
        told = " and ".join(
            str(one + 1) for one in sorted({one for one in there if one is not None})
        )
        text = f"notes come on channel {channel + 1} of {name!r}, and I hear channel {told}"
        return [Say(f"{text}: --in {name + f':melody:{channel + 1}'!r} hears them")]

    def tick(self, now: float) -> list[Say]:
        """What is to be said by `now`."""
        if now >= self._asks_s:
            self._asks_s = inf
            return self._ask_for_time()
        transport = self._clock.transport
        if self._heard or self._played or not transport.rolling or not self._rig.hears:
            return []
        beat = transport.timeline.beats(now)
        if transport.passage != self._passage:
            self._passage, self._began_beat = transport.passage, beat
        if beat - self._began_beat < SILENT_BARS * self._meter.beats:
            return []
        self._heard = True
        ports = sorted({self._rig.inputs[index] for index, _, _ in self._rig.hears})
        where = " or ".join(map(repr, ports))
        return [Say(f"no note has come on {where} yet: connect there what you play")]

    @property
    def _never_started(self) -> bool:
        rules = self._clock.rules == MIDI_CLOCK and self._clock.armed_s is None
        return rules and not self._clock.transport.passage

    def _ask_for_time(self) -> list[Say]:
        where = repr(self._rig.inputs[self._rig.clock])
        if self._clock.waits:
            self._untimed = True
            text = "heard a note, but nothing tells the time: waiting for MIDI clock and Start on"
            return [Say(f"{text} {where}, or give --tempo")]
        if self._never_started:
            self._unstarted = True
            text = f"MIDI clock comes on {where}, but no Start: I begin with that"
            return [Say(f"{text}. If your DAW plays already, stop it and start it again")]
        return []
