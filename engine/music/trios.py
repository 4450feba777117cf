"""From a corpus' MIDI file to trios: its suitable tracks in stretches of 4/4 (thesis 4.2).

Programs count from zero: melody 0-31, bass 32-39. Each stretch of 4/4 is a piece that starts on
its first bar line; other metres are left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import MOST_SONG_BARS, STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.quantise import (
    FOUR_FOUR,
    Span,
    drum_column,
    drum_map_named,
    nearest_step,
    pitched_column,
    spans,
    tempo_at,
)
from schmubert.engine.music.song import Part, Song, Unusable
from schmubert.engine.music.vocabulary import PITCHED, TRIO, Track, first_onset


@dataclass(frozen=True)
class Rules:
    """What counts as a suitable track of a corpus, and how many trios a stretch may give.

    A track needs `least_bars` bars with an onset, and a piece as many bars. Of all trios of a
    stretch `most_trios` are kept, those of the busiest tracks. ValueError where a value is out of
    its range, or there is no `drum_map` of that name.
    """

    melody_programs: tuple[int, int] = (0, 31)
    bass_programs: tuple[int, int] = (32, 39)
    drum_map: str = "general-midi"
    least_bars: int = 4
    most_trios: int = 16

    def __post_init__(self) -> None:
        drum_map_named(self.drum_map)
        for low, high in (self.melody_programs, self.bass_programs):
            if not 0 <= low <= high <= 127:
                raise ValueError(f"programs {low}..{high} are not in 0..127")
        if self.least_bars < 1 or self.most_trios < 1:
            raise ValueError("at least one bar and one trio are needed")

    def role(self, part: Part) -> Track | None:
        """The track that `part` can play, by program and channel."""
        if part.drums:
            return Track.DRUMS
        for track, (low, high) in (
            (Track.MELODY, self.melody_programs),
            (Track.BASS, self.bass_programs),
        ):
            if low <= part.program <= high:
                return track
        return None


@dataclass(frozen=True)
class Voice:
    """One track of a stretch: its `column` uint16 [steps], how many onsets it had, how many of
    them lay within a tenth of a 16th of the grid, and the bars in which it has onsets."""

    track: Track
    name: str
    column: NDArray[np.uint16]
    onsets: int
    on_grid: int
    active_bars: int


@dataclass(frozen=True)
class Stretch:
    """A piece of a song in 4/4, whole bars from its first bar line on, and its suitable voices."""

    bars: int
    tempo_bpm: float
    voices: tuple[Voice, ...]

    def trios(self, most: int) -> list[tuple[Voice | None, ...]]:
        """The cross product of voices, None where a track has none, at most `most`.

        The busiest come first: ordered by the sum of the ranks of their voices.
        """
        ranked: list[list[tuple[int, Voice | None]]] = []
        for track in TRIO:
            voices = [voice for voice in self.voices if voice.track == track]
            voices.sort(key=lambda voice: -voice.active_bars)
            ranked.append(list(enumerate(voices)) or [(0, None)])
        combined = sorted(product(*ranked), key=lambda trio: sum(rank for rank, _ in trio))
        return [tuple(voice for _, voice in trio) for trio in combined[:most]]


@dataclass(frozen=True)
class Cut:
    """A song cut by `rules`: its usable stretches, and how many were left out and why."""

    stretches: tuple[Stretch, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def cut_song(song: Song, rules: Rules) -> Cut:
    """The 4/4 stretches of a corpus `song`, with all suitable voices; Unusable where none is."""
    if not song.parts:
        raise Unusable("empty")
    stretches = []
    left_out: Counter[str] = Counter()
    for span in spans(song):
        if span.meter[1:] != FOUR_FOUR:
            left_out["stretches not in 4/4"] += 1
            continue
        bars = span.bars(song.ticks_per_beat)
        if bars > MOST_SONG_BARS:
            raise Unusable("too long", f"{bars} bars")
        if bars < rules.least_bars:
            left_out["stretches too short"] += 1
            continue
        voices = [*_voices(song, span, bars, rules)]
        enough = tuple(voice for voice in voices if voice.active_bars >= rules.least_bars)
        left_out["tracks with too few bars"] += len(voices) - len(enough)
        stretches.append(Stretch(bars, tempo_at(song, span.start), enough))
    if not stretches:
        raise Unusable("too short" if left_out["stretches too short"] else "not 4/4")
    return Cut(tuple(stretches), left_out)


def require_tracks(cut: Cut, tracks: Iterable[Track]) -> None:
    """Unusable("no ... track") where no stretch of `cut` has a voice for one of `tracks`."""
    there = {voice.track for stretch in cut.stretches for voice in stretch.voices}
    for track in tracks:
        if track not in there:
            name = "drum" if track is Track.DRUMS else track.name.lower()
            raise Unusable(f"no {name} track")


def _voices(song: Song, span: Span, bars: int, rules: Rules) -> Iterator[Voice]:
    """Every part of `song` that sounds in `span` and has a role, all drums as one."""
    drum_map = drum_map_named(rules.drum_map)
    kit = [part for part in song.parts if part.drums]
    for part in song.parts:
        track = rules.role(part)
        if track in PITCHED:
            column = pitched_column(part, song.ticks_per_beat, span.start, bars)
            yield from _voice(track, column, [part], song.ticks_per_beat, span)
    column = drum_column(kit, song.ticks_per_beat, span.start, bars, drum_map)
    yield from _voice(Track.DRUMS, column, kit, song.ticks_per_beat, span)


def _voice(
    track: Track, column: NDArray[np.int64], parts: Sequence[Part], ticks_per_beat: int, span: Span
) -> Iterator[Voice]:
    """The voice of `column`, if anything sounds in it."""
    active = (column.reshape(-1, STEPS_PER_BAR) >= first_onset(track)).any(axis=1)
    if not active.any():
        return
    onsets = on_grid = 0
    for part in parts:
        ticks = part.onsets - span.start
        steps = nearest_step(ticks, ticks_per_beat)
        inside = (steps >= 0) & (steps < len(column))
        near = 10 * abs(STEPS_PER_BEAT * ticks - steps * ticks_per_beat) <= ticks_per_beat
        onsets += int(inside.sum())
        on_grid += int((inside & near).sum())
    name = parts[0].name
    yield Voice(track, name, column.astype(np.uint16), onsets, on_grid, int(active.sum()))
