"""Parts of a song on the grid of a metre: a column each, by the rules of time and pitch.

- Onsets and ends go to the nearest cell, by ticks, so that tempo changes do not bend the grid. A
  note lasts a cell at least, and ends where its grid leaves the music: with a run of bars.
- The highest note wins. Pitches outside 21..108 are moved there by octaves, as on stage.
- What sounds where the grid has no bar is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.barlines import Grid, Ticks
from schmubert.engine.music.chart import PITCH_CLASSES
from schmubert.engine.music.chords import (
    HIT,
    Beats,
    Plan,
    lasting_chords,
    recognised,
    sounding_beats,
)
from schmubert.engine.music.song import Part
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    HIGHEST_PITCH,
    HOLD,
    LOWEST_PITCH,
    OFF,
    Drum,
)

Column = NDArray[np.int64]
"""Tokens of one track [steps]."""


@dataclass(frozen=True)
class Placed:
    """The notes [notes] that begin on a `grid`, part by part.

    `onsets` are steps; `ticks` and `end_ticks` are where they begin and end in the file; `of` is
    the number of the part.
    """

    grid: Grid
    onsets: Ticks
    ticks: Ticks
    end_ticks: Ticks
    pitches: Ticks
    of: Ticks

    @cached_property
    def ends(self) -> Ticks:
        """The step before which each note ends."""
        return self.grid.end_steps(self.onsets, self.end_ticks)

    def only(self, wanted: NDArray[np.bool_]) -> "Placed":
        """The `wanted` [notes] of them."""
        few = (self.onsets, self.ticks, self.end_ticks, self.pitches, self.of)
        chosen = Placed(self.grid, *(values[wanted] for values in few))
        chosen.__dict__["ends"] = self.ends[wanted]
        return chosen


def placed_on(parts: Sequence[Part], grid: Grid) -> Placed:
    """The notes of all `parts` on `grid`."""
    empty = np.zeros(0, np.int64)
    ticks = np.concatenate([empty, *(part.onsets for part in parts)])
    end_ticks = np.concatenate([empty, *(part.ends for part in parts)])
    pitches = np.concatenate([empty, *(part.pitches for part in parts)])
    of = np.repeat(np.arange(len(parts)), [len(part.onsets) for part in parts])
    onsets = grid.onset_steps(ticks)
    inside = onsets >= 0
    return Placed(
        grid, onsets[inside], ticks[inside], end_ticks[inside], pitches[inside], of[inside]
    )


def pitched_on(part: Part, grid: Grid) -> Column:
    """The notes of `part` as a melody or bass column [steps] of `grid`."""
    return pitched_column_of(placed_on([part], grid))


def pitched_column_of(notes: Placed) -> Column:
    """The `notes` of one part as a melody or bass column [steps] of their grid."""
    grid, onsets, ends, pitches = notes.grid, notes.onsets, notes.ends, notes.pitches
    below = -(-(LOWEST_PITCH - pitches).clip(min=0) // 12)
    above = -(-(pitches - HIGHEST_PITCH).clip(min=0) // 12)
    pitches = pitches + 12 * (below - above)
    order = np.lexsort((-pitches, onsets))
    onsets, ends, pitches = onsets[order], ends[order], pitches[order]
    kept = _outlasting(onsets, ends, pitches)
    onsets, ends, pitches = onsets[kept], ends[kept], pitches[kept]
    column = np.full(grid.steps, HOLD, np.int64)
    column[onsets] = pitches - LOWEST_PITCH + FIRST_ONSET
    lifted = ends < np.append(onsets[1:], grid.steps)
    lifted[lifted] = _goes_on(ends[lifted], grid)
    column[ends[lifted]] = OFF
    return column


def _outlasting(onsets: Ticks, ends: Ticks, pitches: Ticks) -> list[int]:
    """Which notes, in order of onset and then from the highest down, are heard in one voice.

    A note that starts while a higher one sounds is not.
    """
    kept: list[int] = []
    latest, until, highest = -1, 0, -1
    notes = zip(onsets.tolist(), ends.tolist(), pitches.tolist(), strict=True)
    for number, (onset, end, pitch) in enumerate(notes):
        if onset == latest or (onset < until and pitch < highest):
            continue
        kept.append(number)
        latest, until, highest = onset, end, pitch
    return kept


def drums_on(parts: Iterable[Part], grid: Grid, drum_map: Mapping[int, Drum]) -> Column:
    """The hits of all `parts` as one drum column [steps] of `grid`."""
    return drum_column_of(placed_on([*parts], grid), drum_map)


def drum_column_of(hits: Placed, drum_map: Mapping[int, Drum]) -> Column:
    """The `hits` of all drums as one column [steps] of their grid."""
    bits = np.zeros(128, np.int64)
    for pitch, drum in drum_map.items():
        bits[pitch] = 1 << drum
    column = np.full(hits.grid.steps, HOLD, np.int64)
    np.bitwise_or.at(column, hits.onsets, bits[hits.pitches])
    return column


def comping_on(parts: Iterable[Part], grid: Grid) -> Column | None:
    """The rhythm [steps] of the one of `parts` that comps on `grid`, as `comping_of` has it.

    The caller leaves out melody and bass; drums are left out here.
    """
    return comping_of(placed_on([part for part in parts if not part.drums], grid))


def comping_of(notes: Placed) -> Column | None:
    """The rhythm [steps] in which one part of `notes` strikes chords; None where none does.

    It is the part that does so in most bars, a bar counting by the classes of its fullest chord. A
    cell is `HIT` where that part begins notes of two classes or more, `OFF` where the last of these
    notes ends, else `HOLD`: what it plays between its chords is no comping.
    """
    grid = notes.grid
    keys = notes.of * grid.steps + notes.onsets
    classes = np.sort(keys * PITCH_CLASSES + notes.pitches % PITCH_CLASSES)
    classes = classes[np.diff(classes, prepend=-1) > 0] // PITCH_CLASSES
    struck, full = np.unique(classes, return_counts=True)
    struck, full = struck[full > 1], full[full > 1]
    if not len(struck):
        return None
    fullest = np.zeros((int(notes.of.max()) + 1, grid.bars), np.int64)
    np.maximum.at(fullest.reshape(-1), struck // grid.meter.steps, full)
    comps = (notes.of == fullest.sum(axis=1).argmax()) & np.isin(keys, struck)
    begun = np.bincount(notes.onsets[comps], minlength=grid.steps + 1)
    sounding = (begun - np.bincount(notes.ends[comps], minlength=grid.steps + 1)).cumsum()
    hit, sounds = begun[: grid.steps] > 0, sounding[: grid.steps] > 0
    ended = np.append(False, sounds[:-1] & ~sounds[1:])[: grid.steps]
    ended[ended] = _goes_on(np.flatnonzero(ended), grid)
    return np.where(hit, HIT, np.where(ended, OFF, HOLD)).astype(np.int64)


def chords_on(parts: Sequence[Part], grid: Grid) -> Plan:
    """The chord plan of `grid`, a token a beat [beats], from all `parts` but drums.

    A run of bars begins with a chord's own token. A change is cheap on the first beat of a bar, and
    in its middle where that is a beat.
    """
    beats = grid.meter.beats
    at = np.arange(grid.bars * beats) % beats
    cheap = (at == 0) | (2 * at == beats)
    plan = recognised(heard_on(parts, grid), cheap=cheap)
    begins = np.flatnonzero(~grid.joins) * beats
    plan[begins] = lasting_chords(plan)[begins]
    return plan


def heard_on(parts: Iterable[Part], grid: Grid) -> Beats:
    """What the pitched `parts` play in each beat of `grid`; drums are left out."""
    pitched = [part for part in parts if not part.drums]
    empty = np.zeros(0, np.int64)
    pitches = np.concatenate([empty, *(part.pitches for part in pitched)])
    begun = np.concatenate([empty, *(part.onsets for part in pitched)])
    ended = np.concatenate([empty, *(part.ends for part in pitched)])
    onsets = _beats_of(begun, grid, True)
    ends = _beats_of(np.maximum(ended, begun + 1), grid, False)
    inside = ends > onsets
    beats = grid.bars * grid.meter.beats
    return sounding_beats(onsets[inside], ends[inside], pitches[inside], beats)


def _goes_on(steps: Ticks, grid: Grid) -> NDArray[np.bool_]:
    """Whether the cell before each of `steps` [n] is the one before it in the song too."""
    bar, cell = np.divmod(steps, grid.meter.steps)
    return np.asarray((cell > 0) | grid.joins[np.minimum(bar, grid.bars - 1)])


def _beats_of(ticks: Ticks, grid: Grid, later: bool) -> NDArray[np.float64]:
    """Where `ticks` [n] lie, in beats of `grid`.

    What lies in no bar is at the start of the next one where `later`, else at the end of the last.
    Both have the same number: a note that lies between two runs of bars has no length.
    """
    beats = grid.meter.beats
    per_beat = float(grid.ticks_per_quarter * grid.meter.quarters_per_beat)
    bar = np.searchsorted(grid.starts, ticks, side="right" if later else "left") - 1
    away = (ticks - grid.starts[np.maximum(bar, 0)]) / per_beat
    away = np.where(ticks >= grid.ends[np.maximum(bar, 0)], beats, np.minimum(away, beats))
    return np.where(bar < 0, 0.0, bar * beats + away)
