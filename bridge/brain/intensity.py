"""Intensity: one number from calm to wild, for density, kit, register and loudness together.

In the middle it asks for nothing. It is turned, or follows the player's own energy.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.figures import HEAVIER, LIGHTER, swapped
from schmubert.bridge.brain.sounds import Sound
from schmubert.engine.music.meter import STEPS_PER_BAR, Meter
from schmubert.engine.music.pitches import HIGHEST_OF_BASS, LOWEST_OF_BASS
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait
from schmubert.engine.music.vocabulary import LEVELS, TRAIT_COUNT, Track

MIDDLE = 0.5
NEAR = 0.05
"""Nearer to the middle than this nothing is asked for."""
ONSETS: Mapping[Track, tuple[float, float]] = {
    Track.MELODY: (2.0, 10.0),
    Track.BASS: (1.5, 8.0),
    Track.DRUMS: (3.0, 13.0),
}
"""Onsets in 16 cells, calm and wild."""
LIVELY = (Trait.BASS_DENSITY, Trait.DRUMS_DENSITY, Trait.KICK_DENSITY, Trait.COMPING_DENSITY)
"""Of which a wilder band has more."""
MIDDLE_LEVEL = (LEVELS + 1) // 2
SOFTEST, LOUDEST = 0.65, 1.35
"""Factors of the loudness."""
LIGHT_KIT, HEAVY_KIT = 0.3, 0.75
"""Below and above these the kit is another."""
ENERGY_BARS = 2
"""Bars of the player's that tell the energy."""
BUSY, SOFT, LOUD = 0.75, 40.0, 110.0
"""So many cells of a bar with onsets, and such velocities, are no and all energy."""
MOST_CHANGE = 0.25
"""How far the intensity follows in a bar."""


def densities(intensity: float, roles: Iterable[Track], meter: Meter) -> dict[Track, float]:
    """Onsets a bar of `roles`; of none in the middle."""
    if abs(intensity - MIDDLE) < NEAR:
        return {}
    share = meter.steps / STEPS_PER_BAR
    return {
        role: share * (low + (high - low) * intensity)
        for role, (low, high) in ONSETS.items()
        if role in roles
    }


def livelier(intensity: float, traits: bytes) -> bytes:
    """`traits`, those of a style or empty, as a band of this intensity has them.

    What a style says is moved by as many levels as the intensity is from the middle; of what it
    does not say the intensity is the level. In the middle they stay.
    """
    if abs(intensity - MIDDLE) < NEAR:
        return traits
    said = bytearray(traits or bytes([UNKNOWN_TRAIT] * TRAIT_COUNT))
    moved = round((LEVELS - 1) * (intensity - MIDDLE))
    for trait in LIVELY:
        level = MIDDLE_LEVEL if said[trait] == UNKNOWN_TRAIT else said[trait]
        said[trait] = min(LEVELS, max(1, level + moved))
    return bytes(said)


def highest_bass(intensity: float) -> int | None:
    """The highest note of a calm bass; None where it is as always."""
    if intensity > MIDDLE - NEAR:
        return None
    octaves = HIGHEST_OF_BASS - LOWEST_OF_BASS - 12
    return LOWEST_OF_BASS + 12 + round(octaves * intensity / MIDDLE)


def loudness(intensity: float) -> float:
    """The factor of the band's loudness, 1 in the middle."""
    if intensity < MIDDLE:
        return SOFTEST + (1.0 - SOFTEST) * intensity / MIDDLE
    return 1.0 + (LOUDEST - 1.0) * (intensity - MIDDLE) / (1.0 - MIDDLE)


def kit(cells: NDArray[np.int64], intensity: float) -> NDArray[np.int64]:
    """The drums' `cells` on the kit of this intensity: closed hats alone, or the ride."""
    if intensity < LIGHT_KIT:
        return swapped(cells, LIGHTER)
    return swapped(cells, HEAVIER) if intensity > HEAVY_KIT else cells


def energy(sounds: Iterable[Sound], bar_line: int, mean_velocity: float, meter: Meter) -> float:
    """How much and how loud the player played in the last bars before `bar_line`, 0 to 1."""
    since = bar_line - ENERGY_BARS * meter.steps
    onsets = {sound.onset for sound in sounds if since <= sound.onset < bar_line}
    busy = len(onsets) / (ENERGY_BARS * meter.steps * BUSY)
    loud = (mean_velocity - SOFT) / (LOUD - SOFT)
    return (min(1.0, busy) + min(1.0, max(0.0, loud))) / 2.0 if onsets else 0.0


def followed(before: float, energy: float) -> float:
    """The intensity a bar later, where the player's is `energy`."""
    return before + min(MOST_CHANGE, max(-MOST_CHANGE, energy - before))
