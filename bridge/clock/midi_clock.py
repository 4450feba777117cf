"""MIDI clock, Start, Stop, Continue and Song Position, or a tempo of one's own -> transport.

Pure: messages come with their time, and time passes by `tick`. Beat 0 is the first clock after
Start (MIDI 1.0 detailed specification, "System Real Time Messages").
"""

from dataclasses import dataclass
from enum import Enum
from math import ceil, inf
from typing import Protocol

from schmubert.bridge.clock.jitter import PhaseError, PhaseMeter
from schmubert.bridge.clock.pulse import WARM, Pulse
from schmubert.bridge.protocol.timeline import Timeline

CLOCKS_PER_BEAT = 24
CLOCK, START, CONTINUE, STOP, SONG_POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2

KEEPS_TIME_S = 2.0
"""How long the music goes on when the clock falls silent; then it holds."""
GAP_S = 0.25  # and four periods: less is a slow tempo, not a lost clock
ALIGNED_S = 0.004  # a first clock this near the running ones goes on with them
JUMP_S = 0.25  # Stop and Continue elsewhere within this are one jump: Ardour loops so
LATE_CLOCK_S = 0.030
"""How long the notes at a known loop end wait for the clock that says there is no jump."""
REST_BEATS = 24.0
"""After so long without a note, played or planned, the own tempo waits for a first note again."""
USUAL_BPM = 120.0


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


class TimeKeeper(Protocol):
    """Whoever tells the port owner where the music is; `transport` is the answer at any time."""

    transport: Transport
    unit: PositionUnit
    likely: PositionUnit
    """What a position is taken for while the unit is AUTO."""
    armed_s: float | None
    """When a start was told whose moment has not come."""
    lost: bool
    """Whether the music stands because nothing tells the time any more."""
    phase: PhaseMeter
    """How far clocks came from where they were expected; one's own time has none."""

    @property
    def waits(self) -> bool:
        """Nothing tells the time."""

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in a system message."""

    def note(self, at_s: float) -> None:
        """A player's note begins."""

    def tick(self, now: float, idle: bool) -> None:
        """Let time pass; `idle` says that nothing sounds or is planned."""

    def sure_until(self, now: float) -> float:
        """The beat before which no jump is expected."""


