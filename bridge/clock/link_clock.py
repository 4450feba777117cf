"""An Ableton Link session -> transport: its tempo and bars, and its start and stop where shared.

Pure: a `LinkSession` is asked what the session says. Link counts beats from anywhere and knows no
song position, so bar 1 is the bar in which the music starts.
"""

from dataclasses import dataclass, replace
from math import floor
from typing import Protocol

from schmubert.bridge.clock.other_clock import OtherClock
from schmubert.bridge.clock.transport import REST_BEATS, standing
from schmubert.bridge.protocol.messages import Heard
from schmubert.bridge.protocol.meters import in_beats
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter

OFF_S = 0.0002  # a line that is off by less is kept
LEAP_BEATS = 0.25  # farther off: another session was joined, which is a jump
LATE_S = 0.5  # a start longer ago: the bridge joined music that was under way
EARLY_BEATS = 0.05  # a start so shortly before a bar line is meant for the bar line


@dataclass(frozen=True, slots=True)
class LinkState:
    """The session at one instant.

    `starts_s` is when it began or will begin to play, None while it stands or where no peer
    shares that; `beat` is where Link has that instant. Link's beats are quarters.
    """

    tempo_bpm: float
    beat: float
    starts_s: float | None = None


class LinkSession(Protocol):
    """A peer in a Link session."""

    def at(self, now: float) -> LinkState:
        """The session at `now`, monotonic seconds."""


class LinkClock(OtherClock):
    """Follows a Link session in beats of `meter`.

    Where nobody shares start and stop, the first note starts.
    """

    def __init__(self, session: LinkSession, meter: Meter = COMMON) -> None:
        super().__init__(standing())
        self._session, self._meter = session, meter
        self._shift = 0.0  # the beat that Link has at beat 0 here
        self._shared = False  # started by the session, not by a note
        self._noted_s = 0.0

    @property
    def rules(self) -> str:
        """Who tells the time."""
        return "Ableton Link"

    def note(self, heard: Heard) -> None:
        """A player's note begins: it starts the music where the session has not."""
        at_s = heard.at_s
        self._noted_s = at_s
        if not self.transport.rolling and self.armed_s is None:
            self._roll(at_s, self._at(at_s))

    def turn_tempo(self, tempo_bpm: float) -> bool:  # noqa: ARG002
        """The tempo is that of the session, and is turned there."""
        return False

    def tick(self, now: float, idle: bool) -> None:
        """Let time pass; `idle` says that nothing sounds or is planned."""
        state = self._at(now)
        starts_s = state.starts_s
        self.armed_s = starts_s if starts_s is not None and starts_s > now else None
        if starts_s is not None and starts_s <= now:
            if not self.transport.rolling:
                at_s = starts_s if now - starts_s < LATE_S else now
                self._roll(at_s, self._at(at_s))
            self._shared = True
        elif self.transport.rolling:
            rest_s = REST_BEATS * 60.0 / state.tempo_bpm
            if self._shared or (idle and now - self._noted_s > rest_s):
                self._halt(now)
        if self.transport.rolling:
            self._follow(now, state)

    def sure_until(self, now: float) -> float:  # noqa: ARG002 - as other time keepers
        """No jump is ever expected: Link has no loops."""
        return float("inf")

    def _at(self, now: float) -> LinkState:
        """The session at `now`, in beats of the metre."""
        state, meter = self._session.at(now), self._meter
        return replace(
            state, tempo_bpm=in_beats(state.tempo_bpm, meter), beat=in_beats(state.beat, meter)
        )

    def _roll(self, at_s: float, state: LinkState) -> None:
        bar = self._meter.beats
        self._shift = floor((state.beat + EARLY_BEATS) / bar) * bar
        line = Timeline(state.beat - self._shift, at_s, state.tempo_bpm)
        if line.at_beat < 0.0:
            line = Timeline(0.0, line.seconds(0.0), state.tempo_bpm)
        self.transport = self.transport.rolled(line)

    def _follow(self, now: float, state: LinkState) -> None:
        line, jumps = self.transport.timeline, False
        here = line.beats(now)
        off_beats = state.beat - self._shift - here
        if abs(off_beats) > LEAP_BEATS:
            # the bar that would have come goes on, at the place in it that the session has
            bar = self._meter.beats
            self._shift = (floor(state.beat / bar) - floor(here / bar)) * bar
            jumps = True
        elif abs(off_beats) * 60.0 / state.tempo_bpm < OFF_S and state.tempo_bpm == line.tempo_bpm:
            return
        told = Timeline(state.beat - self._shift, now, state.tempo_bpm)
        self.transport = self.transport.rolled(told) if jumps else self.transport.followed(told)

    def _halt(self, now: float) -> None:
        self.transport = self.transport.halted(now)
        self._shared = False
