"""How hard a note is struck: the accents of a bar.

There is one order of accents, the downbeat first and the odd 16ths last. A written file has it as
velocities; on stage it is a factor of how hard the player plays.
"""

from typing import NamedTuple

from schmubert.engine.music.meter import COMMON, Meter


class Accents(NamedTuple):
    """What each kind of cell in a bar weighs, in any unit.

    A bar has a half where one of its beats is the middle; an eighth is every other cell.
    """

    downbeat: float
    half_bar: float
    beat: float
    eighth: float
    sixteenth: float

    def at(self, step: int, meter: Meter = COMMON) -> float:
        """The weight of `step`, counted in cells of `meter` from any bar line."""
        beat, cell = divmod(step % meter.steps, meter.cells)
        if cell:
            return self.sixteenth if cell % 2 else self.eighth
        if beat == 0:
            return self.downbeat
        return self.half_bar if beat in meter.strong_beats else self.beat


WRITTEN = Accents(downbeat=100, half_bar=94, beat=86, eighth=80, sixteenth=74)
"""MIDI velocities, for a file in which nobody plays."""
PLAYED = Accents(downbeat=1.12, half_bar=1.05, beat=1.0, eighth=0.91, sixteenth=0.83)
"""Factors of a player's mean velocity."""
VOICES = 0.8
"""A factor for each voice of a chord, several of which sound together."""
