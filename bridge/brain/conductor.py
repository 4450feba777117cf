"""The brain: a message or the time in, actions out. No I/O, no clock of its own.

It listens, enters on a downbeat, and from then on commits unit by unit what it plays. A commit is
final: it goes to the port owner one minimal reply time before it sounds.
"""

import math
from dataclasses import replace
from typing import TypeAlias

from schmubert.bridge.brain.asking import EPSILON_S, Asking
from schmubert.bridge.brain.band import Band, BandEvent, BandState
from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.brain.commit import Commit
from schmubert.bridge.brain.dialogue import Dialogue
from schmubert.bridge.brain.downbeats import Downbeats
from schmubert.bridge.brain.groove import BARS_BACK
from schmubert.bridge.brain.hits import Hits
from schmubert.bridge.brain.intensity import energy, followed
from schmubert.bridge.brain.knobs import knobs
from schmubert.bridge.brain.mode_switch import PHRASES, ModeSwitch
from schmubert.bridge.brain.modes import Phrase
from schmubert.bridge.brain.recall import Recalled
from schmubert.bridge.brain.tape import nearest, up_to
from schmubert.bridge.protocol.controls import CONTROLS, ON
from schmubert.bridge.protocol.messages import (
    Charted,
    Control,
    Heard,
    InKey,
    InSection,
    Kept,
    Moved,
    Pedal,
    Play,
    Recall,
    Say,
    Silence,
)
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.wire import Draft, Failed, Goodbye, Request, Welcome

Told: TypeAlias = Moved | Heard | Pedal | Control | Charted
Message: TypeAlias = Told | Recall | Welcome | Draft | Failed | Goodbye
Action: TypeAlias = Play | Silence | Say | InKey | InSection | Kept | Request

RESUME_S = 1.0  # some DAWs loop by Stop and Continue: that is a jump, not an end
LOST_S = 30.0  # a clock that is back so soon was no end either


