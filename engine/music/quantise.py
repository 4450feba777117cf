"""From a `Song` to columns on the grid: all rules of time and pitch (thesis 4.2).

- Onsets and ends go to the nearest 16th, by ticks, so that tempo changes do not bend the grid; a
  note lasts at least a 16th.
- The highest note wins. Pitches outside 21..108 are moved there by octaves, as on stage.
- All parts on channel 10 together are the drums: many files give each drum a track of its own.
- A song without a time signature is in 4/4; one repeated on a bar line changes nothing. Pick-up
  bars stay as they are written.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import STEPS_PER_BAR, STEPS_PER_BEAT, USUAL_BPM
from schmubert.engine.music.score import Note, monophonic
from schmubert.engine.music.song import Part, Song, TimeSignature
from schmubert.engine.music.vocabulary import DRUM_MAPS, HIGHEST_PITCH, LOWEST_PITCH, Drum

TEMPO_RANGE = (10.0, 1000.0)
FOUR_FOUR = (4, 4)


def drum_map_named(name: str) -> Mapping[int, Drum]:
    """The drum map of this `name`; ValueError with the names there are."""
    if name not in DRUM_MAPS:
        raise ValueError(f"no drum map {name!r}; there are {', '.join(DRUM_MAPS)}")
    return DRUM_MAPS[name]


class Span(NamedTuple):
    """From the tick of `meter` to tick `end`; only the last span of a song may end within a bar."""

    meter: TimeSignature
    end: int
    last: bool

    @property
    def start(self) -> int:
        """The tick of its first bar line."""
        return self.meter.tick

    def bars(self, ticks_per_beat: int) -> int:
        """Its length in bars of 4/4."""
        steps = int(nearest_step(self.end - self.start, ticks_per_beat))
        return -(-steps // STEPS_PER_BAR) if self.last else steps // STEPS_PER_BAR


def spans(song: Song) -> list[Span]:
    """The stretches of one metre; a signature repeated on a bar line changes nothing."""
    changes = [TimeSignature(0, 4, 4)]
    for meter in song.signatures:
        old = changes[-1]
        if meter.tick <= old.tick:
            changes[-1] = meter._replace(tick=old.tick)
        elif meter[1:] != old[1:] or not _on_bar_line(meter, old, song.ticks_per_beat):
            changes.append(meter)
    ends = [*(meter.tick for meter in changes[1:]), song.end]
    return [
        Span(meter, min(end, song.end), end >= song.end)
        for meter, end in zip(changes, ends, strict=True)
        if meter.tick < song.end or meter.tick == 0
    ]


def _on_bar_line(meter: TimeSignature, since: TimeSignature, ticks_per_beat: int) -> bool:
    bar = ticks_per_beat * 4 * since.beats
    away = (meter.tick - since.tick) * max(1, since.unit) % bar if bar else 0
    return 8 * min(away, bar - away) <= ticks_per_beat * max(1, since.unit)  # half a 16th


def nearest_step(ticks: Any, ticks_per_beat: int) -> Any:
    """Ticks (a number or an array) -> the nearest 16th, halves up."""
    return (2 * STEPS_PER_BEAT * ticks + ticks_per_beat) // (2 * ticks_per_beat)


def tempo_at(song: Song, tick: int) -> float:
    """The tempo in BPM at `tick`, 120 where none is said, within what a Score takes."""
    bpm = USUAL_BPM
    for tempo in song.tempos:
        if tempo.tick <= tick:
            bpm = tempo.bpm
    low, high = TEMPO_RANGE
    return min(max(bpm, low), high)


def pitched_column(part: Part, ticks_per_beat: int, start: int, bars: int) -> NDArray[np.int64]:
    """The notes of `part` from tick `start` on as a melody or bass column [bars * 16]."""
    onsets = nearest_step(part.onsets - start, ticks_per_beat)
    ends = nearest_step(part.ends - start, ticks_per_beat)
    below = -(-(LOWEST_PITCH - part.pitches).clip(min=0) // 12)
    above = -(-(part.pitches - HIGHEST_PITCH).clip(min=0) // 12)
    pitches = part.pitches + 12 * (below - above)
    order = np.lexsort((-pitches, onsets))
    onsets, ends, pitches = onsets[order], ends[order], pitches[order]
    heard = (onsets >= 0) & (onsets < bars * STEPS_PER_BAR)
    heard[1:] &= onsets[1:] != onsets[:-1]  # of notes struck together only the highest can win
    lengths = (ends - onsets).clip(min=1)
    played = zip(
        onsets[heard].tolist(), lengths[heard].tolist(), pitches[heard].tolist(), strict=True
    )
    return monophonic([Note(*note) for note in played], bars * STEPS_PER_BAR)


def drum_column(
    parts: Iterable[Part], ticks_per_beat: int, start: int, bars: int, drum_map: Mapping[int, Drum]
) -> NDArray[np.int64]:
    """The hits of all `parts` from tick `start` on as one drum column [bars * 16]."""
    bits = np.zeros(128, np.int64)
    for pitch, drum in drum_map.items():
        bits[pitch] = 1 << drum
    column = np.zeros(bars * STEPS_PER_BAR, np.int64)
    for part in parts:
        steps = nearest_step(part.onsets - start, ticks_per_beat)
        inside = (steps >= 0) & (steps < len(column))
        np.bitwise_or.at(column, steps[inside], bits[part.pitches[inside]])
    return column
