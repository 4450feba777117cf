"""What sections make of cells, by rule: fills, breaks, the last bar, and a kit that is turned down.

Each function takes `cells` [steps] of one role and the place of each, and returns them changed.
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import (
    HOLD,
    OFF,
    PITCHED,
    Drum,
    Track,
    drum_token,
    onset_token,
)

Cells: TypeAlias = NDArray[np.int64]
"""Tokens [steps], or places [steps]."""

LANDING = drum_token((Drum.KICK, Drum.CRASH))
"""What a fill leads to, and what an ending ends with."""
KICK = drum_token((Drum.KICK,))
ROLLS = (
    (Drum.SNARE, Drum.HIGH_TOM, Drum.MID_TOM, Drum.LOW_TOM),
    (Drum.HIGH_TOM, Drum.HIGH_TOM, Drum.MID_TOM, Drum.LOW_TOM),
    (Drum.SNARE, Drum.SNARE, Drum.HIGH_TOM, Drum.LOW_TOM),
)
"""The ways of a fill over the kit."""
LOWEST_END = 28  # E1: what ends a song is low
LIGHTER = {Drum.CRASH: None, Drum.OPEN_HI_HAT: Drum.CLOSED_HI_HAT, Drum.RIDE: Drum.CLOSED_HI_HAT}
"""What a quiet band plays instead, None: nothing."""
HEAVIER = {Drum.CLOSED_HI_HAT: Drum.RIDE}


def fill(cells: Cells, steps: Cells, end: int, meter: Meter) -> Cells:
    """The drums' `cells` in a fill that leads to step `end`.

    In its last half bar what is hit goes down over the toms, and in the last beat there is a hit in
    every other cell at least. The kick stays.
    """
    to_end = end - steps
    roll = meter.cells * max(1, meter.beats // 2)
    order = ROLLS[end // meter.steps % len(ROLLS)]
    place = (roll - to_end.clip(1, roll)) * len(order) // roll
    toms = np.asarray([drum_token((drum,)) for drum in order])[place]
    is_hit = (cells & ~KICK != 0) | ((to_end <= meter.cells) & (to_end % 2 == 0))
    filled = np.where(is_hit, cells & KICK | toms, cells)
    return np.where((to_end >= 1) & (to_end <= roll), filled, cells)


def landed(cells: Cells, steps: Cells, end: int) -> Cells:
    """The drums' `cells` with the downbeat at step `end` that a fill led to."""
    return np.where(steps == end, cells | LANDING, cells)


def broken(role: Track, cells: Cells, places: Cells, meter: Meter) -> Cells:
    """A break: `places` count from its downbeat, which is played, and rings for a beat at most."""
    rests = np.full(len(cells), HOLD, np.int64)
    if role in PITCHED:
        rests[places == meter.cells] = OFF
    return np.where(places > 0, rests, cells)


def last(role: Track, cells: Cells, places: Cells, root: int | None) -> Cells:
    """The last bar: `places` count from its downbeat, the only one that is struck and held.

    The drums land there, and the bass plays pitch class `root`, where it is known.
    """
    held = np.where(places > 0, HOLD, cells)
    if role is Track.DRUMS:
        return np.where(places == 0, LANDING, held)
    if role is Track.BASS and root is not None:
        pitch = LOWEST_END + (root - LOWEST_END) % 12
        return np.where(places == 0, onset_token(pitch), held)
    return held


def swapped(cells: Cells, instead: Mapping[Drum, Drum | None]) -> Cells:
    """The drums' `cells` with some drums instead of others."""
    found: Cells = cells.copy()
    for drum, other in instead.items():
        hit = found >> drum & 1
        found &= ~(1 << drum)
        if other is not None:
            found |= hit << other
    return found
