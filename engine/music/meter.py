"""How time is counted: metres, beats and their cells, phrases and songs, and the usual tempo.

Plain numbers, so that a process that does without NumPy can import them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

CLOCKS_PER_QUARTER = 24
"""MIDI clock: so many ticks a quarter, in every metre."""
STRAIGHT, TRIPLET = 4, 6
"""The cells of a beat: 16ths of a quarter; sixths, of a dotted quarter its 16ths."""
FEWEST_BEATS, MOST_BEATS = 2, 7
"""The beats of a bar that a grid can hold."""


@dataclass(frozen=True, order=True)
class Meter:
    """A metre: the `beats` of a bar, the `cells` of a beat, and the MIDI `clocks` of a beat.

    4 cells are 16ths; 6 are a compound beat (6/8 is two of them, 36 clocks each) or a beat of
    triplets (a shuffle in 4/4: four of 24 clocks). To a network only beats and cells matter.
    ValueError where a value is none that a grid can hold.
    """

    beats: int = 4
    cells: int = STRAIGHT
    clocks: int = CLOCKS_PER_QUARTER

    def __post_init__(self) -> None:
        if not FEWEST_BEATS <= self.beats <= MOST_BEATS:
            raise ValueError(f"a bar has {FEWEST_BEATS} to {MOST_BEATS} beats, not {self.beats}")
        if self.cells not in (STRAIGHT, TRIPLET):
            raise ValueError(f"a beat has {STRAIGHT} or {TRIPLET} cells, not {self.cells}")
        if self.clocks not in (CLOCKS_PER_QUARTER, COMPOUND_CLOCKS):
            raise ValueError(f"a beat has 24 or {COMPOUND_CLOCKS} MIDI clocks, not {self.clocks}")
        if self.clocks == COMPOUND_CLOCKS and self.cells != TRIPLET:
            raise ValueError("a dotted quarter has 6 cells")

    @property
    def steps(self) -> int:
        """The cells of a bar: the rows of a token grid."""
        return self.beats * self.cells

    @property
    def shape(self) -> tuple[int, int]:
        """Its beats and the cells of a beat: all that a network knows of it."""
        return self.beats, self.cells

    @property
    def strong_beats(self) -> tuple[int, ...]:
        """The beats, from 0, that carry a bar: the first, and of 4 or 6 the one in the middle."""
        return (0, self.beats // 2) if self.beats in (4, 6) else (0,)

    @property
    def clocks_per_bar(self) -> int:
        """The MIDI clocks of a bar."""
        return self.beats * self.clocks

    @property
    def quarters_per_beat(self) -> Fraction:
        """How many quarters a beat lasts: 1, or 3/2."""
        return Fraction(self.clocks, CLOCKS_PER_QUARTER)

    @property
    def steps_per_quarter(self) -> Fraction:
        """How many cells a quarter lasts: 4, or 6 of triplets."""
        return self.cells / self.quarters_per_beat

    @property
    def signature(self) -> tuple[int, int]:
        """The time signature that it is written in: (4, 4), (6, 8) and so on."""
        return (3 * self.beats, 8) if self.clocks == COMPOUND_CLOCKS else (self.beats, 4)

    def __str__(self) -> str:
        beats, unit = self.signature
        triplet = self.cells == TRIPLET and self.clocks == CLOCKS_PER_QUARTER
        return f"{beats}/{unit}" + (" in triplets" if triplet else "")


COMPOUND_CLOCKS = 36
UNITS = (1, 2, 4, 8, 16, 32, 64)
COMMON = Meter()
"""4/4 in 16ths."""


def meter_of(beats: int, unit: int) -> Meter | None:
    """The metre of a time signature, `beats` notes of which `unit` make a whole; None for others.

    6/8, 9/8, 12/8 and so on are compound. All else is counted in quarters: 2/2 as 4/4, 3/2 as 6/4,
    4/8 as 2/4. What has no whole number of them, 5/8 or 7/8, is no metre of a grid, nor is what
    is compound in 16ths.
    """
    if unit >= 8 and beats % 3 == 0 and beats > 3:
        fits = unit == 8 and beats // 3 <= MOST_BEATS
        return Meter(beats // 3, TRIPLET, COMPOUND_CLOCKS) if fits else None
    quarters = Fraction(4 * beats, unit)
    if quarters.denominator == 1 and FEWEST_BEATS <= quarters <= MOST_BEATS:
        return Meter(int(quarters))
    return None


def signature_named(text: str) -> tuple[int, int]:
    """ "6/8" -> (6, 8); ValueError where it is no time signature that a grid can hold."""
    read = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", text.strip())
    signature = (int(read[1]), int(read[2])) if read else (0, 0)
    if signature[1] not in UNITS or meter_of(*signature) is None:
        raise ValueError(f"{text!r} is no metre that can be played: 2/4 to 7/4, 2/2, 6/8 to 21/8")
    return signature


def in_triplets(meter: Meter) -> Meter:
    """The same bar with beats of six cells: as a shuffle is played that is written in quarters."""
    return Meter(meter.beats, TRIPLET, meter.clocks)


def straight(meter: Meter) -> Meter:
    """The same bar in 16ths, where its beats are quarters; a compound one as it is."""
    return Meter(meter.beats) if meter.clocks == CLOCKS_PER_QUARTER else meter


def same_bars(one: Meter | None, other: Meter) -> bool:
    """Whether bars of `one` are written as those of `other`, however their beats are divided."""
    return one is not None and straight(one) == straight(other)


def meters_told(meters: Iterable[Meter]) -> str:
    """All of `meters`, of which there is one at least, in words: "2/4, 3/4 and 6/8"."""
    *others, last = map(str, meters)
    return f"{', '.join(others)} and {last}" if others else last


UNSAID_METERS = (COMMON,)
"""What a model file plays that says nothing of metres."""


def meters_said(shapes: Iterable[Sequence[int]]) -> tuple[Meter, ...]:
    """The metres of what a model file says, (beats, cells) each; ValueError where one is none."""
    return tuple(
        Meter(beats, cells, COMPOUND_CLOCKS if cells == TRIPLET else CLOCKS_PER_QUARTER)
        for beats, cells in shapes
    )


def knows(meters: Iterable[Meter], meter: Meter) -> bool:
    """Whether a network that was trained on `meters` knows `meter`: so many beats of such cells.

    4/4 in triplets and 12/8 are the same to it.
    """
    return any(one.shape == meter.shape for one in meters)


STEPS_PER_BEAT = COMMON.cells
"""A step is a 16th, a row of a token grid."""
BEATS_PER_BAR = COMMON.beats
STEPS_PER_BAR = COMMON.steps
PHRASE_BARS = 4
"""The bars of a phrase, the next larger unit of most songs."""
MOST_SONG_BARS = 4096
"""Some two hours: a file that claims more is broken, and would eat the memory."""
USUAL_BPM = 120.0
"""The tempo where none is said: MIDI files and DAWs take this one."""
