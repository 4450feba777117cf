"""Which mode holds, which one comes next, and what the pads of a mode do."""

import secrets
from dataclasses import replace

from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.modes import Infill, Marks, Phrase, Rule, Sides, rule_of
from schmubert.bridge.protocol.controls import ON
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.mode import MODES, Mode
from schmubert.bridge.protocol.settings import Settings

PHRASES = ("phrase-a", "phrase-b")


class ModeSwitch:
    """Keeps the `rule` of the mode that holds, and the next one until its bar line is reached."""

    def __init__(self, settings: Settings, bars: int) -> None:
        hears, plays = frozenset(settings.hears), frozenset(settings.plays)
        seed = secrets.randbits(32) if settings.seed is None else settings.seed
        self._sides = Sides(hears, hears & plays, settings.rest_bars, bars, seed, settings.meter)
        self.mode = Mode(settings.mode)
        for control in settings.controls:
            if control.name == "mode":
                self.mode = Mode(MODES[int(control.value)])
        self.rule: Rule = rule_of(self.mode, self._sides, 0)
        self._next: Rule | None = None
        self._began = 0
        """The bar line before the first note that the player played."""
        self._phrases: dict[str, Phrase] = {}

    def at(self, step: int) -> Rule:
        """The rule that will hold at bar line `step`, as far as is known now."""
        return self._next if self._next is not None and step >= self._next.since else self.rule

    def begin(self, bar_line: int) -> None:
        """The player begins to play in the bar at `bar_line`."""
        self._began = bar_line
        self.rule = (self._next or self.rule).again(bar_line)
        self._next = None

    def rerolls(self, bar_line: int) -> bool:
        """Whether a pad can have beats of the bar at `bar_line` played anew."""
        return isinstance(self.at(bar_line), Infill)

    def phrase(self, name: str) -> Phrase | None:
        """The phrase that was captured under `name`, one of `PHRASES`, if there is one."""
        return self._phrases.get(name)

    def arrive(self, bar_line: int) -> None:
        """The bar at `bar_line` is committed next: from it on another mode may hold."""
        if self._next is not None and self._next.since <= bar_line:
            self.rule, self._next = self._next, None

    def turned(
        self, control: Control, knobs: Knobs, bar_line: int, capture: Capture, now: float
    ) -> bool:
        """The player turned `control`. Returns whether what is played from `bar_line` on changes.

        `knobs` stand as it left them; `bar_line` is the first that is not committed.
        """
        if control.name in ("mode", "bars"):
            return self._switch(control, knobs, bar_line, capture.rolling)
        if control.name in PHRASES:
            return self._keep(control, knobs, bar_line, capture, now)
        rule = self.at(bar_line)
        if control.name == "reroll" and isinstance(rule, Infill):
            rule.marks = _marked(rule, knobs, bar_line, control.value >= ON)
            return True
        return False

    def _keep(
        self, control: Control, knobs: Knobs, bar_line: int, capture: Capture, now: float
    ) -> bool:
        """Capture the last whole bars. A mode that plays phrases takes them up at once."""
        bar = self._sides.meter.steps
        over = int(capture.step_at(now)) // bar * bar
        bars = min(knobs.bars, (over - self._began) // bar)
        if not capture.rolling or bars < 1:
            return False
        phrase = Phrase(over - bars * bar, bars, self._sides.meter)
        phrase.tokens(capture.at(now))
        self._phrases[control.name] = phrase
        return self.mode is Mode.INTERPOLATE and self._switch(control, knobs, bar_line, True)

    def _switch(self, control: Control, knobs: Knobs, bar_line: int, playing: bool) -> bool:
        mode = Mode(MODES[int(control.value)]) if control.name == "mode" else self.mode
        sides = replace(self._sides, bars=knobs.bars)
        if (mode, sides) == (self.mode, self._sides) and control.name not in PHRASES:
            return False
        self.mode, self._sides = mode, sides
        heard_bars = (bar_line - self._began) // sides.meter.steps if playing else 0
        start, goal = (self._phrases.get(name) for name in PHRASES)
        self._next = rule_of(mode, sides, bar_line, start, goal, heard_bars)
        return True


def _marked(rule: Infill, knobs: Knobs, bar_line: int, held: bool) -> Marks:
    if held:
        return Marks(knobs.marks, bar_line)
    marks = rule.marks
    return replace(marks, to_step=max(bar_line, marks.from_step + rule.bar_steps))
