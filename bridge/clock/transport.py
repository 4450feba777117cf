"""Where the music is, and whoever tells it."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from schmubert.bridge.clock.jitter import JitterMeter
from schmubert.bridge.protocol.messages import Heard
from schmubert.bridge.protocol.timeline import USUAL_BPM, Timeline

REST_BEATS = 24.0
"""After so long without a note, played or planned, the music waits for a first note again."""


class PositionUnit(str, Enum):
    """What a Song Position Pointer counts: MIDI says 16ths, Ardour sends clocks."""

    AUTO = "auto"
    SIXTEENTHS = "sixteenths"
    CLOCKS = "clocks"


@dataclass(frozen=True, slots=True)
class Transport:
    """Where the music is; `passage` grows by one with every start and jump."""

    passage: int
    rolling: bool
    timeline: Timeline

    def rolled(self, timeline: Timeline) -> "Transport":
        """The next passage, on `timeline`: the music starts or jumps."""
        return Transport(self.passage + 1, True, timeline)

    def followed(self, timeline: Timeline) -> "Transport":
        """The same passage, on a better `timeline`."""
        return Transport(self.passage, True, timeline)

    def halted(self, at_s: float) -> "Transport":
        """The music stands where it is at `at_s`; where it stood already, nothing changes."""
        if not self.rolling:
            return self
        line = self.timeline
        return Transport(self.passage, False, Timeline(line.beats(at_s), at_s, line.tempo_bpm))


def standing(tempo_bpm: float | None = None) -> Transport:
    """The transport before anything is told."""
    return Transport(0, False, Timeline(0.0, 0.0, tempo_bpm or USUAL_BPM))


class TimeKeeper(Protocol):
    """Whoever tells the port owner where the music is; `transport` is the answer at any time."""

    transport: Transport
    unit: PositionUnit
    likely: PositionUnit
    """What a position is taken for while the unit is AUTO."""
    jitter: JitterMeter
    """How far clocks came from where they were expected; one's own time has none."""

    @property
    def rules(self) -> str:
        """Who tells the time now, as a screen says it."""

    @property
    def armed_s(self) -> float | None:
        """When a start was told whose moment has not come."""

    @property
    def lost(self) -> bool:
        """Whether the music stands because nothing tells the time any more."""

    @property
    def waits(self) -> bool:
        """Nothing tells the time."""

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in a system message."""

    def note(self, heard: Heard) -> None:
        """A player's note begins."""

    def turn_tempo(self, tempo_bpm: float) -> bool:
        """Keep `tempo_bpm`, in beats, from the next tick on; False where others tell the time."""

    def tick(self, now: float, idle: bool) -> None:
        """Let time pass; `idle` says that nothing sounds or is planned."""

    def sure_until(self, now: float) -> float:
        """The beat before which no jump is expected."""
