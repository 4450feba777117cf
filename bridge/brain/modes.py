"""Whose turn it is and what is known ahead: a rule for each mode.

Steps are those of the tape. A rule is asked about bar lines that become final, and earlier about
those to come. Asking changes nothing, but that a phrase that was heard to its end is kept.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.capture import Capture, Moment
from schmubert.bridge.brain.tape import Tape, unknown
from schmubert.bridge.protocol.mode import Mode
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO, Track

GAP_STEPS = 2  # between two notes are no rest yet
LEAST_RESAMPLED = 1 / 8  # of a loop, however often it went round


@dataclass(frozen=True, slots=True)
class Sides:
    """Who is who: `hears` are the player's roles, `traded` those that the machine plays too."""

    hears: frozenset[Track]
    traded: frozenset[Track]
    rest_bars: int
    bars: int
    """The length of a turn, of a phrase, and of the way from one phrase to the other."""
    seed: int
    meter: Meter = COMMON


@dataclass(frozen=True, slots=True)
class Marks:
    """Which beats of a bar, from 0, are played anew while a pad is held, and the bars where it was.

    `from_step` and `to_step` are bar lines of the tape.
    """

    beats: frozenset[int] = frozenset()
    from_step: int = 0
    to_step: float = math.inf


class Phrase:
    """The bars from `first_step` to `end_step`, kept as the tape has them once they are over."""

    def __init__(self, first_step: int, bars: int, meter: Meter = COMMON) -> None:
        self.first_step, self.end_step = first_step, first_step + bars * meter.steps
        self._kept: Tokens | None = None

    def __len__(self) -> int:
        return self.end_step - self.first_step

    @property
    def whole(self) -> bool:
        """Whether all of it was heard."""
        return self._kept is not None

    def tokens(self, moment: Moment) -> Tokens:
        """[steps, 3], MASK where nothing is known, or not yet."""
        if self._kept is not None:
            return self._kept
        tokens = self._cut_out(moment.tape)
        if moment.heard_until >= self.end_step:
            self._kept = tokens
        return tokens

    def _cut_out(self, tape: Tape) -> Tokens:
        tokens = unknown(len(self))
        missed = min(max(0, tape.first_step - self.first_step), len(self))
        rows = tape.tokens[max(0, self.first_step - tape.first_step) :][: len(self) - missed]
        tokens[missed : missed + len(rows)] = rows
        return tokens


class Rule:
    """What a mode says. As it stands this is the mode accompany: the other modes change it.

    What is traded is the player's, and nothing is known ahead. `since` is the bar line from which
    on the mode holds.
    """

    gives_back_at_a_note = False
    new_bars = 0.0
    """So many bars of what is taken are no bars that were played before, nor rests."""
    sees_step = 0
    """Windows reach as far ahead as this step, if they can."""

    def __init__(self, sides: Sides, since: int) -> None:
        self.sides = sides
        self.since = since

    @property
    def bar_steps(self) -> int:
        """The steps of a bar."""
        return self.sides.meter.steps

    def again(self, since: int) -> "Rule":
        """The same mode from another bar line on: the music stood still and goes on."""
        return type(self)(self.sides, since)

    def takes(self, step: int, now_step: float, leads: bool, capture: Capture) -> bool:  # noqa: ARG002
        """Whether from bar line `step` on the machine plays what is traded.

        `now_step` is where the music is, `leads` whether the machine does already.
        """
        return False

    @property
    def rest_steps(self) -> float:
        """How long the player rests until the band ends."""
        return self.sides.rest_bars * self.bar_steps

    def ahead(self, from_step: int, to_step: int, moment: Moment) -> Tokens:
        """What is known at `moment` of steps to come: [steps, 3], MASK where nothing is.

        `from_step` is the first that is not committed.
        """
        del moment
        return unknown(to_step - from_step)

    def hidden(self, first_step: int, from_step: int, to_step: int) -> Mask:
        """What of the past the engine must not see: [`first_step` to `from_step`, 3].

        If it saw what it is to play anew up to `to_step`, it would play the same once more.
        """
        del to_step
        return np.zeros((from_step - first_step, len(TRIO)), bool)


class Endless(Rule):
    """A mode that goes on however long the player rests."""

    @property
    def rest_steps(self) -> float:
        """It never ends."""
        return math.inf


