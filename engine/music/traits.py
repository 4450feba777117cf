"""The traits of a window: how a band plays, in sixteen figures of five levels each.

How dense a bass is, where the snare falls, how often drums repeat a bar. A network masks and
predicts them as the first plan of all; a style is some of them, known.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import FIRST_AGAIN, form_columns
from schmubert.engine.music.score import Tokens, lasting
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    FIRST_ONSET,
    HOLD,
    LOWEST_PITCH,
    NEW,
    OFF,
    TRAIT_COUNT,
    TRIO,
    Drum,
    Track,
)


class Trait(IntEnum):
    """What is told of a window; the value is the cell of the column `Track.TRAITS`.

    Densities are events a beat. `OFFBEAT` is the share of onsets that are on no beat, `LENGTH` the
    share of the time that sounds, `MOVEMENT` the share of onsets with another pitch than the one
    before, `REGISTER` the mean pitch, `STEADINESS` the share of bars that are an earlier one again,
    `BACKBEAT` the share of snares on even beats (2 and 4), `TOMS` the share of hits that are
    toms'. `CYMBAL` is no amount: 1 none, 2 closed hi-hat, 3 open hi-hat, 4 ride, 5 crash.
    """

    MELODY_DENSITY = 0
    MELODY_OFFBEAT = 1
    BASS_DENSITY = 2
    BASS_OFFBEAT = 3
    BASS_LENGTH = 4
    BASS_MOVEMENT = 5
    BASS_REGISTER = 6
    BASS_STEADINESS = 7
    DRUMS_DENSITY = 8
    KICK_DENSITY = 9
    BACKBEAT = 10
    CYMBAL = 11
    TOMS = 12
    DRUMS_STEADINESS = 13
    COMPING_DENSITY = 14
    CHORD_DENSITY = 15


PARTS: Mapping[str, Track] = MappingProxyType(
    {
        "MELODY": Track.MELODY,
        "BASS": Track.BASS,
        "COMPING": Track.COMPING,
        "CHORD": Track.CHORDS,
    }
)
"""Whose trait it is by how its name begins; all others are the drums'."""
UNKNOWN_TRAIT = BAND_MASK[Track.TRAITS]
EDGES: Mapping[Trait, tuple[float, float, float, float]] = MappingProxyType(
    {
        Trait.MELODY_DENSITY: (0.5, 0.8, 1.0, 1.4),
        Trait.MELODY_OFFBEAT: (0.4, 0.5, 0.6, 0.7),
        Trait.BASS_DENSITY: (0.8, 1.1, 1.4, 2.0),
        Trait.BASS_OFFBEAT: (0.33, 0.48, 0.55, 0.67),
        Trait.BASS_LENGTH: (0.6, 0.75, 0.88, 0.98),
        Trait.BASS_MOVEMENT: (0.3, 0.5, 0.7, 0.85),
        Trait.BASS_REGISTER: (33.0, 35.5, 38.0, 42.0),
        Trait.BASS_STEADINESS: (0.12, 0.31, 0.5, 0.68),
        Trait.DRUMS_DENSITY: (1.55, 2.0, 2.3, 3.1),
        Trait.KICK_DENSITY: (0.44, 0.68, 0.88, 1.08),
        Trait.BACKBEAT: (0.15, 0.47, 0.74, 0.94),
        Trait.TOMS: (0.0001, 0.01, 0.03, 0.1),
        Trait.DRUMS_STEADINESS: (0.31, 0.5, 0.68, 0.82),
        Trait.COMPING_DENSITY: (1.2, 1.65, 2.05, 2.8),
        Trait.CHORD_DENSITY: (0.17, 0.23, 0.28, 0.36),
    }
)
"""Where levels begin, from the second on: a fifth of songs' windows in each, about
(`benchmarks/traits.py` counts them)."""
CYMBALS = (Drum.CLOSED_HI_HAT, Drum.OPEN_HI_HAT, Drum.RIDE, Drum.CRASH)
"""Of which the one that is hit most is the level of `Trait.CYMBAL` from 2 on."""
FEWEST_HITS = 0.25
"""A cymbal is one where it is hit so often a beat."""


def part_of(trait: Trait) -> Track:
    """What `trait` is a trait of."""
    return PARTS.get(trait.name.partition("_")[0], Track.DRUMS)


def traits_of(tokens: Tokens, meter: Meter) -> Tokens:
    """The levels [n, 16] of windows [n, steps, 5 or more columns of a band], 1 to 5.

    Masked where a part has a masked cell or plays nothing.
    """
    figures = figures_of(tokens, meter)
    levels = np.full((len(tokens), TRAIT_COUNT), UNKNOWN_TRAIT)
    for trait in Trait:
        found = figures[trait]
        told = found if trait is Trait.CYMBAL else 1 + np.digitize(found, EDGES[trait])
        levels[:, trait] = np.where(np.isnan(found), UNKNOWN_TRAIT, told)
    return levels


def trait_column(levels: Tokens, steps: int) -> Tokens:
    """Levels [n, 16] as a column [n, steps]: one in each of its first cells."""
    column = np.full((len(levels), steps), HOLD)
    column[:, :TRAIT_COUNT] = levels[:, :steps]
    return column


