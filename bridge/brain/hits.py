"""What a hit of a pad for a section or a variation does, in each state of the band."""

import math
from typing import TypeAlias

from schmubert.bridge.brain.asking import Asking
from schmubert.bridge.brain.band import Band, BandEvent, BandState
from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.brain.commit import Commit
from schmubert.bridge.brain.dialogue import Dialogue
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.mode_switch import ModeSwitch
from schmubert.bridge.brain.sections import HITS, RESPONSES, Response, Spell
from schmubert.bridge.brain.tape import up_to
from schmubert.bridge.brain.variations import MOST_BARS
from schmubert.bridge.protocol.controls import VARIATIONS
from schmubert.bridge.protocol.messages import InSection, Kept, Say

Told: TypeAlias = InSection | Kept | Say
PADS = {f"variation-{letter}": letter.upper() for letter in VARIATIONS}
"""The pads of variations, each with what it is called."""


class Hits:
    """Changes the arrangement as the player hits pads, and says so."""

    def __init__(
        self,
        band: Band,
        capture: Capture,
        dialogue: Dialogue,
        modes: ModeSwitch,
        commit: Commit,
        asking: Asking,
    ) -> None:
        self.counted_in = 0
        """The step at which the count-in ends."""
        self._band, self._capture, self._dialogue = band, capture, dialogue
        self._modes, self._commit, self._asking = modes, commit, asking
        self._arrangement = commit.arrangement
        self._usual = True  # whether it was told that no section or variation is to come
        self._bar = capture.meter.steps

    def hit(self, name: str, knobs: Knobs, now: float, recalls: bool = False) -> list[Told]:
        """The control `name` was hit, if it is one for a section or a variation.

        A brain that `recalls` is told by itself what was decided then of bars to come.
        """
        if name in PADS:
            return [] if recalls else self._hit_variation(name, now)
        if name == "keep":
            self._arrangement.keeps = True
            return [Say("the next variation that is hit keeps what is played")]
        if name not in HITS:
            return []
        response = RESPONSES.get((self._band.state, name))
        if response is Response.ON_DOWNBEAT:
            return [] if recalls else self._begin(name, knobs, now)
        if response is Response.COME_IN:
            self.go_first(knobs.intro_bars, now)
            return [Say("an intro: I come in before you")]
        if response is Response.AT_THE_START:
            self._arrangement.intro_bars = knobs.intro_bars
            return [Say("an intro, once the music starts")]
        if response is Response.STOP:
            self._band.on(BandEvent.END)
            return [Say("I stop")]
        if response is Response.LISTEN:
            self._band.on(BandEvent.AGAIN)
            return [Say("I listen again")]
        return [Say(f"{name} does nothing now: the band {_does(self._band.state)}")]

    def go_first(self, bars: int, now: float) -> None:
        """The band comes in before the player, as soon as it can, and so many `bars` count as his.

        What comes after them is a rest where he does not play.
        """
        self._band.on(BandEvent.GO_FIRST)
        line = up_to(self._capture.step_at(now), self._bar)
        self._modes.begin(line)
        self._arrangement.intro_bars = bars
        self._commit.begin_at(max(line, self.counted_in))
        self._asking.at_once()

    def came_in(self, intro: Spell | None) -> list[Told]:
        """The band came in, with an `intro` or without."""
        if intro is None:
            return []
        return [self._say(intro.begin, "intro"), *self.arranged(intro.begin)]

    def arranged(self, step: int) -> list[Told]:
        """How things stand from `step` on, for whoever shows it; nothing where all is as usual."""
        found: list[Told] = [self._told("", step, step)]
        usual = self._usual
        for spell in self._arrangement.sections.within(step, math.inf):
            if spell.begin >= step:
                end = spell.begin if spell.end == math.inf else int(spell.end)
                found.append(self._told(spell.section.value, spell.begin, end))
        self._usual = len(found) == 1 and not self._arrangement.variation(step)[1]
        return [] if usual and self._usual else found

    def _begin(self, name: str, knobs: Knobs, now: float) -> list[Told]:
        if name == "ending":
            self._arrangement.home = self._asking.home(knobs, now)
        spells = self._arrangement.sections.hit(name, self._commit.next_step)
        if not spells:
            return [Say(f"{name} does nothing now: the song ends")]
        self._asking.at_once()
        begin = spells[0].begin
        return [self._say(begin, name), *self.arranged(begin)]

    def _hit_variation(self, name: str, now: float) -> list[Told]:
        arrangement, commits = self._arrangement, self._band.commits
        if arrangement.keeps or name not in arrangement.grooves:
            return self._keep(name, now)
        line = self._commit.bar_line if commits else 0
        back = arrangement.variation(line)[1] != name
        arrangement.vary(name if back else "", line)
        self._dialogue.cut(line)
        self._asking.at_once()
        told = f"variation {PADS[name]}" if back else f"on from variation {PADS[name]}"
        said = self._say(line, told) if commits else Say(f"{told}, once I play")
        return [said, *self.arranged(line)]

    def _keep(self, name: str, now: float) -> list[Told]:
        """Keep the last whole bars that are final, as far as the band has played."""
        end = self._commit.next_step // self._bar * self._bar
        bars = min(MOST_BARS, (end - self._commit.played_from) // self._bar)
        if self._band.state not in (BandState.PLAYING, BandState.LEADING) or bars < 1:
            return [Say(f"nothing to keep as {PADS[name]}: I have not played for a bar yet")]
        begin = end - bars * self._bar
        rhythm = self._commit.comping.rhythm(begin, end)
        played = self._capture.played.between(begin, end)
        moment, bar = self._capture.at(now), self._bar
        heard = {
            line: self._commit.heard_harmony(moment, line + bar) for line in range(begin, end, bar)
        }
        kept = self._arrangement.keep(
            name, played, begin, rhythm, lambda step: heard[step - step % bar]
        )
        return [kept, Say(f"variation {PADS[name]}: {self._capture.bars(begin, end)}")]

    def _told(self, name: str, begin: int, end: int) -> InSection:
        beat = self._capture.beat
        variation = self._arrangement.variation(begin)[1]
        return InSection(name, beat(begin), beat(end), variation, self._arrangement.home.token)

    def _say(self, step: int, text: str) -> Say:
        return Say(f"bar {self._capture.bar(step)}: {text}")


def _does(state: BandState) -> str:
    if state in (BandState.PLAYING, BandState.LEADING):
        return "plays already"
    return "has stopped" if state is BandState.ENDED else "does not play yet"