class Continue(Endless):
    """What is traded is the machine's while the player rests."""

    gives_back_at_a_note = True
    new_bars = 1

    def takes(self, step: int, now_step: float, leads: bool, capture: Capture) -> bool:
        """From the first bar line on before which the player rested for half a bar."""
        if leads or not self.sides.traded:
            return leads
        since = capture.silent_since(self.sides.traded)
        if since is None or now_step - since < GAP_STEPS:
            return False
        return step - since >= self.bar_steps // 2


class Trade(Rule):
    """Player and machine take turns of the same length, as jazz musicians trade fours.

    The answer is no echo: every bar of it is another than those before.
    """

    new_bars = math.inf

    def takes(self, step: int, now_step: float, leads: bool, capture: Capture) -> bool:  # noqa: ARG002
        """In every other turn; the first is the player's."""
        return bool(self.sides.traded) and (step - self.since) // self._turn_steps % 2 == 1

    @property
    def rest_steps(self) -> float:
        """For a turn of the player's and the machine's turn before it."""
        return max(super().rest_steps, 2 * self._turn_steps)

    @property
    def _turn_steps(self) -> int:
        return self.sides.bars * self.bar_steps


class Loop(Endless):
    """A phrase goes round; each pass draws a smaller share of what accompanies it anew.

    That is Gibbs sampling in blocks of a beat with a falling share of what is drawn anew (Huang et
    al. 2017, Counterpoint by Convolution, section 4.2, after Yao et al. 2014).
    """

    def __init__(self, sides: Sides, since: int, phrase: Phrase | None = None) -> None:
        super().__init__(sides, since)
        self.phrase = phrase or Phrase(since, sides.bars, sides.meter)
        self._from = max(since, self.phrase.end_step)

    def takes(self, step: int, now_step: float, leads: bool, capture: Capture) -> bool:  # noqa: ARG002
        """From the bar line on where the phrase is whole."""
        return bool(self.sides.traded) and step >= self._from

    def again(self, since: int) -> "Loop":
        """The phrase goes round from its beginning; one that was not whole is heard anew."""
        return Loop(self.sides, since, self.phrase if self.phrase.whole else None)

    def ahead(self, from_step: int, to_step: int, moment: Moment) -> Tokens:
        """The player's roles play the phrase, the others the last pass, but for some beats."""
        known = unknown(to_step - from_step)
        first = max(0, self._from - from_step)
        steps = np.arange(from_step + first, to_step)
        if not len(steps):
            return known
        phrase, length = self.phrase.tokens(moment), len(self.phrase)
        for role in TRIO:
            if role in self.sides.hears:
                known[first:, role] = phrase[(steps - self._from) % length, role]
                continue
            before = moment.played.cells(role, int(steps[0]) - length, to_step - length)
            known[first : first + len(before), role] = before
            known[first:][self._resampled(steps, role), role] = MASK[role]
        return known

    def hidden(self, first_step: int, from_step: int, to_step: int) -> Mask:
        """The beats that are played anew, in all passes before."""
        hidden = super().hidden(first_step, from_step, to_step)
        coming = np.arange(max(from_step, self._from), to_step)
        if len(coming):
            past, length = np.arange(first_step, from_step), len(self.phrase)
            for role in set(TRIO) - self.sides.hears:
                again = coming[self._resampled(coming, role)] % length
                hidden[:, role] = np.isin(past % length, again) & (past >= self.phrase.first_step)
        return hidden

    def _resampled(self, steps: NDArray[np.int64], role: Track) -> Mask:
        """Which of `steps` stand in beats that `role` plays anew in this pass."""
        cells = self.sides.meter.cells
        beats = (steps - self._from) // cells
        per_pass = len(self.phrase) // cells
        resampled = {}
        for beat in range(int(beats[0]), int(beats[-1]) + 1):
            rng = np.random.default_rng((self.sides.seed, int(role), beat))
            resampled[beat] = rng.random() < max(LEAST_RESAMPLED, 1 / (beat // per_pass + 2))
        return np.asarray([resampled[int(beat)] for beat in beats])


class Infill(Endless):
    """The last bar goes round; while a pad is held, its marked beats are played anew.

    It is endless, since who holds a pad has no hand free to play.
    """

    def __init__(self, sides: Sides, since: int) -> None:
        super().__init__(sides, since)
        self.marks = Marks(to_step=0)

    def ahead(self, from_step: int, to_step: int, moment: Moment) -> Tokens:
        """The machine's roles play the last bar, but for the marked beats."""
        known = unknown(to_step - from_step)
        steps = np.arange(from_step, to_step)
        anew = self._marked(steps) & (steps >= self.marks.from_step) & (steps < self.marks.to_step)
        for role in set(TRIO) - self.sides.hears:
            known[:, role] = moment.played.latest_bar(role, from_step)[steps % self.bar_steps]
            known[anew, role] = MASK[role]
        return known

    def hidden(self, first_step: int, from_step: int, to_step: int) -> Mask:
        """The marked beats of all bars that went round, where these are played anew."""
        hidden = super().hidden(first_step, from_step, to_step)
        if self.marks.from_step < to_step and from_step < self.marks.to_step:
            past = np.arange(first_step, from_step)
            again = self._marked(past) & (past >= self.since - self.bar_steps)
            for role in set(TRIO) - self.sides.hears:
                hidden[:, role] = again
        return hidden

    def _marked(self, steps: NDArray[np.int64]) -> Mask:
        beats = steps % self.bar_steps // self.sides.meter.cells
        return np.isin(beats, sorted(self.marks.beats))


class Interpolate(Endless):
    """Phrase A, then bars that lead from A to B, then phrase B, which goes round.

    The model fills these bars, knowing what is before and after them (thesis 5.2).
    """

    def __init__(self, sides: Sides, since: int, start: Phrase, goal: Phrase) -> None:
        super().__init__(sides, since)
        self.start, self.goal = start, goal
        self._from = max(since, start.end_step, goal.end_step)
        self._arrives = self._from + len(start) + sides.bars * self.bar_steps
        self.sees_step = self._arrives + len(goal)

    def again(self, since: int) -> Rule:
        """From the beginning of A; a phrase that was not whole is heard anew."""
        start, goal = (one if one.whole else None for one in (self.start, self.goal))
        return interpolation(self.sides, since, start, goal)

    def takes(self, step: int, now_step: float, leads: bool, capture: Capture) -> bool:  # noqa: ARG002
        """From the bar line on where both phrases are whole."""
        return bool(self.sides.traded) and step >= self._from

    def ahead(self, from_step: int, to_step: int, moment: Moment) -> Tokens:
        """First A, then nothing for the bars between, then B over and over."""
        known = unknown(to_step - from_step)
        steps = np.arange(from_step, to_step)
        start, goal = (one.tokens(moment) for one in (self.start, self.goal))
        in_a = (steps >= self._from) & (steps < self._from + len(start))
        known[in_a] = start[steps[in_a] - self._from]
        in_b = steps >= self._arrives
        known[in_b] = goal[(steps[in_b] - self._arrives) % len(goal)]
        return known


def rule_of(
    mode: Mode,
    sides: Sides,
    since: int,
    start: Phrase | None = None,
    goal: Phrase | None = None,
    heard_bars: int = 0,
) -> Rule:
    """The rule of `mode` from bar line `since` on, before which `heard_bars` were listened to.

    `start` and `goal` are the phrases A and B, where they were captured. A mode that needs phrases
    and has none takes the last bars, and the first that it hears where it has heard none.
    """
    simple = {
        Mode.ACCOMPANY: Rule,
        Mode.CONTINUE: Continue,
        Mode.TRADE: Trade,
        Mode.INFILL: Infill,
    }
    if mode in simple:
        return simple[mode](sides, since)
    if mode is Mode.LOOP:
        return Loop(sides, since, _last(sides, since, heard_bars))
    return interpolation(sides, since, start, goal, heard_bars)


def interpolation(
    sides: Sides, since: int, start: Phrase | None, goal: Phrase | None, heard_bars: int = 0
) -> Interpolate:
    """From A to B. In place of a phrase that was not captured the bars heard last are taken."""
    if start is None and goal is None:
        bars = min(sides.bars, heard_bars // 2)
        if bars:
            goal = _last(sides, since, bars)
            start = _last(sides, since - bars * sides.meter.steps, bars)
    elif start is None:
        start = _last(sides, since, heard_bars)
    elif goal is None:
        goal = _last(sides, since, heard_bars)
    start = start or Phrase(since, sides.bars, sides.meter)
    goal = goal or Phrase(max(since, start.end_step), sides.bars, sides.meter)
    return Interpolate(sides, since, start, goal)


def _last(sides: Sides, since: int, heard_bars: int) -> Phrase | None:
    """The last bars before `since`, a phrase or as many as were heard; None if none were."""
    bars, meter = min(sides.bars, heard_bars), sides.meter
    return Phrase(since - bars * meter.steps, bars, meter) if bars > 0 else None
