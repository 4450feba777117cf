"""Parts of a song on the grid of a metre: a column each, by the rules of time and pitch.

- Onsets and ends go to the nearest cell, by ticks, so that tempo changes do not bend the grid. A
  note lasts a cell at least, and ends where its grid leaves the music: with a run of bars.
- The highest note wins. Pitches outside 21..108 are moved there by octaves, as on stage.
- What sounds where the grid has no bar is left out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.barlines import Grid, Ticks
from schmubert.engine.music.changes import changed
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

_PITCHES = np.arange(128)
IN_RANGE = _PITCHES + 12 * (
    -(-(LOWEST_PITCH - _PITCHES).clip(min=0) // 12)
    - -(-(_PITCHES - HIGHEST_PITCH).clip(min=0) // 12)
)
"""Each MIDI pitch, moved by octaves to where a column has it."""


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

    def of_parts(self, first: int, end: int) -> "Placed":
        """Those of the parts from number `first` to before `end`."""
        rows = slice(*np.searchsorted(self.of, (first, end)).tolist())
        few = (self.onsets, self.ticks, self.end_ticks, self.pitches, self.of)
        return Placed(self.grid, *(values[rows] for values in few))


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
    grid, onsets, ends, pitches = notes.grid, notes.onsets, notes.ends, IN_RANGE[notes.pitches]
    order = np.argsort(onsets * len(_PITCHES) - pitches, kind="stable")
    order = order[changed(onsets[order])]  # the highest that begin in their cell
    onsets, ends, pitches = onsets[order], ends[order], pitches[order]
    kept = _outlasting(onsets, ends, pitches)
    onsets, ends, pitches = onsets[kept], ends[kept], pitches[kept]
    column = np.full(grid.steps, HOLD, np.int64)
    column[onsets] = pitches - LOWEST_PITCH + FIRST_ONSET
    lifted = ends < np.append(onsets[1:], grid.steps)
    lifted[lifted] = _goes_on(ends[lifted], grid)
    column[ends[lifted]] = OFF
    return column


def _outlasting(onsets: Ticks, ends: Ticks, pitches: Ticks) -> NDArray[np.bool_]:
    """Which notes [notes], each with an onset of its own and in order, are heard in one voice.

    A note that starts while a higher one sounds is not.
    """
    kept = np.ones(len(onsets), bool)
    covers = np.flatnonzero((onsets[1:] < ends[:-1]) & (pitches[1:] < pitches[:-1]))
    begun, heights = onsets.tolist(), pitches.tolist()
    number = 0
    for higher in covers.tolist():
        if higher < number:
            continue  # it is covered itself
        until, number = int(ends[higher]), higher + 1
        while number < len(begun) and begun[number] < until and heights[number] < heights[higher]:
            kept[number] = False
            number += 1
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
    """The rhythm [steps] of the one of `parts` that comps on `grid`, as `ChordStrokes` has it.

    The caller leaves out melody and bass; drums are left out here.
    """
    strokes = ChordStrokes(placed_on([part for part in parts if not part.drums], grid))
    comping = strokes.comping_part(())
    return None if comping is None else strokes.rhythm(comping)


class ChordStrokes:
    """Where the parts of `notes` strike chords: begin notes of two classes or more in a cell."""

    def __init__(self, notes: Placed) -> None:
        self.notes = notes
        grid = notes.grid
        keys = notes.of * grid.steps + notes.onsets
        classes = np.sort(keys * PITCH_CLASSES + notes.pitches % PITCH_CLASSES)
        keys = classes[changed(classes)] // PITCH_CLASSES
        begins = np.flatnonzero(changed(keys))
        full = np.diff(begins, append=len(keys))
        self._struck = keys[begins[full > 1]]
        """Which cells of the parts, end to end."""
        parts = int(notes.of.max(initial=-1)) + 1
        fullest = np.zeros((parts, grid.bars), np.int64)
        np.maximum.at(fullest.reshape(-1), self._struck // grid.meter.steps, full[full > 1])
        self._worth = fullest.sum(axis=1).tolist()

    def comping_part(self, others: Collection[int | None]) -> int | None:
        """The number of the part that comps and is none of the `others`; None where none does.

        It strikes chords in most bars, a bar counting by the classes of its fullest chord.
        """
        free = [part for part, worth in enumerate(self._worth) if worth and part not in others]
        return max(free, key=self._worth.__getitem__, default=None)

    def rhythm(self, part: int) -> Column:
        """The rhythm [steps] in which the part with this number strikes chords.

        A cell is `HIT` where it strikes one, `OFF` where the last note of one ends, else `HOLD`:
        what it plays between its chords is no comping.
        """
        grid, notes = self.notes.grid, self.notes.of_parts(part, part + 1)
        hit = np.zeros(grid.steps, bool)
        first, end = np.searchsorted(self._struck, [part * grid.steps, (part + 1) * grid.steps])
        hit[self._struck[first:end] - part * grid.steps] = True
        comps = hit[notes.onsets]
        onsets = notes.onsets[comps]
        ends = grid.end_steps(onsets, notes.end_ticks[comps])
        begun = np.bincount(onsets, minlength=grid.steps)
        sounds = (begun - np.bincount(ends, minlength=grid.steps)[: grid.steps]).cumsum() > 0
        ended = np.append(False, sounds[:-1] & ~sounds[1:])
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
    bar = np.searchsorted(grid.starts, ticks, side="right" if later else "left") - 1
    away = (ticks - grid.starts[np.maximum(bar, 0)]) / grid.ticks_per_beat
    away = np.where(ticks >= grid.ends[np.maximum(bar, 0)], beats, np.minimum(away, beats))
    return np.where(bar < 0, 0.0, bar * beats + away)
