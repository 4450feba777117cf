"""What becomes final: when, which notes, and how they leave as `Play`.

A unit of steps (a beat, if nothing else is said) is committed one minimal reply time before it
sounds: from the plan, or from what the mode knows, or else the groove is held.
"""

import math
from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.capture import Capture, Moment
from schmubert.bridge.brain.comping import Comping
from schmubert.bridge.brain.dialogue import Dialogue
from schmubert.bridge.brain.dynamics import events
from schmubert.bridge.brain.feel import feel
from schmubert.bridge.brain.groove import heard_root, held
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.mode_switch import ModeSwitch
from schmubert.bridge.brain.plan import as_sounded
from schmubert.bridge.brain.played import known_part
from schmubert.bridge.brain.recall import cells_of
from schmubert.bridge.brain.tape import up_to
from schmubert.bridge.protocol.messages import Event, Play, Silence
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track

LATE_S = 0.030  # after a jump, a downbeat this late is better than none


class Commit:
    """Makes one unit after the other final, and knows what still sounds."""

    def __init__(
        self, settings: Settings, capture: Capture, dialogue: Dialogue, modes: ModeSwitch
    ) -> None:
        self.next_step = 0
        """The first step that is not final; while the band listens, the step of its entry."""
        self._meter = meter = settings.meter
        self.unit = {"step": 1, "beat": meter.cells, "bar": meter.steps}[settings.commit]
        """The steps that become final at a time."""
        self._plays = settings.plays
        self._capture, self._dialogue, self._modes = capture, dialogue, modes
        self._sounding: dict[Track, int | None] = {}
        self._locked_from = 0
        bass = Track.BASS in settings.plays or Track.BASS in settings.hears
        self.comping = Comping(meter, rootless=bass)
        """The chords, if the band plays some."""

    # When

    def at(self, step: int) -> float:
        """When `step` becomes final: one minimal reply time before it sounds."""
        return self._capture.seconds(step) - self._dialogue.latency.lead_s

    @property
    def bar_line(self) -> int:
        """The first bar line that is not final."""
        return up_to(self.next_step, self._meter.steps)

    def begin_at(self, step: int) -> None:
        """Nothing before `step` is played."""
        self.next_step = step

    def resume(self, step: int, now: float) -> None:
        """The music goes on in `step`; what should have sounded long before `now` is left out."""
        self.next_step = max(step, self._late_until(now))

    def lock_from(self, step: int) -> None:
        """From `step` on, as long as a bar is locked, the bar before goes round."""
        self._locked_from = step

    def forget(self) -> None:
        """Nothing sounds any more."""
        self._sounding.clear()
        self.comping.forget()

    def recall(self, play: Play, from_step: int) -> None:
        """A brain before this one played `play`, from `from_step` on."""
        self._capture.played.write(Track(play.role), from_step, cells_of(play, self._meter))

    def go_on_with(self, sounding: Mapping[Track, int | None], now: float) -> None:
        """All is recalled: `sounding` is what each role left, and the music goes on `now`."""
        self._sounding.update(sounding)
        self.resume(self.next_step, now)

    # What

    def next_unit(self, roles: Iterable[Track], moment: Moment, knobs: Knobs) -> list[Play]:
        """What `roles` play in the next unit, which is final by this."""
        step = self.next_step
        self.next_step = step + self.unit - step % self.unit
        plays = [self._play(role, step, self.next_step, moment, knobs) for role in roles]
        if self._dialogue.comping:
            plays.append(self._play_chords(step, self.next_step, moment, knobs))
        return plays

    def known(self, role: Track, from_step: int, to_step: int, moment: Moment) -> NDArray[np.int64]:
        """What the mode has `role` play whatever a draft says: [steps], up to what is not known."""
        return known_part(self._modes.rule.ahead(from_step, to_step, moment)[:, role], role)

    def end(self, roles: Iterable[Track], step: int) -> list[Play]:
        """What `roles` sound ends in `step`."""
        beat = self._capture.beat(step)
        plays = []
        for role in roles:
            pitch = self._sounding.pop(role, None)
            ended = self.comping.silence() if role is Track.CHORDS else [pitch]
            offs = tuple(Event(beat, one, 0) for one in ended if one is not None)
            plays.append(Play(self._capture.passage, int(role), beat, beat + 1.0, offs))
        return plays

    def silence(self, roles: Collection[Track]) -> list[Silence]:
        """What `roles` sound ends now, and so does what was committed for them."""
        self._sounding.update(dict.fromkeys(roles))
        if Track.CHORDS in roles:
            self.comping.silence()
        return [Silence(int(role)) for role in roles]

    def _play(
        self, role: Track, from_step: int, to_step: int, moment: Moment, knobs: Knobs
    ) -> Play:
        capture, sounding = self._capture, self._sounding.get(role)
        cells = self._cells(role, from_step, to_step, moment, knobs.locked)
        never = HOLD if role is Track.DRUMS else OFF
        late = max(0, self._late_until(moment.now) - from_step)
        cells[:late][cells[:late] > never] = never
        cells = as_sounded(role, cells, sounding)
        capture.played.write(role, from_step, cells)
        if role in knobs.silent(self._plays):
            cells[:] = HOLD
        beat, until = capture.beat(from_step), capture.beat(to_step)
        played, self._sounding[role] = events(
            role,
            cells.tolist(),
            from_step,
            beat,
            sounding,
            capture.touch.mean_velocity,
            feel(knobs, *capture.touch.feel, self._meter),
            self._meter,
        )
        return Play(capture.passage, int(role), beat, until, played)

    def _play_chords(self, from_step: int, to_step: int, moment: Moment, knobs: Knobs) -> Play:
        capture, comping = self._capture, self.comping
        again = knobs.locked and from_step >= self._locked_from
        plan = self._dialogue.plan_at(from_step)
        played = comping.play(
            comping.cells(plan, from_step, to_step, again),
            from_step,
            capture.beat(from_step),
            capture.touch.mean_velocity,
            feel(knobs, *capture.touch.feel, self._meter),
            late=max(0, self._late_until(moment.now) - from_step),
            muted=Track.CHORDS in knobs.silent(self._plays),
        )
        until = capture.beat(to_step)
        return Play(capture.passage, int(Track.CHORDS), capture.beat(from_step), until, played)

    def _late_until(self, now: float) -> int:
        """The first step that may still begin, though a little late."""
        return math.ceil(self._capture.step_at(now - LATE_S))

    def _cells(
        self, role: Track, from_step: int, to_step: int, moment: Moment, locked: bool
    ) -> NDArray[np.int64]:
        """What `role` is to play: [steps]. Where that is neither locked nor planned, the groove."""
        cells = self._planned(role, from_step, to_step, moment)
        if locked and from_step >= self._locked_from:
            bar = self._capture.played.latest_bar(role, from_step)
            again = bar[np.arange(from_step, to_step) % self._meter.steps]
            if (again != MASK[role]).all():
                cells = again
        planned = from_step + len(cells)
        if planned < to_step:
            groove = self._groove(role, from_step, cells, to_step - planned, moment)
            cells = np.concatenate([cells, groove])
        return cells

    def _planned(
        self, role: Track, from_step: int, to_step: int, moment: Moment
    ) -> NDArray[np.int64]:
        """What `role` is to play, as far as that is planned or known: [steps], fewer where not.

        What the mode knows by now goes before a draft, which knew less; a chosen candidate does not
        ask the mode.
        """
        plan = self._dialogue.plan_at(from_step)
        if plan is None or not plan.reaches(role, from_step):
            return self.known(role, from_step, to_step, moment)
        cells = plan.cells(role, from_step, to_step, self._sounding.get(role))
        if plan is self._dialogue.candidates.at(from_step):
            return cells
        known = self._modes.rule.ahead(from_step, from_step + len(cells), moment)[:, role]
        return np.where(known == MASK[role], cells, known)

    def _groove(
        self, role: Track, from_step: int, cells: NDArray[np.int64], steps: int, moment: Moment
    ) -> NDArray[np.int64]:
        """The groove in the `steps` after `cells`, which `role` plays from `from_step` on."""
        played = self._capture.played.between(from_step, from_step + len(cells) + steps)
        played[: len(cells), role] = cells
        tape = moment.tape.with_played(played, from_step)
        bar = self._meter.steps
        root = heard_root(tape.tokens, tape.heard_until - tape.first_step, bar)
        row = from_step + len(cells) - tape.first_step
        return held(tape.tokens, role, row, steps, root, bar)
