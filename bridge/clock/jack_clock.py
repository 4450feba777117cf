"""JACK's transport -> transport: its place, tempo and bars, and whether it rolls.

Pure: a `JackTransport` is asked what the server says. Bars are those of a timebase master; where
there is none, bar 1 is the server's frame 0, and the tempo one's own.
"""

from dataclasses import dataclass
from typing import Protocol

from schmubert.bridge.clock.other_clock import OtherClock
from schmubert.bridge.clock.transport import standing
from schmubert.bridge.protocol.messages import Heard
from schmubert.bridge.protocol.meters import in_beats
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter

LATE_S, EASED = 0.004, 0.1
"""A cycle told of by so little too late or early is the server's jitter: it moves the line by a
tenth of that."""
LEAP_BEATS = 0.25  # farther off: the transport was located elsewhere, which is a jump
EARLY_S = 0.1  # a start so shortly after a beat was on it: the server tells once a period


@dataclass(frozen=True, slots=True)
class Bars:
    """What a timebase master says: `quarter` of the song, from bar 1 on, and quarters a minute."""

    quarter: float
    tempo_bpm: float


@dataclass(frozen=True, slots=True)
class JackState:
    """The transport at `at_s`, monotonic seconds: `song_s` is how far it is from its beginning.

    `starting` says that it is about to roll and waits for slow clients; `bars` is None without a
    timebase master.
    """

    at_s: float
    song_s: float
    rolling: bool
    starting: bool = False
    bars: Bars | None = None


class JackTransport(Protocol):
    """A client of a JACK server."""

    def at(self, now: float) -> JackState | None:
        """The transport as it was last told at `now`, monotonic seconds; None: no server."""


class JackClock(OtherClock):
    """Follows JACK's transport in beats of `meter`; without bars `tempo_bpm`, quarters, serves."""

    def __init__(self, jack: JackTransport, tempo_bpm: float, meter: Meter = COMMON) -> None:
        super().__init__(standing(in_beats(tempo_bpm, meter)))
        self._jack, self._tempo_bpm, self._meter = jack, tempo_bpm, meter
        self._cycle_s = 0.0  # of the cycle that was told of last

    @property
    def rules(self) -> str:
        """Who tells the time."""
        return "JACK"

    def note(self, heard: Heard) -> None:
        """Take in nothing: a player's note starts no transport."""

    def turn_tempo(self, tempo_bpm: float) -> bool:  # noqa: ARG002
        """The tempo is the server's, and is turned there."""
        return False

    def tick(self, now: float, idle: bool) -> None:  # noqa: ARG002 - as other time keepers
        """Let time pass."""
        state = self._jack.at(now)
        if state is None:
            self.lost, self.armed_s = True, None
            self.transport = self.transport.halted(now)
            return
        self.lost = False
        if state.starting:
            self.armed_s = now if self.armed_s is None else self.armed_s
        else:
            self.armed_s = None
        if not state.rolling:
            self.transport = self.transport.halted(now)
            return
        if self.transport.rolling and state.at_s == self._cycle_s:
            return
        self._cycle_s = state.at_s
        told, line = self._line(state), self.transport.timeline
        off_s = told.at_s - line.seconds(told.at_beat)
        if not self.transport.rolling or abs(off_s) * line.tempo_bpm > LEAP_BEATS * 60.0:
            self.transport = self.transport.rolled(_begun(told))
        elif told.tempo_bpm != line.tempo_bpm or abs(off_s) > LATE_S:
            self.transport = self.transport.followed(told)
        else:
            eased = Timeline(told.at_beat, told.at_s - (1.0 - EASED) * off_s, told.tempo_bpm)
            self.transport = self.transport.followed(eased)

    def sure_until(self, now: float) -> float:  # noqa: ARG002 - as other time keepers
        """No jump is ever expected: JACK tells of a loop only when it goes round."""
        return float("inf")

    def _line(self, state: JackState) -> Timeline:
        bars = state.bars
        if bars is None:
            bars = Bars(state.song_s * self._tempo_bpm / 60.0, self._tempo_bpm)
        return Timeline(
            in_beats(bars.quarter, self._meter), state.at_s, in_beats(bars.tempo_bpm, self._meter)
        )


def _begun(told: Timeline) -> Timeline:
    """`told` from the beat on that began shortly before, if one did."""
    beat = round(told.at_beat)
    at_s = told.seconds(beat)
    if 0.0 <= told.at_s - at_s <= EARLY_S:
        return Timeline(float(beat), at_s, told.tempo_bpm)
    return told
