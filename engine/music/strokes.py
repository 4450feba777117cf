"""The notes of a score as they are struck in a MIDI file: ticks, velocities, channel and name."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.midi_ports import message
from schmubert.engine.music.score import Note, Score, drum_hits, notes
from schmubert.engine.music.smf import NOTE_OFF, NOTE_ON, Event
from schmubert.engine.music.velocity import VOICES, WRITTEN
from schmubert.engine.music.vocabulary import DRUM_PITCH, PITCHED, Drum, Track

NAMES = MappingProxyType(
    {Track.MELODY: "Melody", Track.BASS: "Bass", Track.DRUMS: "Drums", Track.CHORDS: "Chords"}
)
PROGRAM = MappingProxyType({Track.MELODY: 0, Track.BASS: 33, Track.CHORDS: 4})
"""Grand piano, fingered bass, electric piano."""
CHANNEL = MappingProxyType(
    {Track.MELODY: 0, Track.BASS: 1, Track.DRUMS: DRUM_CHANNEL, Track.CHORDS: 2}
)


class Stroke(NamedTuple):
    """A note from tick `onset` to tick `end`."""

    onset: int
    end: int
    pitch: int
    velocity: int


def strokes(score: Score, track: Track, grid: Grid) -> list[Stroke]:
    """The notes of `track` of `score`, whose bars are those of `grid`, in its ticks.

    A drum lasts a cell. A note ends with the bars that follow one another. Masked cells are silent.
    Where ticks are so few that several cells fall on one, the loudest is struck.
    """
    if track is Track.CHORDS:
        played = [*score.chords]
    elif track in PITCHED:
        played = notes(score.tokens, track)
    else:
        played = [Note(step, 1, DRUM_PITCH[Drum(drum)]) for step, drum in drum_hits(score.tokens)]
    if not played:
        return []
    steps, lengths, pitches = np.array(played, np.int64).T
    onsets = grid.ticks(steps)
    leaves = grid.ends[grid.run_end[steps // score.meter.steps] - 1]
    ends = np.maximum(np.minimum(grid.end_ticks(steps + lengths), leaves), onsets + 1)
    factor = VOICES if track is Track.CHORDS else 1
    bar = [round(WRITTEN.at(step, score.meter) * factor) for step in range(score.meter.steps)]
    loud = [bar[note.onset % score.meter.steps] for note in played]
    struck = list(map(Stroke, onsets.tolist(), ends.tolist(), pitches.tolist(), loud))
    if len(np.unique(onsets)) < len(np.unique(steps)) or (onsets >= leaves).any():
        return _loudest(struck, steps.tolist(), leaves.tolist(), track)
    return struck


def _loudest(
    struck: Sequence[Stroke], steps: Sequence[int], leaves: Sequence[int], track: Track
) -> list[Stroke]:
    """What `track` strikes of `struck` from `steps` where ticks are few: before its bars end at
    tick `leaves`, and of one tick the loudest step, of drums that of each."""
    found: dict[tuple[int, ...], tuple[int, int, list[Stroke]]] = {}
    for stroke, step, end in zip(struck, steps, leaves, strict=True):
        if stroke.onset >= end:
            continue
        place = (stroke.onset, stroke.pitch) if track is Track.DRUMS else (stroke.onset,)
        loudness, chosen, together = found.get(place, (0, step, []))
        if step == chosen:
            found[place] = (stroke.velocity, step, [*together, stroke])
        elif stroke.velocity > loudness:
            found[place] = (stroke.velocity, step, [stroke])
    return [stroke for *_, together in found.values() for stroke in together]


def note_events(struck: Sequence[Stroke], channel: int) -> list[Event]:
    """`struck` as events in order of time; of one tick the notes that end come first."""
    said = [(stroke.end, 0, stroke.pitch) for stroke in struck]
    said += [(stroke.onset, stroke.velocity, stroke.pitch) for stroke in struck]
    return [
        message(tick, NOTE_ON if velocity else NOTE_OFF, channel, pitch, velocity)
        for tick, velocity, pitch in sorted(said, key=lambda one: one[:2])
    ]