class Conductor:
    """Decides what is played and what is asked; `wake_at` (monotonic seconds) is the next tick."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.wake_at = math.inf
        meter = settings.meter
        self._bar = meter.steps
        self.knobs = knobs(settings.temperature, settings.turned, settings.bars, meter)
        self.capture = Capture(settings.hears, settings.window_bars + BARS_BACK, meter)
        self._band = Band(settings.hears, settings.plays)
        self._modes = ModeSwitch(settings, self.knobs.bars)
        self._dialogue = Dialogue(settings)
        self._commit = Commit(settings, self.capture, self._dialogue, self._modes)
        self._downbeats = Downbeats(
            self._band, self.capture, self._dialogue, self._modes, self._commit
        )
        self._asking = Asking(
            settings, self._band, self.capture, self._dialogue, self._modes, self._commit
        )
        self._hits = Hits(
            self._band, self.capture, self._dialogue, self._modes, self._commit, self._asking
        )
        for control in settings.controls:
            if control.name == "intro" and control.value >= ON:
                self._hits.hit("intro", self.knobs, 0.0)
        self._recalls = self._played_on = False
        self._actions: list[Action] = []
        self._told_key: int | None = None
        self._stopped_s = self._resumes_until_s = -math.inf
        self._waiting_from = 0

    @property
    def state(self) -> BandState:
        """What the band is about."""
        return self._band.state

    @property
    def asked_step(self) -> int:
        """The step of the tape at which the window of the latest request begins."""
        return self._asking.first_step

    def receive(self, message: Message, now: float) -> list[Action]:
        """What follows from `message`, which came at `now`."""
        if isinstance(message, Told):
            self._told(message, now)
        elif isinstance(message, Recall):
            self._recall(message, now)
        elif isinstance(message, Welcome):
            self._actions += self._dialogue.welcome(message)
        elif isinstance(message, Draft):
            self._actions += self._dialogue.draft(message, now)
        elif isinstance(message, Failed):
            self._actions += self._dialogue.failed(message, now)
        else:
            self._actions += self._dialogue.ended(self._without_engine)
        return self.tick(now)

    def tick(self, now: float) -> list[Action]:
        """What is due at `now`."""
        if self.state is not BandState.STOPPED:
            self._advance(now)
        self.wake_at = self._next_wake(now)
        actions, self._actions = self._actions, []
        return actions

    def _told(self, message: Told, now: float) -> None:
        if isinstance(message, Moved):
            self._moved(message, now)
        elif isinstance(message, Heard):
            self._heard(message)
        elif isinstance(message, Pedal):
            self.capture.pedal(message)
        elif isinstance(message, Charted):
            self.settings = self.settings.charted(message.text)
            self._actions.append(self._asking.charted(message, now))
        else:
            self._turned(message, now)

    # What a brain before this one knew

    def _recall(self, recall: Recall, now: float) -> None:
        """Go through all again that it was told and decided; what follows from it was said."""
        band, self._recalls = self._band, True
        of_notes = [role for role in self.settings.plays if role is not Track.CHORDS]
        part = Recalled(of_notes, band.traded)
        for told in recall.told:
            what = told.what
            if isinstance(what, Play):
                self._recall_play(what, part)
            elif isinstance(what, InSection):
                self._commit.arrangement.recall_section(what, self._step_of)
            elif isinstance(what, Kept):
                self._commit.arrangement.recall(what)
            elif isinstance(what, Silence):
                if part.silenced(Track(what.role)):
                    step = nearest(self.capture.step_at(told.at_s))
                    self.capture.played.erase(Track(what.role), step)
            else:
                passage = self.capture.passage
                self._told(what, told.at_s)
                if passage != self.capture.passage or not self.capture.rolling:
                    part.stopped()
                if self.state is not BandState.STOPPED:
                    self.capture.trim(told.at_s)
                if self.state is BandState.WAITING:
                    self._listen_for_the_player(told.at_s)
        self._recalls = False
        self._dialogue.forget()
        self._actions.clear()
        if self.state is not BandState.PLAYING:
            return
        chords = [role for role in self.settings.plays if role is Track.CHORDS]
        self._actions += [Silence(int(role)) for role in [*part.unknown, *chords]]
        self._commit.go_on_with(part.sounding, now)
        if part.led(since_step=math.floor(self.capture.step_at(now)) - self._bar):
            band.on(BandEvent.TAKE_OVER)

    def _recall_play(self, play: Play, part: Recalled) -> None:
        """What was played: the band came in, or rested from here on, or went on to the next bar."""
        if play.passage != self.capture.passage or not self._band.commits:
            return
        begin, end = map(self._step_of, (play.from_beat, play.to_beat))
        if self.state is BandState.LISTENING:
            self._band.on(BandEvent.ENTRY)
            self._commit.arrangement.come_in(begin)
        if begin % self._bar == 0 and begin >= self._commit.next_step:
            self._modes.arrive(begin)
            if self._downbeats.is_over(begin):
                self._band.on(BandEvent.END)
                self._falls_silent(begin)
                part.stopped()
                return
            if not self.knobs.locked and self._downbeats.player_rests(begin):
                self._band.on(BandEvent.REST)
                self._falls_silent(begin)
                part.stopped()
                return
        self._commit.begin_at(max(self._commit.next_step, end))
        if play.role != Track.CHORDS and part.play(play, begin, end):
            self._commit.recall(play, begin)

    def _step_of(self, beat: float) -> int:
        return nearest(self.capture.step_of(beat))

    # What the player does

    def _heard(self, heard: Heard) -> None:
        onset = self.capture.hear(heard)
        mine = self._band.leads and heard.role in self._band.traded
        if onset is not None and mine and self._modes.rule.gives_back_at_a_note:
            self._actions += self._downbeats.hand_back(onset)

    def _turned(self, control: Control, now: float) -> None:
        before, state = self.knobs, self.state
        self.knobs = self.knobs.turned(control)
        bar_line, commits = self._commit.bar_line, self._band.commits
        if control.name == "regenerate":
            for role in self._downbeats.roles:  # what it does not remember it does not go on with
                self.capture.played.erase(role, self.capture.first_step)
            self._commit.comping.forget_played()
        if control.name == "next" and commits:
            self._dialogue.candidates.next()
        if self.knobs.locked and not before.locked:
            self._commit.lock_from(bar_line if commits else 0)
        captured = self._modes.phrase(control.name)
        if self._modes.turned(control, self.knobs, bar_line, self.capture, now):
            self._dialogue.cut(bar_line)
            self._asking.at_once()
            if control.name == "mode" and commits:
                self._say(f"bar {self.capture.bar(bar_line)}: {self._modes.mode.value}")
        if CONTROLS[control.name].trigger:
            self._actions += self._hits.hit(control.name, self.knobs, now, self._recalls)
        if self.knobs.chord_starts and not before.chord_starts and self.state is BandState.ENDED:
            self._band.on(BandEvent.AGAIN)
        if self.state is not state and not self._band.commits:
            self._falls_silent(math.floor(self.capture.step_at(now)))
        if control.name == "reroll" and control.value >= ON and not self._modes.rerolls(bar_line):
            self._say("nothing to make anew: reroll is for the mode infill")
        if control.name in PHRASES:
            self._say(self._captured(control.name, captured))
        plays = self.settings.plays
        self._actions += self._commit.silence(self.knobs.silent(plays) - before.silent(plays))

    def _captured(self, name: str, before: Phrase | None) -> str:
        phrase, called = self._modes.phrase(name), f"phrase {name[-1].upper()}"
        if phrase is None or phrase is before:
            return f"no {called}: you have not played for a whole bar yet"
        return f"{called}: {self.capture.bars(phrase.first_step, phrase.end_step)}"

    def _say(self, text: str) -> None:
        self._actions.append(Say(text))

    # The transport

    def _moved(self, moved: Moved, now: float) -> None:
        stopped = self.state is BandState.STOPPED
        if not moved.rolling:
            if not stopped:
                self._stop(moved, now)
            return
        if not stopped and moved.passage == self.capture.passage:
            self.capture.follow(moved)
            return
        resumes = stopped and now <= self._resumes_until_s
        if resumes:
            self._band.undo_stop()
        left = math.ceil(self.capture.step_at(self._stopped_s if resumes else now))
        start = self.capture.roll(moved, now)
        self._asking.at_once()
        self._asking.charts.hold_by(start)
        self._forget()
        if self.state is BandState.STOPPED:
            self._band.on(BandEvent.START)
            count_in = self.settings.count_in_bars * self._bar
            self._hits.counted_in = up_to(start, self._bar) + count_in
            self._wait_from(start)
            self._start_arranged(moved, up_to(start, self._bar), now)
        else:
            self._band.on(BandEvent.JUMP)
            self._go_on_from(start, now)
            self._commit.arrangement.move(left, self._commit.bar_line)
            self._actions += self._hits.arranged(self._commit.bar_line)

    def _start_arranged(self, moved: Moved, line: int, now: float) -> None:
        """The music starts. A band that is to play first, or that played, waits for nobody."""
        arrangement = self._commit.arrangement
        arrangement.start(line)
        goes_on = self._played_on and moved.at_beat > 0.0
        if arrangement.intro_bars is None and (goes_on or not self.settings.listen_bars):
            arrangement.intro_bars = 0
        if arrangement.intro_bars is not None:
            self._hits.go_first(arrangement.intro_bars, now)

    def _stop(self, moved: Moved, now: float) -> None:
        self.capture.halt(moved.at_s)
        self._stopped_s = now
        self._resumes_until_s = now + (LOST_S if moved.lost else RESUME_S)
        self._played_on = self.state in (BandState.PLAYING, BandState.LEADING)
        self._band.on(BandEvent.STOP)
        self._forget()

    def _go_on_from(self, start: int, now: float) -> None:
        """The music goes on in step `start`, after a jump."""
        if self.state is BandState.PLAYING:
            self._commit.resume(start, now)
        elif self.state is BandState.LISTENING:
            self._commit.begin_at(max(self._commit.next_step, up_to(start, self._bar)))
        else:
            self._wait_from(start)

    def _wait_from(self, step: int) -> None:
        """Wait for the player's first note from the bar of `step` on."""
        self._waiting_from = step // self._bar * self._bar
        self._forget()

    def _falls_silent(self, step: int) -> None:
        """The band rests or has ended, from `step` on."""
        self._commit.arrangement.sections.clear()
        self._wait_from(step)

    def _forget(self) -> None:
        """Drop what was planned; what was heard and played stays."""
        self._dialogue.forget()
        self._asking.forget()
        self._commit.forget()

    @property
    def _without_engine(self) -> str:
        playing = self.state in (BandState.PLAYING, BandState.LEADING)
        return "I hold the groove" if playing else "I come in once it answers"

    # Time

    def _advance(self, now: float) -> None:
        self.capture.trim(now)
        if now >= self._dialogue.lost_at - EPSILON_S:
            self._actions += self._dialogue.unanswered(self._without_engine)
        if self.state is BandState.WAITING:
            self._listen_for_the_player(now)
        while self._commit_is_due(now):
            self._commit_next(now)
        if self._band.commits and self._dialogue.free:
            self._ask_if_due(now)

    def _listen_for_the_player(self, now: float) -> None:
        self._hits.counted_in -= self.capture.skip_empty_bars(now)
        sounds = self.capture.sounds
        first = sounds.first_chord if self.knobs.chord_starts else sounds.first_onset
        onset = first(self._waiting_from)
        if onset is not None:
            self._band.on(BandEvent.FIRST_NOTE)
            bar = onset // self._bar
            self._modes.begin(bar * self._bar)
            bars = 1 if self.knobs.chord_starts else self.settings.listen_bars
            self._commit.begin_at(max((bar + bars) * self._bar, self._hits.counted_in))
            self._say(f"bar {self.capture.bar(onset)}: I listen")

    def _commit_is_due(self, now: float) -> bool:
        due_s = self._commit.at(self._commit.next_step) - EPSILON_S
        return self._band.commits and now >= due_s

    def _commit_next(self, now: float) -> None:
        """The next unit becomes final; on a bar line it may turn out that there is none."""
        if self.state is BandState.LISTENING:
            self._actions += self._downbeats.come_in(now)
            if self.state is BandState.LISTENING:
                return
            self._actions += self._hits.came_in(self._downbeats.intro)
        step, moment = self._commit.next_step, self.capture.at(now)
        if step % self._bar == 0:
            self._actions += self._downbeats.reach(step, moment, self.knobs.locked)
            if not self._band.commits:
                self._falls_silent(step)
                self._actions += self._hits.arranged(step)
                return
            self._commit.arrangement.forget_before(self.capture.first_step)
            self._follow(step)
        self._actions += self._commit.next_unit(self._downbeats.roles, moment, self.knobs)

    def _follow(self, bar_line: int) -> None:
        """The intensity is that of the player's own playing, where it is to follow that."""
        if self.knobs.follows:
            loud = self.capture.touch.mean_velocity
            now = energy(self.capture.sounds, bar_line, loud, self.capture.meter)
            self.knobs = replace(self.knobs, intensity=followed(self.knobs.intensity, now))

    def _ask_if_due(self, now: float) -> None:
        if self._asking.begins_unit(now):
            if self._asking.too_early(now):
                return
            too_late_until = self._asking.too_late_until(now)
            while self._band.commits and self._commit.next_step < too_late_until:
                self._commit_next(now)
            self._actions += self._asking.ask(now, self.knobs)
        elif self._asking.is_due_again(now):
            self._actions += self._asking.ask_again(now, self.knobs)
        if self._asking.key != self._told_key:
            self._told_key = self._asking.key
            self._actions.append(InKey(self._told_key))

    def _next_wake(self, now: float) -> float:
        if not self._band.commits:
            return math.inf
        due = [self._commit.at(self._commit.next_step), self._dialogue.lost_at]
        if self._dialogue.free:
            due.append(self._asking.next_at(now))
        return max(min(due), now)
