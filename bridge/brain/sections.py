"""The sections of a song, as a state machine: what is played in which bars, and what a hit changes.

Two tables say it all: what a hit of a pad asks for in each state of the band (`RESPONSES`), and
which sections follow from it (`FOLLOWS`). Steps are those of the tape.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from schmubert.bridge.brain.band import BandState
from schmubert.engine.music.meter import COMMON, Meter


class Section(Enum):
    """What is played; the value is how a player calls it."""

    MAIN = ""
    """The music goes on."""
    INTRO = "intro"
    """The band plays before the player."""
    FILL = "fill"
    """The drums lead to the next downbeat."""
    BREAK = "break"
    """All rest after the downbeat."""
    ENDING = "ending"
    """The last phrase."""
    LAST = "last bar"
    """The last downbeat, which is held for a bar."""
    OVER = "over"
    """Nothing more is played."""


class Response(Enum):
    """What a hit asks for."""

    ON_DOWNBEAT = auto()
    """The section begins with the next bar that is not final; a fill maybe before that."""
    COME_IN = auto()
    """The band comes in before the player."""
    AT_THE_START = auto()
    """So it will, once the transport starts."""
    STOP = auto()
    """The band stops now, as nothing sounds yet."""
    LISTEN = auto()
    """The band listens for the player again."""


RESPONSES: Mapping[tuple[BandState, str], Response] = {
    (BandState.STOPPED, "intro"): Response.AT_THE_START,
    (BandState.WAITING, "intro"): Response.COME_IN,
    (BandState.WAITING, "stop"): Response.STOP,
    (BandState.LISTENING, "intro"): Response.COME_IN,
    (BandState.LISTENING, "stop"): Response.STOP,
    (BandState.ENDED, "intro"): Response.COME_IN,
    (BandState.ENDED, "stop"): Response.LISTEN,
    **{
        (state, name): Response.ON_DOWNBEAT
        for state in (BandState.PLAYING, BandState.LEADING)
        for name in ("fill", "break", "ending", "stop")
    },
}
"""What is not here does nothing, and is said to do nothing."""
HITS = tuple(dict.fromkeys(name for _, name in RESPONSES))
"""The controls that are answered so."""

_GOES_ON = (Section.MAIN, Section.INTRO, Section.FILL, Section.BREAK)
_ENDS = (Section.ENDING, Section.LAST)
FOLLOWS: Mapping[tuple[Section, str], tuple[Section, ...]] = {
    **{(now, "fill"): (Section.FILL,) for now in _GOES_ON},
    **{(now, "break"): (Section.BREAK,) for now in _GOES_ON},
    **{(now, "ending"): (Section.ENDING, Section.LAST, Section.OVER) for now in _GOES_ON},
    **{(now, "stop"): (Section.OVER,) for now in (*_GOES_ON, *_ENDS)},
}
"""What follows a hit, by the section in which it would begin. What is not here cannot follow."""
BARS: Mapping[Section, float] = {
    Section.FILL: 1,
    Section.BREAK: 1,
    Section.ENDING: 2,
    Section.LAST: 1,
    Section.OVER: math.inf,
}
"""How long each is."""


@dataclass(frozen=True)
class Spell:
    """A `section` from step `begin` to `end`, which is infinity for what does not end."""

    section: Section
    begin: int
    end: float


MAIN = Spell(Section.MAIN, 0, math.inf)


class Sections:
    """Which section is played when; a bar is one of `meter`."""

    def __init__(self, meter: Meter = COMMON) -> None:
        self._bar = meter.steps
        self._spells: tuple[Spell, ...] = ()

    def spell(self, step: float) -> Spell:
        """What is played in `step`."""
        return next((one for one in self._spells if one.begin <= step < one.end), MAIN)

    def at(self, step: float) -> Section:
        """The section of `step`."""
        return self.spell(step).section

    def within(self, from_step: int, to_step: float) -> tuple[Spell, ...]:
        """The spells of which some steps lie here, or which end at the first of these."""
        return tuple(one for one in self._spells if one.begin < to_step and one.end >= from_step)

    def hit(self, name: str, next_step: int) -> tuple[Spell, ...]:
        """What follows from a hit, `next_step` being the first that is not final; maybe nothing.

        All begins with a bar, but for a fill: where half of a bar or more is left it is this one's.
        """
        line = -(-next_step // self._bar) * self._bar
        is_left = name == "fill" and line - next_step >= self._bar / 2
        begin = next_step if is_left else line
        spells: list[Spell] = []
        for section in FOLLOWS.get((self.at(begin), name), ()):
            end = line if is_left else begin + BARS[section] * self._bar
            spells.append(Spell(section, begin, end))
            begin = int(end) if end < math.inf else begin
        self._put(spells)
        return tuple(spells)

    def intro(self, begin: int, bars: int) -> Spell:
        """The band comes in at `begin`, so many `bars` before the player."""
        spell = Spell(Section.INTRO, begin, begin + bars * self._bar)
        self._put([spell])
        return spell

    def put(self, spell: Spell) -> None:
        """What was decided by another brain."""
        self._put([spell])

    def move(self, step: int, line: int) -> tuple[Spell, ...]:
        """The song goes on elsewhere, at bar line `line`; returns what is to come.

        What had not begun in `step`, or is an ending, begins there; all else that had is over.
        """
        coming = [
            one
            for one in self._spells
            if one.begin >= step or (one.section in _ENDS and one.end > step)
        ]
        by = line - min((one.begin for one in coming), default=line)
        self._spells = tuple(replace(one, begin=one.begin + by, end=one.end + by) for one in coming)
        return self._spells

    def clear(self) -> None:
        """The music goes on, whatever was to come."""
        self._spells = ()

    def forget_before(self, step: int) -> None:
        """What ended before `step` is not remembered."""
        self._spells = tuple(one for one in self._spells if one.end >= step)

    def _put(self, spells: list[Spell]) -> None:
        """`spells` in place of what was to be then; what does not end leaves nothing after it."""
        if not spells:
            return
        begin, end = spells[0].begin, spells[-1].end
        kept = [
            replace(one, end=min(one.end, begin)) if one.begin < begin else one
            for one in self._spells
            if one.begin < begin or one.begin >= end
        ]
        self._spells = tuple(sorted([*kept, *spells], key=lambda one: one.begin))
