"""What the player does -> notes at the nearest cell, each at its place on the tape."""

import math
from collections.abc import Collection, Iterable
from functools import cached_property

import msgspec

from schmubert.bridge.brain.played import Played
from schmubert.bridge.brain.sounds import Sounds
from schmubert.bridge.brain.tape import Passage, Tape, nearest, up_to, write
from schmubert.bridge.brain.touch import Touch
from schmubert.bridge.protocol.messages import Heard, Moved, Pedal
from schmubert.bridge.protocol.meters import in_quarters
from schmubert.bridge.protocol.timeline import GRACE_S, USUAL_BPM, Timeline
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import GENERAL_MIDI_DRUMS, Track

CONTINUE_QUARTERS = 1.0  # Ardour plays at once, but sends CONTINUE at the next quarter only
STALE_S = 1.0  # a brain that was restarted is told of a start long past
TRIMMED_BARS = 16  # forgotten at once
EARLY_NOTES = 256  # kept while the transport stands: a start may be told some beats late


class Capture:
    """Writes down what `hears` play and what the machine played, and remembers `keep_bars`.

    Steps are cells of `meter`.
    """

    def __init__(self, hears: Iterable[Track], keep_bars: int, meter: Meter = COMMON) -> None:
        self.hears = frozenset(hears)
        self.meter = meter
        self.rolling = False
        self.passage = -1
        """The number of the passage, as the owner counts them."""
        self.sounds = Sounds()
        self.touch = Touch(meter.steps)
        self._bar, self._cells = meter.steps, meter.cells
        self._keep = keep_bars * self._bar
        self.played = Played(self._keep, self._bar)
        self._timeline = Timeline(0.0, 0.0, USUAL_BPM)
        self._shift = 0
        self._passages: list[Passage] = []  # those that are over
        self._since = 0
        self._started_s = 0.0
        self._early: list[Heard] = []

    # Time

    @property
    def first_step(self) -> int:
        """The first step that is remembered, a bar line."""
        return self.played.first_step

    def step_at(self, at_s: float) -> float:
        """The step of the tape at `at_s`."""
        return self._timeline.beats(at_s) * self._cells + self._shift

    def step_of(self, beat: float) -> float:
        """The step of the tape in which `beat` of the song stands, in this passage."""
        return beat * self._cells + self._shift

    def seconds(self, step: float) -> float:
        """When `step` of the tape sounds."""
        return self._timeline.seconds(self.beat(step))

    def beat(self, step: float) -> float:
        """The beat of the song in which `step` of the tape stands."""
        return (step - self._shift) / self._cells

    def bar(self, step: float) -> int:
        """The song's bar of `step`, counted from 1, in the passage in which that was played."""
        return max(0, math.floor((step - self._shift_at(step)) / self._bar)) + 1

    def bars(self, begin: int, end: int) -> str:
        """The song's bars from `begin` to `end`, bar lines of the tape, as players say them.

        Where the song jumped they are told in the order of playing: bar 6 to 9, then 2 to 3.
        """
        runs: list[tuple[int, int]] = []
        for bar in map(self.bar, range(begin, end, self._bar)):
            first, last = runs[-1] if runs else (bar, bar)
            if runs and bar == last + 1:
                runs[-1] = first, bar
            else:
                runs.append((bar, bar))
        names = [f"{first} to {last}" if last > first else f"{first}" for first, last in runs]
        return f"bar {', then '.join(names)}"

    def _shift_at(self, step: float) -> int:
        """How many steps more the tape has at `step` than the song; each passage begins a bar."""
        begun = ((one.begin, one.shift) for one in reversed(self._passages))
        for begin, shift in ((self._since, self._shift), *begun):
            if step >= begin // self._bar * self._bar:
                return shift
        return self._shift

    def heard_until(self, now: float) -> int:
        """The first step in which a note played from `now` on would still be written."""
        return max(self._since, nearest(self.step_at(now)))

    def at(self, now: float) -> "Moment":
        """All that is known at `now`."""
        return Moment(self, now)

    def tape(self, now: float) -> Tape:
        """What was heard up to `now`, and all that was played."""
        until = self.heard_until(now) if self.rolling else self._since
        passages = [*self._passages, Passage(self._since, until, self._shift)]
        return write(
            self.first_step, self.hears, list(self.sounds), self.played.rows, passages, self._bar
        )

    # The transport

    def roll(self, moved: Moved, now: float) -> int:
        """A new passage begins; returns the step of the tape at which it does.

        Where it began long before `now`, and no note came since, nobody listened until now.
        """
        listened = any(heard.at_s >= moved.at_s - GRACE_S for heard in self._early)
        if now - moved.at_s > STALE_S and not listened:
            beat = Timeline(moved.at_beat, moved.at_s, moved.tempo_bpm).beats(now)
            moved = msgspec.structs.replace(moved, at_beat=beat, at_s=now)
        jumped = self.rolling
        if jumped:
            self._end_passage(self.heard_until(moved.at_s))
        tape_end = max((passage.end for passage in self._passages), default=self.first_step)
        self.played.erase_all(tape_end)  # what was committed beyond the end was never played
        bar_line = up_to(tape_end, self._bar)
        start = nearest(moved.at_beat * self._cells)
        dates_back = not jumped and start > 0
        pickup = dates_back and self._played_before(moved)
        first = max(0, start - pickup)
        self._shift = bar_line - first // self._bar * self._bar
        self.follow(moved)
        start += self._shift
        self._since = start
        self._started_s = moved.at_s - GRACE_S
        self.passage = moved.passage
        self.rolling = True
        for sound in self.sounds:
            if sound.onset_s >= self._started_s:
                onset = max(start, nearest(self.step_at(sound.onset_s)))
                sound.move(onset - sound.onset)
        if dates_back:
            self._started_s -= self._continue_s(moved)
        early = [heard for heard in self._early if heard.at_s >= self._started_s]
        self._early.clear()
        for heard in early:
            if heard.velocity and heard.at_s < moved.at_s - GRACE_S:
                onset = nearest(self.step_at(heard.at_s))
                self._since = min(self._since, max(bar_line, onset))
            self.hear(heard)
        return start

    def _played_before(self, moved: Moved) -> bool:
        """Whether notes came in the quarter before `moved`: a start has to leave room for them."""
        from_s = moved.at_s - self._continue_s(moved)
        return any(
            heard.velocity and from_s <= heard.at_s < moved.at_s - GRACE_S for heard in self._early
        )

    def _continue_s(self, moved: Moved) -> float:
        """How long before `moved` the music may have begun."""
        return CONTINUE_QUARTERS * 60.0 / in_quarters(moved.tempo_bpm, self.meter)

    def follow(self, moved: Moved) -> None:
        """The same passage goes on, on a line that may have changed."""
        self._timeline = Timeline(moved.at_beat, moved.at_s, moved.tempo_bpm)

    def halt(self, at_s: float) -> None:
        """The transport stops; what still sounds ends here."""
        if self.rolling:
            step = self.heard_until(at_s)
            self.sounds.end_all(step)
            self._end_passage(step)
            self.rolling = False

    def _end_passage(self, step: int) -> None:
        self._passages.append(Passage(self._since, step, self._shift))

    # Memory

    def skip_empty_bars(self, now: float) -> int:
        """Take bars in which nobody played off the tape (memory is for music); the steps taken."""
        taken = 0
        while True:
            line = int(self.step_at(now) // self._bar) * self._bar
            bar = line - self._bar
            if bar < self._since // self._bar * self._bar:
                break
            if self.played.anything(bar, line) or self.sounds.keys_down(bar, line):
                break
            self._shift -= self._bar
            taken += self._bar
            self._since = min(self._since, bar)
            for sound in self.sounds:
                if sound.onset >= line:
                    sound.move(-self._bar)
        return taken

    def trim(self, now: float) -> None:
        """Forget bars long gone."""
        line = int(self.step_at(now) // self._bar) * self._bar
        if line - self.first_step < self._keep + TRIMMED_BARS * self._bar:
            return
        self.played.forget_before(line - self._keep)
        self.sounds.forget_before(self.first_step)
        self._passages = [one for one in self._passages if one.end > self.first_step]

    # Notes

    def hear(self, heard: Heard) -> int | None:
        """A note begins or ends; returns the step of an onset that was written down."""
        role = Track(heard.role)
        if role not in self.hears:
            return None
        if not self.rolling:
            self._early = [*self._early[1 - EARLY_NOTES :], heard]
            if heard.velocity:
                return None
        if heard.velocity == 0:
            self.sounds.release(role, heard.pitch, nearest(self.step_at(heard.at_s)))
            return None
        if role is Track.DRUMS and heard.pitch not in GENERAL_MIDI_DRUMS:
            return None
        if heard.at_s < self._started_s:
            return None
        exact = self.step_at(heard.at_s)
        onset = max(self._since, nearest(exact))
        self.touch.note_on(onset, exact - onset, heard.velocity)
        self.sounds.begin(role, heard.pitch, heard.at_s, onset)
        return onset

    def pedal(self, pedal: Pedal) -> None:
        """CC 64: notes whose keys are up sound on until it is up."""
        if pedal.down:
            self.sounds.press_pedal(Track(pedal.role))
        else:
            self.sounds.lift_pedal(Track(pedal.role), nearest(self.step_at(pedal.at_s)))

    def silent_since(self, roles: Collection[Track]) -> int | None:
        """The step in which the last key of `roles` went up; None while one is down."""
        return self.sounds.silent_since(roles, self.first_step)


class Moment:
    """What is known at `now`; the tape is written once, when it is first read."""

    def __init__(self, capture: Capture, now: float) -> None:
        self.now = now
        self.capture = capture
        self.played = capture.played

    @cached_property
    def tape(self) -> Tape:
        """What was heard, and what had been played when the tape was first read."""
        return self.capture.tape(self.now)

    @cached_property
    def heard_until(self) -> int:
        """The first step in which a note played from now on would still be written."""
        return self.capture.heard_until(self.now)
