"""Played notes -> a grid at the nearest 16th, with what the machine played beside it: the tape.

Steps of the tape are 16ths in the order of hearing, on bar lines: a loop or a jump of the song
goes on in the next bar of the tape and rewrites nothing. What was not lived through is MASK.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.protocol.messages import Heard, Moved, Pedal
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.diffusion.guides import PITCH_CLASSES
from schmubert.engine.music.score import (
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    Mask,
    Note,
    Tokens,
    monophonic,
)
from schmubert.engine.music.vocabulary import (
    GENERAL_MIDI_DRUMS,
    HOLD,
    MASK,
    Track,
    first_onset,
    fold,
)

GRACE_S = 0.030  # some DAWs send the first note before START, or before the end of a loop
CONTINUE_BEATS = 1.0  # Ardour plays at once, but sends CONTINUE at the next quarter only
STALE_S = 1.0  # a brain that was restarted is told of a start long past
TRIMMED_BARS = 16  # forgotten at once
MEAN_OF = 32  # notes that make the player's loudness
UNHEARD_VELOCITY = 80.0
FEEL_OF = 64  # notes that make the player's feel


@dataclass
class _Sound:
    """A note as it was played; steps of the tape, `key_end` and `end` None while it lasts."""

    role: Track
    pitch: int
    onset_s: float
    onset: int
    key_end: int | None = None
    end: int | None = None

    def move(self, by_steps: int) -> None:
        self.onset += by_steps
        self.key_end = None if self.key_end is None else self.key_end + by_steps
        self.end = None if self.end is None else self.end + by_steps


class _Lived(NamedTuple):
    """Steps of the tape in which somebody listened, `shift` more than those of the song."""

    begin: int
    end: int
    shift: int


class Capture:
    """Writes down what `hears` play and what the machine played, and remembers `keep_bars`."""

    def __init__(self, hears: Iterable[Track], keep_bars: int) -> None:
        self.hears = frozenset(hears)
        self.rolling = False
        self.changes = 0
        """Grows with each note that begins or ends."""
        self.first_step = 0
        self._keep = keep_bars * STEPS_PER_BAR
        self._timeline = Timeline(0.0, 0.0, 120.0)
        self._shift = 0
        self._lived: list[_Lived] = []
        self._since = 0
        self._started_s = 0.0
        self._own = _unknown(self._keep)
        self._sounds: list[_Sound] = []
        self._early: list[Heard] = []
        self._pedals: set[Track] = set()
        self._velocities: deque[int] = deque(maxlen=MEAN_OF)
        self._struck: deque[tuple[int, float, int]] = deque(maxlen=FEEL_OF)

    # Time

    def step_at(self, at_s: float) -> float:
        """The step of the tape at `at_s`."""
        return self._timeline.beats(at_s) * STEPS_PER_BEAT + self._shift

    def seconds(self, step: float) -> float:
        """When `step` of the tape sounds."""
        return self._timeline.seconds(self.beat(step))

    def beat(self, step: float) -> float:
        """The beat of the song in which `step` of the tape stands."""
        return (step - self._shift) / STEPS_PER_BEAT

    def heard_until(self, now: float) -> int:
        """The first step in which a note played from `now` on would still be written."""
        return max(self._since, _nearest(self.step_at(now)))

    def roll(self, moved: Moved, now: float) -> int:
        """A new passage begins; returns the step of the tape at which it does.

        Where it began long before `now`, nobody listened until now.
        """
        if now - moved.at_s > STALE_S:
            beat = Timeline(moved.at_beat, moved.at_s, moved.tempo_bpm).beats(now)
            moved = msgspec.structs.replace(moved, at_beat=beat, at_s=now)
        jumped = self.rolling
        if jumped:
            self._close(self.heard_until(moved.at_s))
        tape_end = max((lived.end for lived in self._lived), default=self.first_step)
        # what was committed beyond the end was never played
        self._own[max(0, tape_end - self.first_step) :] = MASK
        bar_line = -(-tape_end // STEPS_PER_BAR) * STEPS_PER_BAR
        start = _nearest(moved.at_beat * STEPS_PER_BEAT)
        dates_back = not jumped and start > 0
        pickup = dates_back and self._played_before(moved)
        first = max(0, start - pickup)
        self._shift = bar_line - first // STEPS_PER_BAR * STEPS_PER_BAR
        self.follow(moved)
        start += self._shift
        self._since = start
        self._started_s = moved.at_s - GRACE_S
        self.rolling = True
        for sound in self._sounds:
            if sound.onset_s >= self._started_s:
                onset = max(start, _nearest(self.step_at(sound.onset_s)))
                sound.move(onset - sound.onset)
        if dates_back:
            self._started_s -= CONTINUE_BEATS * 60.0 / moved.tempo_bpm
        early = [heard for heard in self._early if heard.at_s >= self._started_s]
        self._early.clear()
        for heard in early:
            if heard.velocity and heard.at_s < moved.at_s - GRACE_S:
                onset = _nearest(self.step_at(heard.at_s))
                self._since = min(self._since, max(bar_line, onset))
            self.hear(heard)
        return start

    def _played_before(self, moved: Moved) -> bool:
        """Whether notes came in the beat before `moved`: a start has to leave room for them."""
        from_s = moved.at_s - CONTINUE_BEATS * 60.0 / moved.tempo_bpm
        return any(
            heard.velocity and from_s <= heard.at_s < moved.at_s - GRACE_S for heard in self._early
        )

    def follow(self, moved: Moved) -> None:
        """The same passage, on a line that may have changed."""
        self._timeline = Timeline(moved.at_beat, moved.at_s, moved.tempo_bpm)

    def halt(self, at_s: float) -> None:
        """The transport stops; what still sounds ends here."""
        if not self.rolling:
            return
        step = self.heard_until(at_s)
        for sound in self._sounds:
            if sound.end is None:
                sound.key_end = sound.key_end or max(step, sound.onset + 1)
                sound.end = max(step, sound.onset + 1)
        self._close(step)
        self.rolling = False

    def skip_empty_bars(self, now: float) -> int:
        """Take bars in which nobody played off the tape (memory is for music); the steps taken."""
        taken = 0
        while True:
            line = int(self.step_at(now) // STEPS_PER_BAR) * STEPS_PER_BAR
            bar = line - STEPS_PER_BAR
            rows = slice(max(0, bar - self.first_step), max(0, line - self.first_step))
            if bar < self._since // STEPS_PER_BAR * STEPS_PER_BAR:
                break
            if (self._own[rows] != np.asarray(MASK)).any():
                break
            if any(s.onset < line and (s.key_end is None or s.key_end > bar) for s in self._sounds):
                break
            self._shift -= STEPS_PER_BAR
            taken += STEPS_PER_BAR
            self._since = min(self._since, bar)
            for sound in self._sounds:
                if sound.onset >= line:
                    sound.move(-STEPS_PER_BAR)
        return taken

    def trim(self, now: float) -> None:
        """Forget bars long gone."""
        line = int(self.step_at(now) // STEPS_PER_BAR) * STEPS_PER_BAR
        if line - self.first_step < self._keep + TRIMMED_BARS * STEPS_PER_BAR:
            return
        self._own = self._own[line - self._keep - self.first_step :]
        self.first_step = line - self._keep
        self._sounds = [s for s in self._sounds if s.end is None or s.end > self.first_step]
        self._lived = [lived for lived in self._lived if lived.end > self.first_step]

    # Notes

    def hear(self, heard: Heard) -> int | None:
        """A note begins or ends; returns the step of an onset that was written down."""
        role = Track(heard.role)
        if role not in self.hears:
            return None
        if not self.rolling:
            self._early = [*self._early[-63:], heard]
            if heard.velocity:
                return None
        if heard.velocity == 0:
            self._release(role, heard.pitch, heard.at_s)
            return None
        if role is Track.DRUMS and heard.pitch not in GENERAL_MIDI_DRUMS:
            return None
        if heard.at_s < self._started_s:
            return None
        self._velocities.append(heard.velocity)
        self.changes += 1
        exact = self.step_at(heard.at_s)
        onset = max(self._since, _nearest(exact))
        self._struck.append((onset % STEPS_PER_BAR, exact - onset, heard.velocity))
        sound = _Sound(role, heard.pitch, heard.at_s, onset)
        for other in self._open(role, heard.pitch):  # struck again under the pedal
            other.key_end = other.end = max(sound.onset, other.onset)
        if role is Track.DRUMS:
            sound.key_end = sound.end = sound.onset + 1
        self._sounds.append(sound)
        return sound.onset

    def pedal(self, pedal: Pedal) -> None:
        """CC 64: notes whose keys are up sound on until it is up."""
        role = Track(pedal.role)
        if pedal.down:
            self._pedals.add(role)
            return
        self._pedals.discard(role)
        step = _nearest(self.step_at(pedal.at_s))
        for sound in self._sounds:
            if sound.role is role and sound.key_end is not None and sound.end is None:
                sound.end = max(step, sound.key_end)
                self.changes += 1

    def _release(self, role: Track, pitch: int, at_s: float) -> None:
        step = _nearest(self.step_at(at_s))
        for sound in self._open(role, pitch):
            if sound.key_end is None:
                sound.key_end = max(step, sound.onset + 1)
                self.changes += 1
                if role not in self._pedals:
                    sound.end = sound.key_end

    def _open(self, role: Track, pitch: int) -> list[_Sound]:
        return [
            sound
            for sound in self._sounds
            if sound.end is None and sound.role is role and sound.pitch == pitch
        ]

    @property
    def mean_velocity(self) -> float:
        """The player's loudness of late, 1 to 127."""
        if not self._velocities:
            return UNHEARD_VELOCITY
        return sum(self._velocities) / len(self._velocities)

    @property
    def feel(self) -> tuple[list[float], list[float]]:
        """The player's delays in 16ths [16] and factors of loudness [16], 0 and 1 where unheard."""
        delays, factors = [0.0] * STEPS_PER_BAR, [1.0] * STEPS_PER_BAR
        for place in {place for place, _, _ in self._struck}:
            here = [(late, loud) for at, late, loud in self._struck if at == place]
            delays[place] = sum(late for late, _ in here) / len(here)
            factors[place] = sum(loud for _, loud in here) / len(here) / self.mean_velocity
        return delays, factors

    def chord(self, from_step: int, to_step: int) -> NDArray[np.float64]:
        """How long each pitch class sounds in a chord, as a share of these steps: [12].

        A chord is two pitch classes at least, of all pitched instruments; a single line is none.
        """
        steps = max(1, to_step - from_step)
        sounding = np.zeros((steps, PITCH_CLASSES), bool)
        for sound in self._sounds:
            if sound.role is not Track.DRUMS and sound.onset < to_step:
                end = to_step if sound.end is None else sound.end
                rows = slice(max(0, sound.onset - from_step), max(0, end - from_step))
                sounding[rows, sound.pitch % PITCH_CLASSES] = True
        sounding[sounding.sum(axis=1) < 2] = False
        return np.asarray(sounding.mean(axis=0))

    def first_onset(self, from_step: int) -> int | None:
        """The first step from `from_step` on in which a player begins a note."""
        return min((s.onset for s in self._sounds if s.onset >= from_step), default=None)

    def silent_since(self, roles: Collection[Track]) -> int | None:
        """The step in which the last key of `roles` went up; None while one is down."""
        ends = [sound.key_end for sound in self._sounds if sound.role in roles]
        return None if None in ends else max((end for end in ends if end), default=self.first_step)

    # The tape

    def play(self, role: Track, from_step: int, cells: NDArray[np.int64]) -> None:
        """The machine plays `cells` [steps] in `role`, from `from_step` on."""
        row = from_step - self.first_step
        missing = row + len(cells) - len(self._own)
        if missing > 0:
            self._own = np.concatenate([self._own, _unknown(missing + self._keep)])
        self._own[row : row + len(cells), role] = cells

    def played(self, role: Track, from_step: int, to_step: int) -> NDArray[np.int64]:
        """What the machine played in `role`: [steps], fewer where it has not played so far."""
        rows = self._own[max(0, from_step - self.first_step) : to_step - self.first_step, role]
        unknown = np.flatnonzero(rows == MASK[role])
        return np.array(rows[: unknown[0] if len(unknown) else len(rows)])

    def last_bar(self, role: Track, before_step: int) -> NDArray[np.int64]:
        """What the machine played last in each 16th of a bar: [16], MASK where it has not."""
        bar = np.full(STEPS_PER_BAR, MASK[role], np.int64)
        end = max(0, before_step - self.first_step)
        for row, cell in enumerate(self._own[:end, role].tolist()):
            if cell != MASK[role]:
                bar[row % STEPS_PER_BAR] = cell
        return bar

    def unplay(self, role: Track, from_step: int) -> None:
        """From `from_step` on the machine does not play `role` after all."""
        self._own[max(0, from_step - self.first_step) :, role] = MASK[role]

    def tape(self, now: float) -> Tokens:
        """What was heard up to `now`, and all that was played: [steps, 3] from `first_step`."""
        until = self.heard_until(now) if self.rolling else self._since
        played = np.flatnonzero((self._own != np.asarray(MASK)).any(axis=1))
        end = max([until - self.first_step, *(played[-1:] + 1), *self._ends()])
        rows = -(-end // STEPS_PER_BAR) * STEPS_PER_BAR
        tokens = np.tile(np.asarray(MASK), (rows, 1))
        tokens[: len(self._own)] = self._own[:rows]
        lived = self._lived_rows(rows, until)
        for role in self.hears:
            heard = np.where(lived, self._column(role, rows), MASK[role])
            own = tokens[:, role]
            tokens[:, role] = np.where(own == MASK[role], heard, own)
        return tokens

    def last_time(self, from_step: int, to_step: int, now: float) -> Tokens:
        """What was played the last time that the song came by these steps: [steps, 3].

        MASK where it never did, and everywhere where the player does not play now what was played
        then: in the last bar, or since the jump.
        """
        tape = self.tape(now)
        heard_until = self.heard_until(now)
        since = max(self._since, heard_until - STEPS_PER_BAR)
        now_played, then = tape[since - self.first_step :], self._earlier(tape, since, heard_until)
        for role in self.hears:
            known = then[:, role] != MASK[role]
            ours = now_played[: len(then), role]
            onsets = (
                np.where(one >= first_onset(role), one, HOLD) for one in (ours, then[:, role])
            )
            if (next(onsets) != next(onsets))[known].any():
                return _unknown(to_step - from_step)
        return self._earlier(tape, from_step, to_step)

    def _earlier(self, tape: Tokens, from_step: int, to_step: int) -> Tokens:
        tokens = _unknown(max(0, to_step - from_step))
        song = np.arange(from_step, to_step) - self._shift
        for begin, end, shift in self._lived:
            steps = song + shift
            there = (steps >= max(begin, self.first_step)) & (steps < end)
            tokens[there] = tape[steps[there] - self.first_step]
        return tokens

    def _column(self, role: Track, rows: int) -> NDArray[np.int64]:
        sounds = [sound for sound in self._sounds if sound.role is role]
        if role is Track.DRUMS:
            column = np.full(rows, HOLD, np.int64)
            for sound in sounds:
                if 0 <= sound.onset - self.first_step < rows:
                    column[sound.onset - self.first_step] |= 1 << GENERAL_MIDI_DRUMS[sound.pitch]
            return column
        onsets = sorted(sound.onset for sound in sounds)
        end = self.first_step + rows
        notes = []
        for sound in sounds:
            until = end if sound.end is None else sound.end
            if sound.key_end is not None and sound.key_end < until:
                # the pedal holds it, but only a key that is down keeps lower notes from being
                # the melody
                later = bisect_left(onsets, max(sound.key_end, sound.onset + 1))
                until = min([until, *onsets[later : later + 1]])
            notes.append(
                Note(sound.onset - self.first_step, until - sound.onset, fold(sound.pitch))
            )
        return monophonic(notes, rows)

    def _lived_rows(self, rows: int, until: int) -> Mask:
        lived = np.zeros(rows, bool)
        current = [_Lived(self._since, until, self._shift)] if self.rolling else []
        for begin, end, _ in self._lived + current:
            lived[max(0, begin - self.first_step) : max(0, end - self.first_step)] = True
        return lived

    def _ends(self) -> list[int]:
        return [lived.end - self.first_step for lived in self._lived[-1:]]

    def _close(self, until: int) -> None:
        self._lived.append(_Lived(self._since, until, self._shift))


def _nearest(step: float) -> int:
    return int(np.floor(step + 0.5))


def _unknown(steps: int) -> Tokens:
    return np.tile(np.asarray(MASK), (steps, 1))
