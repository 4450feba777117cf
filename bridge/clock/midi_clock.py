"""MIDI clock, Start, Stop, Continue and Song Position, or a tempo of one's own -> transport.

Pure: messages come with their time, and time passes by `tick`. Beat 0 is the first clock after
Start (MIDI 1.0 detailed specification, "System Real Time Messages"). `states.py` says what leads
from one state to another.
"""

from dataclasses import dataclass
from math import ceil, inf

from schmubert.bridge.clock.gap import Gap, Kind
from schmubert.bridge.clock.jitter import JitterMeter
from schmubert.bridge.clock.pulse import WARM, Pulse
from schmubert.bridge.clock.states import Event, State, follows
from schmubert.bridge.clock.transport import REST_BEATS, PositionUnit, standing
from schmubert.bridge.protocol.bytes import (
    CLOCK,
    CLOCKS_PER_16TH,
    CLOCKS_PER_QUARTER,
    CONTINUE,
    SONG_POSITION,
    START,
    STOP,
    position_in,
)
from schmubert.bridge.protocol.messages import Heard
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter

KEEPS_TIME_S = 2.0
"""How long the music goes on when the clock falls silent; then it holds."""
GAP_S = 0.25  # and four periods: less is a slow tempo, not a lost clock
ALIGNED_S = 0.004  # a first clock this near the running ones goes on with them
JUMP_S = 0.25  # Stop and Continue elsewhere within this are one jump: Ardour loops so
MIDI_CLOCK, OWN_TEMPO = "MIDI clock", "own tempo"
LATE_CLOCK_S = 0.030
"""How long the notes at a known loop end wait for the clock that says there is no jump."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run began: what a song position said of it, and that place in clocks as taken."""

    said: int
    clocks: float


@dataclass(frozen=True, slots=True)
class Departure:
    """A stop or a jump away: from which clock, and when."""

    clocks: float = 0.0
    at_s: float = -inf