class Clock:
    """Follows the transport of others, or keeps `tempo_bpm` from the first note on.

    `transport` is the answer after each call. A tempo serves only while no MIDI clock comes.
    """

    def __init__(
        self, tempo_bpm: float | None = None, unit: PositionUnit = PositionUnit.AUTO
    ) -> None:
        self.transport = Transport(0, False, Timeline(0.0, 0.0, tempo_bpm or USUAL_BPM))
        self.tempo_bpm = tempo_bpm
        self.unit = unit
        """AUTO until a position tells which it is."""
        self.likely = PositionUnit.SIXTEENTHS
        self.armed_s: float | None = None
        """When Start, Continue or a jump came whose first clock is still awaited."""
        self.lost = False
        self.clocked_s: float | None = None
        """When the latest MIDI clock came."""
        self.phase = PhaseMeter()
        """How far clocks come from where they were expected."""
        self._pulse = Pulse()
        self._own = False  # rolling by the tempo of one's own
        self._clocks: float | None = None  # position of the latest clock while rolling or warming
        self._resume = 0.0  # position in clocks at which Continue goes on
        self._jump: float | None = None  # position in clocks that the next clock has
        # what a position would have said where this run began, and that place in clocks as it
        # was taken; the same for the run that is to begin
        self._origin: tuple[int, float] | None = None
        self._next_origin: tuple[int, float] | None = None
        self._noted_s = 0.0
        self._left: tuple[float, float] | None = None  # (clocks, when) of a stop or a jump away
        self._loop_end: float | None = None  # position in clocks of the last jump back

    @property
    def phase_error(self) -> PhaseError | None:
        """How far the clocks of the last four bars came from where they were expected."""
        return self.phase.recent

    def sure_until(self, now: float) -> float:
        """The beat before which no jump is expected at `now`: a loop's end, or infinity.

        A loop's last clock and its jump are one instant; which of both comes is known only then,
        and a note sent before would be of the bar that nobody hears.
        """
        if self._loop_end is None or self._clocks is None or self._clocks >= self._loop_end:
            return inf
        end_beat = self._loop_end / CLOCKS_PER_BEAT
        waits = now < self.transport.timeline.seconds(end_beat) + LATE_CLOCK_S
        return end_beat if waits else inf

    @property
    def waits(self) -> bool:
        """Neither a MIDI clock nor a tempo of one's own tells the time."""
        return self.tempo_bpm is None and self.clocked_s is None and self.armed_s is None

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in a system message; others are ignored."""
        status = message[0]
        if status == CLOCK:
            self._clock(at_s)
        elif status == START:
            self._arm(at_s, 0.0)
            self._next_origin = 0, 0.0
        elif status == CONTINUE:
            if self._jump is None and self._following:
                return  # already under way, from where it is
            self._arm(at_s, self._resume if self._jump is None else self._jump)
        elif status == STOP:
            self._stop(at_s)
        elif status == SONG_POSITION and len(message) == 3:
            self._position(at_s, message[1] | message[2] << 7)

    def note(self, at_s: float) -> None:
        """A player's note begins: with a tempo of one's own, the first one is beat 0."""
        self._noted_s = at_s
        if self.tempo_bpm is None or self.transport.rolling or self._clock_is_near(at_s):
            return
        self._own = True
        self._roll(Timeline(0.0, at_s, self.tempo_bpm))

    def tick(self, now: float, idle: bool) -> None:
        """Let time pass; `idle` says that nothing sounds or is planned."""
        if self._own:
            rest_s = REST_BEATS * 60.0 / self.transport.timeline.tempo_bpm
            if idle and now - self._noted_s > rest_s:
                self._own = False
                self._halt(now)
        elif self._clocks is not None and not self._clock_is_near(now):
            if self._jump is None:  # when clocks come again, the music goes on from here
                rolls = self.armed_s is None
                here = round(self._beats(now) * CLOCKS_PER_BEAT) if rolls else self._clocks + 1.0
                self._resume = self._jump = float(here)
            self._clocks = None
            self._halt(now)
            self.armed_s, self.lost = now, True

    @property
    def _following(self) -> bool:
        return self._clocks is not None

    def _clock_is_near(self, now: float) -> bool:
        return self.clocked_s is not None and now - self.clocked_s <= KEEPS_TIME_S

    def _beats(self, at_s: float) -> float:
        return self.transport.timeline.beats(at_s)

    def _clock(self, at_s: float) -> None:
        pulse = self._pulse
        skipped = 0.0
        if self.clocked_s is not None and pulse.period_s is not None:
            gap_s = at_s - self.clocked_s
            if gap_s > max(GAP_S, 4 * pulse.period_s):
                skipped = round(gap_s / pulse.period_s) - 1.0
                pulse.restart()
        self.clocked_s, self.lost = at_s, False
        expected_s = pulse.expected_s if pulse.heard >= WARM else None
        if self._jump is not None and self.armed_s is not None:
            next_s = pulse.expected_s
            if next_s is None or abs(at_s - next_s) > ALIGNED_S:
                pulse.restart()
            pulse.hear(at_s)
            self._clocks, self._jump = self._jump, None
            self._origin, self._next_origin = self._next_origin or self._origin, None
            self._own = False
            if pulse.warm:
                self._start()
            else:  # the band listens first anyway
                self._halt(at_s)
        else:
            pulse.hear(at_s)
            if self._clocks is None:
                return
            self._clocks += 1.0 + skipped
            if self._loop_end is not None and self._clocks >= self._loop_end:
                self._loop_end = None  # it went on: the loop is off
            if self.armed_s is None:
                if expected_s is not None:
                    self.phase.add(at_s - expected_s)
                self._follow()
            elif pulse.heard >= WARM:
                self._start()

    def _arm(self, at_s: float, clocks: float) -> None:
        if self._clocks is not None and self._jump is None:
            self._left = self._clocks + 1.0, at_s
        if self._left is not None and at_s - self._left[1] <= JUMP_S and clocks < self._left[0]:
            self._loop_end = self._left[0]
        self.armed_s, self._jump = at_s, clocks

    def _start(self) -> None:
        self.armed_s = None
        self._roll(self._line())

    def _line(self) -> Timeline:
        clocks, period_s = self._clocks, self._pulse.period_s
        assert clocks is not None
        assert period_s is not None
        return Timeline(
            clocks / CLOCKS_PER_BEAT, self._pulse.at_s, 60.0 / (CLOCKS_PER_BEAT * period_s)
        )

    def _roll(self, timeline: Timeline) -> None:
        self.transport = Transport(self.transport.passage + 1, True, timeline)

    def _follow(self) -> None:
        self.transport = Transport(self.transport.passage, True, self._line())

    def _halt(self, at_s: float) -> None:
        old = self.transport
        if old.rolling:
            standing = Timeline(old.timeline.beats(at_s), at_s, old.timeline.tempo_bpm)
            self.transport = Transport(old.passage, False, standing)

    def _stop(self, at_s: float) -> None:
        self.armed_s, self.lost = None, False
        if self._clocks is not None:
            self._resume = self._clocks + 1.0
            self._left = self._resume, at_s
        self._clocks = None
        if not self._own:
            self._halt(at_s)

    def _position(self, at_s: float, count: int) -> None:
        if self.unit is PositionUnit.AUTO and self._origin is not None:
            self._tell_unit(count, *self._origin)
        if count % CLOCKS_PER_BEAT:
            self.likely = PositionUnit.SIXTEENTHS  # who counts clocks says quarters only
        unit = self.likely if self.unit is PositionUnit.AUTO else self.unit
        clocks = float(count if unit is PositionUnit.CLOCKS else count * 6)
        if self._clocks is None:
            self._jump = clocks
        elif abs(clocks - self._clocks - 1.0) > 6.0:
            self._arm(at_s, clocks)
        if self._jump is not None:
            self._next_origin = count, clocks

    def _tell_unit(self, count: int, began: int, began_clocks: float) -> None:
        """A position sent at a stop, or in passing, is where we are: in one unit or the other.

        That is seen by how far it lies from the position at which the run `began`, wherever in the
        song that was. Ardour rounds up to the next quarter, where it will send Continue.
        """
        here = self._clocks if self._clocks is not None else self._resume
        run = here - began_clocks
        if run < 2 * CLOCKS_PER_BEAT:
            return  # too short: both units say about the same
        next_beat = ceil((began + run) / CLOCKS_PER_BEAT) * CLOCKS_PER_BEAT
        if abs(count - began - run) <= 3 or count == next_beat:
            self.unit = PositionUnit.CLOCKS
        elif abs(count - began - run / 6.0) <= 1:
            self.unit = PositionUnit.SIXTEENTHS


class OwnTempo(Clock):
    """Keeps `tempo_bpm` from the player's first note on, whatever clock comes in."""

    def __init__(self, tempo_bpm: float) -> None:
        super().__init__(tempo_bpm)

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in nothing: the time is one's own."""
