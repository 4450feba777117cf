"""The brain: a message or the time in, actions out. No I/O, no clock of its own.

It listens, enters on a downbeat, and from then on commits unit by unit (a beat, if nothing else
is said) what it plays: from the latest draft, or the groove where none reaches. A commit is
final: it goes to the port owner one minimal reply time before it sounds.
"""

import math
from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.candidates import Audition
from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.brain.dialogue import TRANSIT_S, Dialogue
from schmubert.bridge.brain.dynamics import events
from schmubert.bridge.brain.feel import feel
from schmubert.bridge.brain.groove import BARS_BACK, heard_root, held
from schmubert.bridge.brain.knobs import knobs
from schmubert.bridge.brain.mode_switch import PHRASES, Sharing
from schmubert.bridge.brain.modes import Phrase
from schmubert.bridge.brain.plan import Plan, as_sounded
from schmubert.bridge.brain.settings import UNITS, Settings
from schmubert.bridge.brain.window import leading, window
from schmubert.bridge.protocol.controls import ON
from schmubert.bridge.protocol.messages import (
    Control,
    Event,
    Heard,
    Moved,
    Pedal,
    Play,
    Say,
    Silence,
)
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track
from schmubert.engine.service.wire import Draft, Failed, Goodbye, Request, Welcome

__all__ = ["Action", "BandState", "Conductor", "Message", "Settings"]

Message: TypeAlias = Moved | Heard | Pedal | Control | Welcome | Draft | Failed | Goodbye
Action: TypeAlias = Play | Silence | Say | Request

LATE_S = 0.030  # after a jump, a downbeat this late is better than none
RESUME_S = 1.0  # some DAWs loop by Stop and Continue: that is a jump, not an end
EPSILON_S = 1e-6


class BandState(Enum):
    """What the conductor is about."""

    STOPPED = auto()
    """The transport stands."""
    WAITING = auto()
    """It rolls, and nobody has played yet."""
    LISTENING = auto()
    """The player plays; the step at which to come in is known."""
    PLAYING = auto()