class Clock:
    """Follows the transport of others, or keeps `tempo_bpm` from the first note on.

    `transport` is the answer after each call. A tempo serves only while no MIDI clock comes.
    Positions in the song are counted in clocks, and beats are those of `meter`.
    """

    def __init__(
        self,
        tempo_bpm: float | None = None,
        unit: PositionUnit = PositionUnit.AUTO,
        meter: Meter = COMMON,
    ) -> None:
        self.transport = standing(tempo_bpm)
        self._per_beat = meter.clocks
        self.state = State.STANDING
        self.tempo_bpm = tempo_bpm
        self.unit = unit
        """AUTO until a position tells which it is."""
        self.likely = PositionUnit.SIXTEENTHS
        self.jitter = JitterMeter()
        self._pulse = Pulse()
        self._clocked_s = -inf  # when the latest clock came
        self._noted_s = 0.0
        self._armed_s = 0.0  # when the start or jump was told that is awaited
        self._latest = 0.0  # position of the latest clock, while clocks count
        self._stood = 0.0  # where the last run ended
        self._place = 0.0  # where the next run begins
        self._left = Departure()
        self._loop_end = inf  # position of the last jump back
        self._gap: Gap | None = None
        """The clocks ceased for a while, and it is not known yet what that was."""
        self._origin: Origin | None = None
        self._next_origin: Origin | None = None

    @property
    def armed_s(self) -> float | None:
        """When Start, Continue or a jump came whose first clock is still awaited."""
        return self._armed_s if self.state.armed else None

    @property
    def lost(self) -> bool:
        """Whether the music stands because the clocks ceased."""
        return self.state.lost

    @property
    def rules(self) -> str:
        """Who tells the time now."""
        return OWN_TEMPO if self.state.own else MIDI_CLOCK

    @property
    def waits(self) -> bool:
        """Neither a MIDI clock nor a tempo of one's own tells the time."""
        return self.tempo_bpm is None and self._clocked_s == -inf and not self.state.armed

    def sure_until(self, now: float) -> float:
        """The beat before which no jump is expected at `now`: a loop's end, or infinity.

        A loop's last clock and its jump are one instant; which of both comes is known only then,
        and a note sent before would be of the bar that nobody hears.
        """
        if not self.state.counts or self._latest >= self._loop_end:
            return inf
        end_beat = self._loop_end / self._per_beat
        waits = now < self.transport.timeline.seconds(end_beat) + LATE_CLOCK_S
        return end_beat if waits else inf

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in a system message; others are ignored."""
        status = message[0]
        if status == CLOCK:
            self._clock(at_s)
            return
        if status in (START, CONTINUE, STOP, SONG_POSITION):
            self._settle()
        if status == START:
            self._arm(at_s, 0.0, Event.START)
            self._next_origin = Origin(0, 0.0)
        elif status == CONTINUE:
            if self.state not in (State.WARMING, State.ROLLING):  # these are under way
                self._arm(at_s, self._place, Event.CONTINUE)
        elif status == STOP:
            self._stop(at_s)
        elif status == SONG_POSITION and len(message) == 3:
            self._position(at_s, position_in(message))

    def note(self, heard: Heard) -> None:
        """A player's note begins: with a tempo of one's own, the first one is beat 0."""
        at_s = heard.at_s
        self.tick(at_s, idle=False)  # clocks may have ceased just before
        self._noted_s = at_s
        if self.tempo_bpm is None or self._clock_is_near(at_s):
            return
        before = self._go(Event.NOTE)
        if self.state is not before:
            self._gap = None
            self.transport = self.transport.rolled(Timeline(0.0, at_s, self.tempo_bpm))

    def turn_tempo(self, tempo_bpm: float) -> bool:
        """Keep `tempo_bpm`, in beats, from the next tick on; False where others tell the time."""
        if self.tempo_bpm is None:
            return False
        self.tempo_bpm = tempo_bpm
        return not self.state.counts

    def tick(self, now: float, idle: bool) -> None:
        """Let time pass; `idle` says that nothing sounds or is planned."""
        if self.state.own:
            line = self.transport.timeline
            if self.tempo_bpm is not None and self.tempo_bpm != line.tempo_bpm:
                turned = Timeline(line.beats(now), now, self.tempo_bpm)
                self.transport = self.transport.followed(turned)
            rest_s = REST_BEATS * 60.0 / self.transport.timeline.tempo_bpm
            if idle and now - self._noted_s > rest_s:
                self._go(Event.REST)
                self.transport = self.transport.halted(now)
        elif self.state.counts and not self._clock_is_near(now):
            self._lose(now)

    def _go(self, event: Event) -> State:
        """Let `event` happen; the state before it."""
        before = self.state
        self.state = follows(before, event)
        return before

    def _clock_is_near(self, now: float) -> bool:
        return now - self._clocked_s <= KEEPS_TIME_S

    def _clock(self, at_s: float) -> None:
        pulse = self._pulse
        if self._ceased(at_s) and self.state is not State.LOST:
            self._settle()
            if self.state is State.ROLLING:
                self._gap = Gap(self._latest, pulse)
        if self._gap is not None:
            self._clock_after(self._gap, at_s)
            return
        skipped = self._skipped(at_s)
        if skipped:
            pulse.restart()
        self._clocked_s = at_s
        expected_s = pulse.expected_s if pulse.heard >= WARM else None
        if self.state.awaits_first:
            next_s = pulse.expected_s
            if next_s is None or abs(at_s - next_s) > ALIGNED_S:
                pulse.restart()
        pulse.hear(at_s)
        before = self._go(Event.CLOCK if pulse.warm else Event.EARLY_CLOCK)
        if before.awaits_first:
            self._latest, self._origin = self._place, self._next_origin
        elif before.counts:
            self._latest += 1.0 + skipped
            if self._latest >= self._loop_end:
                self._loop_end = inf  # it went on: the loop is off
        if self.state is State.WARMING:  # the band listens first anyway
            self.transport = self.transport.halted(at_s)
        elif self.state is State.ROLLING and before is State.ROLLING:
            if expected_s is not None:
                self.jitter.add(at_s - expected_s)
            self.transport = self.transport.followed(self._line())
        elif self.state is State.ROLLING:
            self.transport = self.transport.rolled(self._line())

    def _ceased(self, at_s: float) -> bool:
        """Whether the clock at `at_s` comes after a gap."""
        period_s = self._pulse.period_s
        return period_s is not None and at_s - self._clocked_s > max(GAP_S, 4 * period_s)

    def _skipped(self, at_s: float) -> float:
        """How many clocks were left out before the one at `at_s`, before a tempo is known."""
        period_s = self._pulse.period_s
        if period_s is None or not self._ceased(at_s):
            return 0.0
        return round((at_s - self._clocked_s) / period_s) - 1.0

    def _clock_after(self, gap: Gap, at_s: float) -> None:
        """A clock after a gap: the music goes on as it did, or stands, until it is known where."""
        self._clocked_s = at_s
        if self.state is State.LOST:
            self._go(Event.EARLY_CLOCK)
        if gap.hear(at_s):
            self._settle()

    def _settle(self) -> None:
        """Say where the music is after a gap, by what clocks have come since; else nothing."""
        gap, self._gap = self._gap, None
        if gap is None or not gap.recent:
            return
        self._pulse.restart()
        for at_s in gap.recent:
            self._pulse.hear(at_s)
        back = gap.back()
        self._latest = back.on_line if back.kind is Kind.LOST else back.counted
        if self._latest >= self._loop_end:
            self._loop_end = inf
        held = self._go(Event.CLOCK) is not State.ROLLING
        stays = not held and abs(self._latest - back.on_line) <= CLOCKS_PER_16TH
        go_on = self.transport.followed if stays else self.transport.rolled
        self.transport = go_on(self._line())

    def _line(self) -> Timeline:
        """The line that the clocks lie on, once they tell a tempo."""
        period_s = self._pulse.period_s
        assert period_s is not None
        beat = self._latest / self._per_beat
        return Timeline(beat, self._pulse.at_s, 60.0 / (self._per_beat * period_s))

    def _arm(self, at_s: float, clocks: float, event: Event) -> None:
        """The next clock is to be at `clocks`, as `event` says."""
        if self.state in (State.WARMING, State.ROLLING):
            self._left = Departure(self._latest + 1.0, at_s)
        if at_s - self._left.at_s <= JUMP_S and clocks < self._left.clocks:
            self._loop_end = self._left.clocks
        self._armed_s, self._place = at_s, clocks
        self._go(event)

    def _stop(self, at_s: float) -> None:
        before = self._go(Event.STOP)
        if before.counts:
            self._stood = self._latest + 1.0
            self._left = Departure(self._stood, at_s)
            if before is not State.JUMPING:  # else it goes on where it was told to
                self._place = self._stood
        if not self.state.own:
            self.transport = self.transport.halted(at_s)

    def _lose(self, now: float) -> None:
        """No clock comes any more: hold, until one tells what the silence was."""
        self._settle()
        before = self._go(Event.SILENCE)
        if before is State.ROLLING:
            self._gap = Gap(self._latest, self._pulse)
        if before is not State.JUMPING:
            self._stood = self._place = self._latest + 1.0
        self.transport = self.transport.halted(now)
        self._armed_s = now

    def _position(self, at_s: float, count: int) -> None:
        if self.unit is PositionUnit.AUTO and self._origin is not None:
            self._tell_unit(count, self._origin)
        if count % CLOCKS_PER_QUARTER:
            self.likely = PositionUnit.SIXTEENTHS  # who counts clocks says quarters only
        unit = self.likely if self.unit is PositionUnit.AUTO else self.unit
        clocks = float(count if unit is PositionUnit.CLOCKS else count * CLOCKS_PER_16TH)
        if not self.state.counts:
            self._place = clocks
        elif abs(clocks - self._latest - 1.0) > CLOCKS_PER_16TH:
            self._arm(at_s, clocks, Event.ELSEWHERE)
        if self.state not in (State.WARMING, State.ROLLING):  # these go on in their run
            self._next_origin = Origin(count, clocks)

    def _tell_unit(self, count: int, began: Origin) -> None:
        """A position sent at a stop, or in passing, is where we are: in one unit or the other.

        That is seen by how far it lies from the position at which the run `began`, wherever in the
        song that was. Ardour rounds up to the next quarter, where it will send Continue.
        """
        run = (self._latest if self.state.counts else self._stood) - began.clocks
        if run < 2 * CLOCKS_PER_QUARTER:
            return  # too short: both units say about the same
        here = began.said + run
        next_quarter = ceil(here / CLOCKS_PER_QUARTER) * CLOCKS_PER_QUARTER
        if abs(count - here) <= 3 or count == next_quarter:
            self.unit = PositionUnit.CLOCKS
        elif abs(count - began.said - run / CLOCKS_PER_16TH) <= 1:
            self.unit = PositionUnit.SIXTEENTHS


class OwnTempo(Clock):
    """Keeps `tempo_bpm`, in beats, from the player's first note on, whatever clock comes in."""

    def __init__(self, tempo_bpm: float) -> None:
        super().__init__(tempo_bpm)

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in nothing: the time is one's own."""

    @property
    def rules(self) -> str:
        """Who tells the time."""
        return OWN_TEMPO
