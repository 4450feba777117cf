"""The notes of a score as they are struck in a MIDI file: ticks, velocities, channel and name."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import NamedTuple

from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import STEPS_PER_BEAT
from schmubert.engine.music.score import Note, Score, drum_hits, notes
from schmubert.engine.music.smf import NOTE_OFF, NOTE_ON, Event, event
from schmubert.engine.music.velocity import WRITTEN
from schmubert.engine.music.vocabulary import DRUM_PITCH, PITCHED, Drum, Track

NAMES = MappingProxyType({Track.MELODY: "Melody", Track.BASS: "Bass", Track.DRUMS: "Drums"})
PROGRAM = MappingProxyType({Track.MELODY: 0, Track.BASS: 33})  # grand piano, fingered bass
CHANNEL = MappingProxyType({Track.MELODY: 0, Track.BASS: 1, Track.DRUMS: DRUM_CHANNEL})


class Stroke(NamedTuple):
    """A note from tick `onset` to tick `end`."""

    onset: int
    end: int
    pitch: int
    velocity: int


def strokes(score: Score, track: Track, ticks_per_beat: int) -> list[Stroke]:
    """The notes of `track` of `score`; a drum lasts a 16th. Masked cells are silent."""
    if track in PITCHED:
        played = notes(score.tokens, track)
    else:
        played = [Note(step, 1, DRUM_PITCH[Drum(drum)]) for step, drum in drum_hits(score.tokens)]
    return [
        Stroke(
            _tick(note.onset, ticks_per_beat),
            max(
                _tick(note.onset + note.length, ticks_per_beat),
                _tick(note.onset, ticks_per_beat) + 1,
            ),
            note.pitch,
            int(WRITTEN.at(note.onset)),
        )
        for note in played
    ]


def note_events(struck: Sequence[Stroke], channel: int) -> list[Event]:
    """`struck` as events in order of time; of one tick the notes that end come first."""
    said = [(stroke.end, 0, stroke.pitch) for stroke in struck]
    said += [(stroke.onset, stroke.velocity, stroke.pitch) for stroke in struck]
    return [
        event(tick, (NOTE_ON if velocity else NOTE_OFF) | channel, pitch, velocity)
        for tick, velocity, pitch in sorted(said, key=lambda one: one[:2])
    ]


def _tick(step: int, ticks_per_beat: int) -> int:
    return round(step * ticks_per_beat / STEPS_PER_BEAT)
