"""From a corpus' MIDI file to bands: who leads, who plays the bass, the drums, who comps.

A stretch is a run of bars that follow one another in one metre. Its columns are tokens in cells of
that metre; `casting` says who has the melody and the bass.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.barlines import Grid, grids, stretches
from schmubert.engine.music.casting import cast_with_rivals
from schmubert.engine.music.columns import (
    ChordStrokes,
    Placed,
    chords_on,
    drum_column_of,
    pitched_column_of,
    placed_on,
)
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.song import Part, Song, Unusable, tempo_at
from schmubert.engine.music.vocabulary import FIRST_ONSET, Track, drum_map_named, first_onset

NEAR = 0.1
"""An onset no further than this share of a cell from its cell is on the grid."""


@dataclass(frozen=True)
class Rules:
    """What counts as a track of a corpus, and how many leads a song may have.

    A track needs `least_bars` bars with an onset, and a stretch as many bars. Beside the lead that
    is cast, parts that are nearly as likely lead pieces of their own, `most_leads` in all.
    ValueError where a value is out of its range, or there is no `drum_map` of that name.
    """

    drum_map: str = "general-midi"
    least_bars: int = 4
    most_leads: int = 3

    def __post_init__(self) -> None:
        drum_map_named(self.drum_map)
        if self.least_bars < 1 or self.most_leads < 1:
            raise ValueError("at least one bar and one lead are needed")


@dataclass(frozen=True)
class Voice:
    """A column uint16 [steps] of a stretch: how many onsets it had, and how many of these lay
    within a tenth of a cell of the grid."""

    column: NDArray[np.uint16]
    onsets: int = 0
    on_grid: int = 0


@dataclass(frozen=True)
class Lead:
    """A melody, and the rhythm of all that is neither it nor the bass, if there is anything."""

    melody: Voice
    comping: Voice | None


@dataclass(frozen=True)
class Stretch:
    """`bars` bars of one `meter` that follow one another, from tick `start` on.

    `tempo_bpm` is in beats of the metre, at its start. `chords` is the plan, a token a beat.
    """

    meter: Meter
    start: int
    bars: int
    tempo_bpm: float
    leads: tuple[Lead, ...]
    bass: Voice | None
    drums: Voice | None
    chords: NDArray[np.uint16]


@dataclass(frozen=True)
class Cut:
    """A song cut by `rules`: its usable stretches in order, and how many were left out and why."""

    stretches: tuple[Stretch, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def cut_song(song: Song, rules: Rules) -> Cut:
    """The stretches of a corpus `song` that a grid holds; Unusable where there is none."""
    if not song.parts:
        raise Unusable("empty")
    found = stretches(song)
    left_out: Counter[str] = Counter()
    left_out["stretches that no grid holds"] = sum(one.meter is None for one in found)
    band = _Band(song, rules)
    cut: list[Stretch] = []
    for grid in grids(song, found).values():
        runs = [(first, int(grid.run_end[first])) for first in np.flatnonzero(~grid.joins).tolist()]
        long = [(first, end) for first, end in runs if end - first >= rules.least_bars]
        left_out["stretches too short"] += len(runs) - len(long)
        if long:
            cut += band.stretches(grid, long, left_out)
    if not cut:
        raise Unusable("too short" if left_out["stretches too short"] else "no metre of a grid")
    return Cut(tuple(sorted(cut, key=lambda one: one.start)), left_out)


def require_tracks(cut: Cut, tracks: Iterable[Track]) -> None:
    """Unusable("no ... track") where no stretch of `cut` has a voice for one of `tracks`."""
    there = {
        Track.MELODY: any(one.leads for one in cut.stretches),
        Track.BASS: any(one.bass for one in cut.stretches),
        Track.DRUMS: any(one.drums for one in cut.stretches),
    }
    for track in tracks:
        if not there[track]:
            name = "drum" if track is Track.DRUMS else track.name.lower()
            raise Unusable(f"no {name} track")


class _Band:
    """Who plays what in a song."""

    def __init__(self, song: Song, rules: Rules) -> None:
        self.song, self.rules = song, rules
        self.pitched = [part for part in song.parts if not part.drums]
        self.kit = [part for part in song.parts if part.drums]
        roles, rivals = cast_with_rivals(self.pitched, song.ticks_per_beat, rules.most_leads - 1)
        melody, bass = roles.get(Track.MELODY), roles.get(Track.BASS)
        self.bass = None if bass is None else self._number(bass)
        leads = [] if melody is None else [melody, *rivals]
        self.leads = [self._number(part) for part in leads]

    def _number(self, wanted: Part) -> int:
        return next(number for number, part in enumerate(self.pitched) if part is wanted)

    def stretches(
        self, grid: Grid, runs: Sequence[tuple[int, int]], left_out: Counter[str]
    ) -> Iterator[Stretch]:
        """The `runs` of `grid`, (first bar, bar after the last), as stretches."""
        chords = chords_on(self.pitched, grid).astype(np.uint16)
        drum_map = drum_map_named(self.rules.drum_map)
        parts, pitched = [*self.pitched, *self.kit], len(self.pitched)
        placed = placed_on(parts, grid)
        notes, hits = placed.of_parts(0, pitched), placed.of_parts(pitched, len(parts))
        drums = _Line(grid, drum_column_of(hits, drum_map), hits, first_onset(Track.DRUMS))
        bass = None if self.bass is None else _line_of(notes, self.bass)
        lines = [_line_of(notes, lead) for lead in self.leads]
        leads = [*zip(lines, self._comping(notes), strict=True)]
        for first, end in runs:

            def voice(line: _Line | None) -> Voice | None:
                return None if line is None else line.voice(first, end, self.rules, left_out)  # noqa: B023

            melodies = [(voice(melody), comping) for melody, comping in leads]
            yield Stretch(
                grid.meter,
                int(grid.starts[first]),
                end - first,
                tempo_at(self.song, int(grid.starts[first])) / float(grid.meter.quarters_per_beat),
                tuple(
                    Lead(melody, voice(comping))
                    for melody, comping in melodies
                    if melody is not None
                ),
                voice(bass),
                voice(drums),
                chords[first * grid.meter.beats : end * grid.meter.beats],
            )

    def _comping(self, notes: Placed) -> list["_Line | None"]:
        """What comps beside each of the leads."""
        if not self.leads:
            return []
        strokes = ChordStrokes(notes)
        parts = [strokes.comping_part((lead, self.bass)) for lead in self.leads]
        lines = {
            part: _Line(notes.grid, strokes.rhythm(part)) for part in {*parts} if part is not None
        }
        return [None if part is None else lines[part] for part in parts]


def _line_of(notes: Placed, number: int) -> "_Line":
    """The part with this number as a melody or bass."""
    played = notes.of_parts(number, number + 1)
    return _Line(notes.grid, pitched_column_of(played), played)


class _Line:
    """A column of a whole grid, and how near the cells the onsets of its `notes` lay."""

    def __init__(
        self,
        grid: Grid,
        column: NDArray[np.int64],
        notes: Placed | None = None,
        lowest_onset: int = FIRST_ONSET,
    ) -> None:
        self.steps = grid.meter.steps
        self.column = column.astype(np.uint16)
        begun = self.column.reshape(grid.bars, -1) >= lowest_onset
        self.active = np.logical_or.reduce(begun, axis=1)
        self.onsets = np.zeros(grid.bars, np.int64)
        self.near = np.zeros(grid.bars, np.int64)
        if notes is not None:
            bars = notes.onsets // self.steps
            near = grid.off_cell(notes.ticks, notes.onsets) <= NEAR
            self.onsets = np.bincount(bars, minlength=grid.bars)
            self.near = np.bincount(bars[near], minlength=grid.bars)

    def voice(self, first: int, end: int, rules: Rules, left_out: Counter[str]) -> Voice | None:
        """Its bars from `first` to `end`, if there is enough in them."""
        active = int(self.active[first:end].sum())
        if active < rules.least_bars:
            left_out["tracks with too few bars"] += active > 0
            return None
        column = self.column[first * self.steps : end * self.steps]
        return Voice(column, int(self.onsets[first:end].sum()), int(self.near[first:end].sum()))
