"""How likely an onset is at each place of a beat: the prior of the beat tracker."""

from collections.abc import Mapping
from math import log
from typing import TypeAlias

PLACES = 12
"""Places in a beat that an onset may stand at: 16ths and triplets of one in four or three."""
Textures: TypeAlias = tuple[float, ...]
"""How likely each texture is."""

STRAIGHT: tuple[tuple[float, Mapping[int, float]], ...] = (
    (0.5, {0: 0.85, 6: 0.12, 3: 0.03, 9: 0.05, 4: 0.01, 8: 0.02}),
    (0.35, {0: 0.85, 6: 0.70, 3: 0.06, 9: 0.08, 4: 0.005, 8: 0.005}),
    (0.08, {0: 0.90, 6: 0.80, 3: 0.60, 9: 0.65}),
    (0.07, {0: 0.90, 4: 0.60, 8: 0.75}),
)
"""Quarters, eighths, sixteenths and triplets: how common they are, and how likely an onset is."""
COMPOUND: tuple[tuple[float, Mapping[int, float]], ...] = (
    (0.3, {0: 0.85, 4: 0.10, 8: 0.25, 2: 0.02, 6: 0.02, 10: 0.02}),
    (0.5, {0: 0.85, 4: 0.70, 8: 0.75, 2: 0.05, 6: 0.05, 10: 0.05}),
    (0.2, {0: 0.90, 4: 0.80, 8: 0.80, 2: 0.60, 6: 0.60, 10: 0.60}),
)
"""The same of beats in three."""
STAYS = 0.93
"""How likely the texture stays the same from one onset to the next."""
FAINT = 1e-3
"""How likely the unlikely is at least: an onset may surprise."""
FIRST_OFF = 0.06
"""How likely the first onset of all is off the beat, at each place, against on it."""
OFF_WEIGHT = (1.0, -0.6, -1.0)
"""What weight says for the beat, against its half, and against the other places."""


class Rhythm:
    """Places and textures of a beat of so many `cells`, 4 or 6."""

    def __init__(self, cells: int) -> None:
        textures = COMPOUND if cells == 6 else STRAIGHT
        self.common: Textures = tuple(common for common, _ in textures)
        places = sorted({place for _, odds in textures for place in odds})
        self.first = {place: log(FIRST_OFF) if place else 0.0 for place in places}
        """The log odds of the places of a first onset."""
        half = 6 if cells == 4 else -1
        self._says = [OFF_WEIGHT[0 if not p else 1 if p == half else 2] for p in range(PLACES)]
        self._odds: list[list[Textures | None]] = [
            [
                _odds(place, gap, [odds for _, odds in textures])
                if (place + gap) % PLACES in places
                else None
                for gap in range(1 + 2 * PLACES)
            ]
            for place in range(PLACES)
        ]

    def step(
        self, place: int, gap: int, textures: Textures, weight: float
    ) -> tuple[int, float, Textures] | None:
        """The place `gap` places after `place`, the log odds of an onset there and none between,
        and how likely the textures are then; None where none is to be."""
        # a rest costs no more than one of two beats
        odds = self._odds[place][gap if gap <= PLACES else PLACES + 1 + (gap - 1) % PLACES]
        if odds is None:
            return None
        joint = [likely * chance for likely, chance in zip(textures, odds, strict=True)]
        total = sum(joint)
        moved = tuple(
            STAYS * one / total + (1.0 - STAYS) * common
            for one, common in zip(joint, self.common, strict=True)
        )
        there = (place + gap) % PLACES
        return there, log(total) + weight * self._says[there], moved


def _odds(place: int, gap: int, textures: list[Mapping[int, float]]) -> Textures:
    """How likely, in each texture, the onset after that at `place` is `gap` places later."""
    found = []
    for odds in textures:
        chance = odds.get((place + gap) % PLACES, 0.0)
        for between in range(1, gap):
            chance *= 1.0 - odds.get((place + between) % PLACES, 0.0)
        found.append(max(chance, FAINT))
    return tuple(found)
