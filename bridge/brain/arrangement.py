"""The arrangement: the section and the variation of each bar, and what they make of the music.

They are conditions to the engine where it knows such (`Asking`), and rules on what it drafts.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain import figures
from schmubert.bridge.brain.comping import Cell
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.sections import Section, Sections, Spell
from schmubert.bridge.brain.tape import unknown
from schmubert.bridge.brain.variations import (
    MOST_BARS,
    Groove,
    Harmony,
    groove_of,
    harmony_of,
)
from schmubert.bridge.protocol.messages import InSection, Kept
from schmubert.engine.music.chord_names import UNKNOWN_ROOT
from schmubert.engine.music.chords import FIRST_CHORD, HIT
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    CHORD_TOKENS,
    HOLD,
    MASK,
    NEW,
    OFF,
    TRIO,
    Track,
)
from schmubert.engine.service.wire import UNKNOWN_CHORD, UNKNOWN_FORM

FILL_SHARE = 0.75
"""Of the cells of a beat in the second half of a fill, so many are to be hit."""
BARS_KEPT = 2 * MOST_BARS

Harmonies = Callable[[int], Harmony]
"""The harmony of a step, as far as it is known."""


class Arrangement:
    """What is played in which bars of `meter`, as the player wants it."""

    def __init__(self, meter: Meter = COMMON) -> None:
        self.sections = Sections(meter)
        self.grooves: dict[str, Groove] = {}
        """The variations that were kept."""
        self.keeps = False
        """Whether the next variation that is hit is kept anew."""
        self.intro_bars: int | None = None
        """How long the band is to play before the player when it comes in next, None: not at all.
        """
        self.rests_from = 0
        """The step from which on it counts as a rest that the player does not play."""
        self.home = Harmony()
        """The chord on which an ending ends."""
        self._meter = meter
        self._since: list[tuple[int, str]] = [(0, "")]  # which variation, from which step on
        self._harmonies: dict[int, Harmony] = {}  # of the beats that were played

    # Which

    def variation(self, step: int) -> tuple[int, str]:
        """The variation played in `step`, maybe none, and the step in which it came back."""
        at = bisect_right(self._since, step, key=lambda one: one[0]) - 1
        return self._since[max(0, at)]

    def vary(self, name: str, step: int) -> None:
        """From `step` on variation `name` is played, or none where that is empty."""
        self._since = [*(one for one in self._since if one[0] < step), (step, name)]

    def come_in(self, step: int) -> Spell | None:
        """The band comes in at `step`; returns its intro, if it plays one."""
        self.vary(self._since[-1][1], step)
        bars, self.intro_bars = self.intro_bars, None
        if bars is None:
            return None
        self.rests_from = step + bars * self._meter.steps
        return self.sections.intro(step, bars) if bars else None

    def start(self, line: int) -> None:
        """The transport starts; the first bar begins at `line`."""
        self.sections.clear()
        self._harmonies.clear()
        self.rests_from = 0
        self._since = [(line, self._since[-1][1])]

    def move(self, step: int, line: int) -> tuple[Spell, ...]:
        """The song goes on elsewhere, at `line`; returns what is to come."""
        self._harmonies.clear()
        self._since = [(line, self._since[-1][1])]
        return self.sections.move(step, line)

    def forget_before(self, step: int) -> None:
        """What was played before `step` is not remembered."""
        self.sections.forget_before(step)
        now = self.variation(step)
        self._since = [now, *(one for one in self._since if one[0] > max(step, now[0]))]
        self._harmonies = {beat: one for beat, one in self._harmonies.items() if beat >= step}

    # What was played

    def sounded(self, from_step: int, to_step: int, harmonies: Harmonies) -> None:
        """These steps are final; their beats have such `harmonies`."""
        first = -(-from_step // self._meter.cells) * self._meter.cells
        for beat in range(first, to_step, self._meter.cells):
            self._harmonies[beat] = harmonies(beat)

    def roots(self, from_step: int, beats: int) -> bytes:
        """The roots over which the band played so many `beats`, as `Constraints.roots`."""
        steps = range(from_step, from_step + beats * self._meter.cells, self._meter.cells)
        found = [self._harmonies.get(step, Harmony()).root for step in steps]
        if all(root is None for root in found):
            return b""
        return bytes(UNKNOWN_ROOT if root is None else root for root in found)

    def latest_harmonies(self) -> list[Harmony]:
        """The harmonies of the last beats in which they are known, the last one first."""
        return [one for one in reversed(self._harmonies.values()) if one.root is not None]

    def keep(
        self,
        name: str,
        played: Tokens,
        from_step: int,
        comping: Sequence[int],
        heard: Harmonies,
    ) -> Kept:
        """Keep the whole bars `played` [steps, 3] from `from_step` on.

        What was not played is silence. `heard` are the harmonies where none were planned.
        """
        beats = range(from_step, from_step + len(played), self._meter.cells)
        tokens = np.where(played == np.asarray(MASK), HOLD, played)
        planned = (self._harmonies.get(step, Harmony()) for step in beats)
        chords = tuple(
            heard(step) if one.root is None else one
            for step, one in zip(beats, planned, strict=True)
        )
        groove = Groove(tokens, tuple(comping), chords, self._meter)
        self.grooves[name] = groove
        self.keeps = False
        return groove.told(name)

    def recall(self, kept: Kept) -> None:
        """Another brain kept this."""
        self.grooves[kept.name] = groove_of(kept, self._meter)

    def recall_section(self, told: InSection, step_of: Callable[[float], int]) -> None:
        """Another brain decided this; `step_of` is the step of the tape of a beat."""
        begin, end = step_of(told.from_beat), step_of(told.to_beat)
        section = Section(told.name)
        endless = section is Section.OVER
        if endless or begin < end:
            self.sections.put(Spell(section, begin, math.inf if endless else end))
            if section is Section.INTRO:
                self.intro_bars, self.rests_from = None, end
        if told.chord:
            self.home = harmony_of(told.chord)
        self.vary(told.variation, begin)

    # What they make of the music

    def ahead(
        self, from_step: int, to_step: int, roles: Collection[Track], harmonies: Harmonies
    ) -> Tokens:
        """What `roles` are known to play whatever is drafted: [steps, 3], MASK elsewhere."""
        known = unknown(to_step - from_step)
        for role in roles:
            if role in TRIO:
                known[:, role] = self.shaped(role, from_step, known[:, role], harmonies)
        return known

    def shaped(
        self, role: Track, from_step: int, cells: NDArray[np.int64], harmonies: Harmonies
    ) -> NDArray[np.int64]:
        """What `role` plays of the drafted `cells` from `from_step` on: [steps].

        Cells that are MASK, as nothing was drafted, stay so where the draft has a say.
        """
        steps = np.arange(from_step, from_step + len(cells))
        cells = self._varied(role, steps, cells, harmonies)
        drafted = cells != MASK[role]
        for spell in self.sections.within(from_step, from_step + len(cells)):
            here = (steps >= spell.begin) & (steps < spell.end)
            places = steps - spell.begin
            if spell.section is Section.FILL and role is Track.DRUMS:
                end = int(spell.end)
                filled = figures.fill(cells, steps, end, self._meter)
                if end % self._meter.steps == 0:
                    cells = np.where(drafted, figures.landed(cells, steps, end), cells)
                cells = np.where(here & drafted, filled, cells)
            elif spell.section is Section.BREAK:
                broken = figures.broken(role, cells, places, self._meter)
                cells = np.where(here, broken, cells)
            elif spell.section is Section.LAST:
                cells = np.where(here, figures.last(role, cells, places, self.home.root), cells)
            elif spell.section is Section.ENDING and role is Track.DRUMS:
                filled = figures.fill(cells, steps, int(spell.end), self._meter)
                cells = np.where(here & drafted, filled, cells)
        return cells

    def _varied(
        self,
        role: Track,
        steps: NDArray[np.int64],
        cells: NDArray[np.int64],
        harmonies: Harmonies,
    ) -> NDArray[np.int64]:
        if role not in (Track.BASS, Track.DRUMS):
            return cells
        found: NDArray[np.int64] = cells.copy()
        which = np.searchsorted([since for since, _ in self._since[1:]], steps, side="right")
        for number in np.unique(which).tolist():
            since, name = self._since[number]
            groove = self.grooves.get(name)
            if groove is not None:
                here = steps[which == number]
                now = [harmonies(step) for step in here.tolist()] if role is Track.BASS else []
                found[which == number] = groove.cells(role, here - since, now)
        return found

    def comping(self, cells: Sequence[Cell], from_step: int) -> list[Cell]:
        """What the chords play of the drafted `cells` from `from_step` on."""
        found = []
        for step, cell in enumerate(cells, from_step):
            since, name = self.variation(step)
            groove = self.grooves.get(name)
            token = cell[0] if groove is None else groove.comping[(step - since) % len(groove)]
            found.append(self._comping_cell(step, token, cell[1]))
        return found

    def _comping_cell(self, step: int, token: int, chord: int) -> Cell:
        spell, home = self.sections.spell(step), self.home.token
        place = step - spell.begin
        if spell.section is Section.BREAK and place:
            return OFF if place == self._meter.cells else HOLD, chord
        if spell.section is Section.LAST:
            if place:
                return HOLD, UNKNOWN_CHORD  # which is not struck anew
            return HIT, home if FIRST_CHORD <= home < CHORD_TOKENS else chord
        return token, chord

    # What is asked

    def knobs(self, knobs: Knobs, committed: int) -> Knobs:
        """`knobs` with what is asked of the drums of a fill, where `committed` is of one."""
        if self.sections.at(committed) is not Section.FILL:
            return knobs
        beats, cells = self._meter.beats, self._meter.cells
        curve = (*[None] * (beats - beats // 2), *[FILL_SHARE * cells] * (beats // 2))
        return replace(knobs, curves={**knobs.curves, Track.DRUMS: curve})

    def forms(
        self, begun: bytes, first_step: int, bars: int, new: Iterable[tuple[Track, int, float]] = ()
    ) -> bytes:
        """`begun`, as `Constraints.forms` of a window, with what is known of bars that are new.

        A fill is a new bar of the drums, and so are those `new` ones, each of a role from a step to
        another. That a bar is a variation's is told by its cells.
        """
        bar = self._meter.steps
        spells = self.sections.within(first_step, first_step + bars * bar)
        fills = [(Track.DRUMS, one.begin, one.end) for one in spells if one.section is Section.FILL]
        wanted = [*fills, *new]
        if not wanted:
            return begun
        forms = np.full((bars, len(TRIO)), UNKNOWN_FORM, np.uint8)
        if begun:
            forms[:] = np.frombuffer(begun, np.uint8).reshape(forms.shape)
        for role, begin, end in wanted:
            for number in range(bars):
                if begin <= first_step + number * bar < end:
                    forms[number, role] = NEW
        return forms.tobytes()

    def chords(self, told: bytes, first_step: int, beats: int) -> bytes:
        """`told`, as `Constraints.chords` of a window, with the chord on which the song ends."""
        home, cells = self.home.token, self._meter.cells
        ends = [
            one
            for one in self.sections.within(first_step, first_step + beats * cells)
            if one.section is Section.LAST
        ]
        if not ends or not FIRST_CHORD <= home < CHORD_TOKENS:
            return told
        chords = bytearray(told or bytes([UNKNOWN_CHORD]) * beats)
        for one in ends:
            first = max(0, (one.begin - first_step) // cells)
            for beat in range(first, min(beats, (int(one.end) - first_step) // cells)):
                chords[beat] = home
        return bytes(chords)