class Conductor:
    """Decides what is played and what is asked; `wake_at` (monotonic seconds) is the next tick."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.phase = BandState.STOPPED
        self.wake_at = math.inf
        self.asked_step = 0
        """The step of the tape at which the window of the latest ask begins."""
        self.knobs = knobs(settings.temperature, settings.controls, settings.bars)
        self.capture = Capture(settings.hears, keep_bars=settings.window_bars + BARS_BACK)
        self._traded = frozenset(settings.plays) & frozenset(settings.hears)
        self._sharing = Sharing(settings, self.knobs.bars)
        self._unit = UNITS[settings.commit]
        self._dialogue = Dialogue(settings)
        self._actions: list[Action] = []
        self._passage = -1
        self._stopped: tuple[BandState, float] = (BandState.STOPPED, -math.inf)
        self._waiting_from = 0
        self._counted_in = 0  # the step at which the count-in ends
        self._committed = 0  # the first step not committed; while listening, the step of entry
        self._turn = False
        self._sounding: dict[Track, int | None] = {}
        self._asked_unit = -1
        self._audition = Audition()
        self._glance: tuple[int, int] | None = None  # (committed, changes) at the first ask
        self._locked_from = 0  # the bar line from which on a locked bar goes round

    def receive(self, message: Message, now: float) -> list[Action]:
        """What follows from `message`, which came at `now`."""
        if isinstance(message, Moved):
            self._moved(message, now)
        elif isinstance(message, Heard):
            onset = self.capture.hear(message)
            mine = self._turn and message.role in self._traded
            if onset is not None and mine and self._sharing.rule.gives_back_at_a_note:
                self._give_back(onset)
        elif isinstance(message, Pedal):
            self.capture.pedal(message)
        elif isinstance(message, Control):
            self._turned(message, now)
        elif isinstance(message, Welcome):
            self._actions += self._dialogue.welcome(message)
        elif isinstance(message, Draft):
            self._actions += self._dialogue.draft(message, now)
        elif isinstance(message, Failed):
            self._actions += self._dialogue.failed(message)
        else:
            self._actions += self._dialogue.ended(self._without_engine)
        return self.tick(now)

    def tick(self, now: float) -> list[Action]:
        """What is due at `now`."""
        if self.phase is not BandState.STOPPED:
            self._advance(now)
        self.wake_at = self._next_wake(now)
        actions, self._actions = self._actions, []
        return actions

    # The player's knobs and pads

    def _turned(self, control: Control, now: float) -> None:
        before = self.knobs.silent(self.settings.plays)
        locked = self.knobs.locked
        self.knobs = self.knobs.turned(control)
        if control.name == "regenerate":
            for role in self._active:  # what it does not remember it does not go on with
                self.capture.unplay(role, self.capture.first_step)
        if control.name == "next" and self._commits:
            self._audition.ask()
        bar_line = _up_to(self._committed, STEPS_PER_BAR)
        if self.knobs.locked and not locked:
            self._locked_from = bar_line if self._commits else 0
        captured = self._sharing.phrase(control.name)
        if self._sharing.turned(control, self.knobs, bar_line, self.capture, now):
            self._dialogue.cut(bar_line)
            self._asked_unit = -1
            if control.name == "mode" and self._commits:
                self._actions.append(Say(f"bar {self._bar(bar_line)}: {self._sharing.mode.value}"))
        if control.name == "reroll" and control.value >= ON and not self._sharing.rerolls(bar_line):
            self._actions.append(Say("nothing to make anew: reroll is for the mode infill"))
        if control.name in PHRASES:
            self._actions.append(Say(self._captured(control.name, captured)))
        for role in self.knobs.silent(self.settings.plays) - before:
            self._actions.append(Silence(int(role)))
            self._sounding[role] = None

    def _captured(self, name: str, before: Phrase | None) -> str:
        phrase, called = self._sharing.phrase(name), f"phrase {name[-1].upper()}"
        if phrase is None or phrase is before:
            return f"no {called}: you have not played for a whole bar yet"
        first, last = self._bar(phrase.first_step), self._bar(phrase.end_step - 1)
        return f"{called}: bar {first}" + (f" to {last}" if last > first else "")

    # The transport

    def _moved(self, moved: Moved, now: float) -> None:
        if not moved.rolling:
            if self.phase is not BandState.STOPPED:
                self.capture.halt(moved.at_s)
                self._stopped = self.phase, now
                self.phase = BandState.STOPPED
                self._forget()
            return
        before = self.phase
        if before is not BandState.STOPPED and moved.passage == self._passage:
            self.capture.follow(moved)
            return
        if before is BandState.STOPPED and now - self._stopped[1] <= RESUME_S:
            before = self._stopped[0]
        start = self.capture.roll(moved, now)
        self._passage = moved.passage
        self._asked_unit = -1
        self._forget()
        self.phase = before
        if before is BandState.PLAYING:
            self._committed = max(start, math.ceil(self.capture.step_at(now - LATE_S)))
        elif before is BandState.LISTENING:
            self._committed = max(self._committed, _up_to(start, STEPS_PER_BAR))
        else:
            if before is BandState.STOPPED:
                count_in = self.settings.count_in_bars * STEPS_PER_BAR
                self._counted_in = _up_to(start, STEPS_PER_BAR) + count_in
            self._wait(start)

    def _wait(self, step: int) -> None:
        self.phase = BandState.WAITING
        self._waiting_from = step // STEPS_PER_BAR * STEPS_PER_BAR
        self._forget()

    def _forget(self) -> None:
        """Drop what was planned; what was heard and played stays."""
        self._dialogue.forget()
        self._glance = None
        self._audition.forget()
        self._turn = False
        self._sounding.clear()

    @property
    def _without_engine(self) -> str:
        playing = self.phase is BandState.PLAYING
        return "I hold the groove" if playing else "I come in once it answers"

    # Time

    def _advance(self, now: float) -> None:
        self.capture.trim(now)
        if now >= self._dialogue.lost_at - EPSILON_S:
            self._actions += self._dialogue.unanswered(self._without_engine)
        if self.phase is BandState.WAITING:
            self._counted_in -= self.capture.skip_empty_bars(now)
            onset = self.capture.first_onset(self._waiting_from)
            if onset is not None:
                self.phase = BandState.LISTENING
                bar = onset // STEPS_PER_BAR
                self._sharing.begin(bar * STEPS_PER_BAR)
                listened = (bar + self.settings.listen_bars) * STEPS_PER_BAR
                self._committed = max(listened, self._counted_in)
                self._actions.append(Say(f"bar {self._bar(onset)}: I listen"))
        while self._commits and now >= self._commit_at(self._committed) - EPSILON_S:
            self._commit_next(now)
        if self._commits and self._dialogue.free:
            self._ask_if_due(now)

    @property
    def _commits(self) -> bool:
        return self.phase in (BandState.LISTENING, BandState.PLAYING)

    def _commit_at(self, step: int) -> float:
        return self.capture.seconds(step) - self._dialogue.replies.lead_s

    def _next_wake(self, now: float) -> float:
        if not self._commits:
            return math.inf
        due = [self._commit_at(self._committed), self._dialogue.lost_at]
        if self._dialogue.free:
            due.append(self.capture.seconds((self._unit_at(now) + 1) * self._unit))
            if self._has_news and self._look_at() > now:
                due.append(self._look_at())
        return max(min(due), now)

    def _bar(self, step: float) -> int:
        """The song's bar of `step`, counted from 1."""
        return int(self.capture.beat(step) * STEPS_PER_BEAT // STEPS_PER_BAR) + 1

    # Committing

    @property
    def _active(self) -> list[Track]:
        """The roles that the machine plays now, or will at its entry."""
        mine = set(self.settings.plays) if self._turn else set(self.settings.plays) - self._traded
        return [track for track in self._dialogue.tracks if track in mine]

    def _commit_next(self, now: float) -> None:
        step = self._committed
        if self.phase is BandState.LISTENING:
            ready = all(self._reaches(role, step) for role in self._active)
            if not ready or now > self.capture.seconds(step):
                self._committed += STEPS_PER_BAR
                return
            self.phase = BandState.PLAYING
            if self._active:
                self._actions.append(Say(f"bar {self._bar(step)}: I come in"))
        if step % STEPS_PER_BAR == 0:
            self._sharing.arrive(step)
            if self._rested(step):
                self._end(step)
                return
            self._share(step, now)
            self._pick(step)
        self._committed = step + self._unit - step % self._unit
        for role in self._active:
            self._commit(role, step, self._committed, now)

    def _reaches(self, role: Track, step: int) -> bool:
        plan = self._plan(step)
        return plan is not None and plan.reaches(role, step)

    def _plan(self, step: int) -> Plan | None:
        return self._audition.at(step) or self._dialogue.plan

    def _pick(self, bar_line: int) -> None:
        """Where the player wants another candidate for this bar, choose it."""
        plans = self._dialogue.candidates(self._active, bar_line, bar_line + STEPS_PER_BAR)
        chosen = self._audition.choose(bar_line, plans)
        if chosen is not None:
            number, count = chosen
            told = f"candidate {number + 1} of {count}" if count > 1 else "no other candidate yet"
            self._actions.append(Say(f"bar {self._bar(bar_line)}: {told}"))

    def _commit(self, role: Track, from_step: int, to_step: int, now: float) -> None:
        sounding = self._sounding.get(role)
        cells = self._wished(role, from_step, to_step, sounding, now)
        if self.knobs.locked and from_step >= self._locked_from:
            bar = self.capture.last_bar(role, from_step)
            again = bar[np.arange(from_step, to_step) % STEPS_PER_BAR]
            if (again != MASK[role]).all():
                cells = again
        self.capture.play(role, from_step, cells)
        planned = from_step + len(cells)
        if planned < to_step:
            cells = np.concatenate([cells, self._groove(role, planned, to_step, now)])
        late = max(0, math.ceil(self.capture.step_at(now - LATE_S)) - from_step)
        never = HOLD if role is Track.DRUMS else OFF
        cells[:late][cells[:late] > never] = never
        cells = as_sounded(role, cells, sounding)
        self.capture.play(role, from_step, cells)
        if role in self.knobs.silent(self.settings.plays):
            cells[:] = HOLD
        beat, until = self.capture.beat(from_step), self.capture.beat(to_step)
        played, self._sounding[role] = events(
            role,
            cells.tolist(),
            from_step,
            beat,
            sounding,
            self.capture.mean_velocity,
            feel(self.knobs, *self.capture.feel),
        )
        self._actions.append(Play(self._passage, int(role), beat, until, played))

    def _wished(
        self, role: Track, from_step: int, to_step: int, sounding: int | None, now: float
    ) -> NDArray[np.int64]:
        """What `role` is to play, as far as that is planned or known: [steps], fewer where not.

        What the mode knows by now goes before a draft, which knew less; a chosen candidate does not
        ask the mode.
        """
        plan = self._plan(from_step)
        if plan is None or not plan.reaches(role, from_step):
            return self._known(role, from_step, to_step, now)
        cells = plan.cells(role, from_step, to_step, sounding)
        if plan is self._audition.at(from_step):
            return cells
        known = self._sharing.rule.ahead(from_step, from_step + len(cells), self.capture, now)
        return np.where(known[:, role] == MASK[role], cells, known[:, role])

    def _known(self, role: Track, from_step: int, to_step: int, now: float) -> NDArray[np.int64]:
        """What `role` is known to play whatever a draft says, up to what is not known."""
        ahead = self._sharing.rule.ahead(from_step, to_step, self.capture, now)[:, role]
        unknown = np.flatnonzero(ahead == MASK[role])
        return np.array(ahead[: unknown[0] if len(unknown) else len(ahead)])

    def _groove(self, role: Track, from_step: int, to_step: int, now: float) -> NDArray[np.int64]:
        tape, first = self.capture.tape(now), self.capture.first_step
        root = heard_root(tape, self.capture.heard_until(now) - first)
        return held(tape, role, from_step - first, to_step - from_step, root)

    # Rest, and taking turns

    def _rested(self, bar_line: int) -> bool:
        since = self.capture.silent_since(self.capture.hears)
        if self.knobs.locked:
            return False
        return since is not None and bar_line - since >= self._sharing.rule.rest_steps

    def _share(self, bar_line: int, now: float) -> None:
        """Take what is traded, or leave it to the player."""
        takes = self._sharing.rule.takes(bar_line, bar_line, self._turn, self.capture)
        if takes and not self._turn:
            self._turn = all(
                self._reaches(role, bar_line) or len(self._known(role, bar_line, bar_line + 1, now))
                for role in self._traded
            )
            if self._turn:
                self._actions.append(Say(f"bar {self._bar(bar_line)}: I go on for you"))
        elif self._turn and not takes:
            self._end_notes(self._traded, bar_line)
            self._actions.append(Say(f"bar {self._bar(bar_line)}: your turn"))
            self._turn = False

    def _end(self, step: int) -> None:
        self._end_notes(self._active, step)
        self._actions.append(Say(f"bar {self._bar(step)}: you rest, so I wait"))
        self._wait(step)

    def _end_notes(self, roles: Iterable[Track], step: int) -> None:
        """`roles` end in `step` what they sound."""
        beat = self.capture.beat(step)
        for role in roles:
            pitch = self._sounding.pop(role, None)
            offs = () if pitch is None else (Event(beat, pitch, 0),)
            self._actions.append(Play(self._passage, int(role), beat, beat + 1.0, offs))

    def _give_back(self, step: int) -> None:
        """The player plays again: what is traded is the player's from `step` on."""
        self._turn = False
        for role in self._traded:
            self._actions.append(Silence(int(role)))
            self._sounding[role] = None
            self.capture.unplay(role, step)
        self._dialogue.leave_out(self._traded)

    # Asking

    def _unit_at(self, now: float) -> int:
        return math.floor(self.capture.step_at(now + EPSILON_S) / self._unit)

    def _ask_if_due(self, now: float) -> None:
        unit = self._unit_at(now)
        if unit > self._asked_unit:
            self._asked_unit = unit
            replies = self._dialogue.replies
            ready_at = now + replies.first_s + TRANSIT_S + replies.lead_s
            ready = _up_to(self.capture.step_at(ready_at - EPSILON_S), self._unit)
            if self.phase is BandState.LISTENING:
                # a unit early too, so that the entry does not hang on a single answer
                if ready + self._unit < self._committed:
                    return
            else:
                # what the answer would come too late for is final already, and is told so
                deepest = _up_to(self.capture.step_at(now), self._unit) + STEPS_PER_BAR
                while self._commits and self._committed < min(ready, deepest):
                    self._commit_next(now)
            self._ask(now)
            self._glance = self._committed, self.capture.changes
        elif self._has_news and self._look_at() - EPSILON_S <= now <= self._last_look():
            self._ask(now)
            self._glance = None

    @property
    def _has_news(self) -> bool:
        """Whether the player has played since what comes next was first asked for."""
        return self._glance is not None and (
            self._glance[0] == self._committed and self._glance[1] != self.capture.changes
        )

    def _look_at(self) -> float:
        """When to ask about the same once more: late, but in time for a full answer."""
        replies = self._dialogue.replies
        unit_s = self.capture.seconds(self._unit) - self.capture.seconds(0)
        full_s = max(2 * replies.first_s, min(replies.full_s, unit_s / 2))
        return self._commit_at(self._committed) - full_s - TRANSIT_S

    def _last_look(self) -> float:
        return self._commit_at(self._committed) - 1.5 * self._dialogue.replies.first_s - TRANSIT_S

    def _wanted(self, now: float) -> Mapping[Track, int]:
        """The roles to ask for, each with its first step."""
        wanted = dict.fromkeys(self._active, self._committed)
        bar_line = _up_to(self._committed, STEPS_PER_BAR)
        rule, now_step = self._sharing.at(bar_line), self.capture.step_at(now)
        known = self._traded <= set(self._dialogue.tracks)
        if not self._turn and known and rule.takes(bar_line, now_step, False, self.capture):
            wanted |= dict.fromkeys(self._traded, bar_line)
        return wanted

    def _ask(self, now: float) -> None:
        wanted = self._wanted(now)
        if not self._commits or not wanted:
            return
        hears, settings = self.capture.hears, self.settings
        about = window(
            self.capture,
            self._sharing,
            hears - self._traded if self._turn else hears,
            wanted,
            self._audition.at(self._committed),
            self._committed,
            settings.window_bars,
            settings.future,
            now,
        )
        if not about.targets.any():
            return
        self.asked_step = about.first_step
        nats = self.knobs.harmony_nats
        constraints = self.knobs.constraints(
            leading(about, self.capture, settings.chart, nats, now)
        )
        temperature = self.knobs.temperature
        ask = self._dialogue.ask(about, wanted, now, self._commit_at, temperature, constraints)
        self._actions.append(ask)


def _up_to(step: float, multiple: int) -> int:
    """The first multiple of `multiple` that is not before `step`."""
    return math.ceil(step / multiple) * multiple