def figures_of(tokens: Tokens, meter: Meter) -> dict[Trait, NDArray[np.float64]]:
    """What the levels stand for, [n] each; NaN where it is not known."""
    beats = tokens.shape[1] / meter.cells
    on_beat = np.arange(tokens.shape[1]) % meter.cells == 0
    figures, plays = {}, {}
    for track, name in ((Track.MELODY, "MELODY"), (Track.BASS, "BASS")):
        column = tokens[..., track]
        onsets = (column >= FIRST_ONSET) & (column < BAND_MASK[track])
        count = plays[track] = _known(onsets.sum(axis=1), column, track)
        figures[Trait[f"{name}_DENSITY"]] = count / beats
        figures[Trait[f"{name}_OFFBEAT"]] = (onsets & ~on_beat).sum(axis=1) / count
        if track is Track.BASS:
            events = lasting(column)
            figures[Trait.BASS_LENGTH] = np.where(
                np.isnan(count), np.nan, (events >= FIRST_ONSET).mean(axis=1)
            )
            figures[Trait.BASS_MOVEMENT] = _moved(column, onsets) / (count - 1).clip(min=1)
            pitches = column - FIRST_ONSET + LOWEST_PITCH
            figures[Trait.BASS_REGISTER] = np.where(onsets, pitches, 0).sum(axis=1) / count
    struck = tokens[..., Track.DRUMS]
    plays[Track.DRUMS] = _known((struck > 0).sum(axis=1), struck, Track.DRUMS)
    figures |= _drums(struck, plays[Track.DRUMS], meter)
    hits = tokens[..., Track.COMPING] == FIRST_ONSET
    figures[Trait.COMPING_DENSITY] = (
        _known(hits.sum(axis=1), tokens[..., Track.COMPING], Track.COMPING) / beats
    )
    chords = tokens[:, :: meter.cells, Track.CHORDS]
    changes = ((chords > OFF) & (chords < BAND_MASK[Track.CHORDS])).sum(axis=1)
    figures[Trait.CHORD_DENSITY] = _known(changes, chords, Track.CHORDS) / beats
    forms = form_columns(tokens[..., : len(TRIO)], meter)[:, :: meter.steps]
    for track, trait in (
        (Track.BASS, Trait.BASS_STEADINESS),
        (Track.DRUMS, Trait.DRUMS_STEADINESS),
    ):
        again = (forms[..., track] >= FIRST_AGAIN).sum(axis=1)
        new = (forms[..., track] == NEW).sum(axis=1)
        figures[trait] = np.where(np.isnan(plays[track]), np.nan, again / (again + new).clip(min=1))
    return figures


def _known(count: NDArray[np.int64], column: Tokens, track: Track) -> NDArray[np.float64]:
    """`count` [n], NaN where it is 0 or `column` [n, ..] of `track` has a masked cell."""
    masked = (column == BAND_MASK[track]).any(axis=1)
    return np.where((count == 0) | masked, np.nan, count.astype(np.float64))


def _moved(column: Tokens, onsets: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of the `onsets` [n, steps] have another pitch than the one before."""
    moved = np.zeros(len(column), np.int64)
    for row, (tokens, starts) in enumerate(zip(column, onsets, strict=True)):
        moved[row] = (np.diff(tokens[starts]) != 0).sum()
    return moved


def _drums(
    column: Tokens, cells: NDArray[np.float64], meter: Meter
) -> dict[Trait, NDArray[np.float64]]:
    """The figures of drums [n, steps], struck in so many `cells` [n], but for their steadiness."""
    beats = column.shape[1] / meter.cells
    struck = np.where(column == BAND_MASK[Track.DRUMS], 0, column)
    hit = {drum: (struck >> drum & 1).astype(bool) for drum in Drum}
    unknown = np.isnan(cells)
    snares = hit[Drum.SNARE].sum(axis=1)
    steps = np.arange(column.shape[1])
    even = (steps % meter.cells == 0) & (steps // meter.cells % meter.beats % 2 == 1)
    toms = sum(hit[drum].sum(axis=1) for drum in (Drum.LOW_TOM, Drum.MID_TOM, Drum.HIGH_TOM))
    every = np.stack([hit[drum].sum(axis=1) for drum in Drum]).sum(axis=0)
    cymbals = np.stack([hit[drum].sum(axis=1) for drum in CYMBALS], axis=1)
    kind = np.where(cymbals.max(axis=1) >= FEWEST_HITS * beats, 2 + cymbals.argmax(axis=1), 1)
    return {
        Trait.DRUMS_DENSITY: cells / beats,
        Trait.KICK_DENSITY: np.where(unknown, np.nan, hit[Drum.KICK].sum(axis=1) / beats),
        Trait.BACKBEAT: np.where(
            unknown | (snares == 0), np.nan, hit[Drum.SNARE][:, even].sum(axis=1) / snares.clip(1)
        ),
        Trait.CYMBAL: np.where(unknown, np.nan, kind),
        Trait.TOMS: np.where(unknown, np.nan, toms / every.clip(min=1)),
    }
