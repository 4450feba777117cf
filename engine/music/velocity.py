"""How hard a note is struck: the accents of a bar of 4/4.

There is one order of accents, the downbeat first and the odd 16ths last. A written file has it as
velocities; on stage it is a factor of how hard the player plays.
"""

from typing import NamedTuple

from schmubert.engine.music.meter import STEPS_PER_BAR, STEPS_PER_BEAT


class Accents(NamedTuple):
    """What each kind of 16th in a bar of 4/4 weighs, in any unit."""

    downbeat: float
    half_bar: float
    beat: float
    eighth: float
    sixteenth: float

    def at(self, step: int) -> float:
        """The weight of `step`, counted in 16ths from any bar line."""
        place = step % STEPS_PER_BAR
        if place == 0:
            return self.downbeat
        if place % (STEPS_PER_BAR // 2) == 0:
            return self.half_bar
        if place % STEPS_PER_BEAT == 0:
            return self.beat
        return self.eighth if place % (STEPS_PER_BEAT // 2) == 0 else self.sixteenth


WRITTEN = Accents(downbeat=100, half_bar=94, beat=86, eighth=80, sixteenth=74)
"""MIDI velocities, for a file in which nobody plays."""
PLAYED = Accents(downbeat=1.12, half_bar=1.05, beat=1.0, eighth=0.91, sixteenth=0.83)
"""Factors of a player's mean velocity."""
