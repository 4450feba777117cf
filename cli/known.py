"""What is known of a song beside the band that it is to get: what is heard in it, and its parts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.guides import PITCH_CLASSES
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Mask, Tokens, notes
from schmubert.engine.music.vocabulary import PITCHED, Track

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.chords import Plan
    from schmubert.engine.music.midifile import Reading
    from schmubert.engine.music.song import Part, Song


@dataclass(frozen=True)
class Known:
    """What is known of a piece.

    How long each pitch class is `heard` in each beat [beats, 12], and which MIDI pitches its own
    bass plays.
    """

    heard: NDArray[np.float64]
    own_bass: tuple[int, ...] = ()

    def after(self, bars: int, meter: Meter) -> "Known":
        """Without its first `bars` of `meter`."""
        return replace(self, heard=self.heard[bars * meter.beats :])

    def then(self, after: "Known") -> "Known":
        """Both, one after the other."""
        heard = np.concatenate([self.heard, after.heard])
        return Known(heard, (*self.own_bass, *after.own_bass))


def unknown_bars(bars: int, meter: Meter) -> Known:
    """Of `bars` of `meter` nothing is known."""
    return Known(np.zeros((bars * meter.beats, PITCH_CLASSES)))


def _song(data: bytes) -> "Song":
    """The song in `data`."""
    from schmubert.engine.music.song import player_song

    return player_song(data)


def known_of(data: bytes, reading: "Reading", anew: Mask | None = None) -> Known:
    """What is known of the song in `data`, but for the cells `anew` [steps, 3] of its tracks."""
    from schmubert.engine.music.columns import heard_on

    song, grid = _song(data), reading.grid
    beats = grid.bars * grid.meter.beats
    voice_of: dict[object, Track] = {}
    for track in PITCHED:
        voice_of |= dict.fromkeys(reading.places.get(track, ()), track)
    heard = np.zeros((beats, PITCH_CLASSES))
    for voice in (None, *PITCHED):
        parts = [part for part in song.parts if voice_of.get(part.place) == voice]
        sounding = heard_on(parts, grid).classes
        if anew is not None and voice is not None:
            sounding[anew[:, voice].reshape(beats, grid.meter.cells).any(axis=1)] = 0.0
        heard += sounding
    return Known(heard, tuple(note.pitch for note in notes(reading.score.tokens, Track.BASS)))


def own_comping(data: bytes, reading: "Reading") -> Tokens | None:
    """The rhythm [steps] of the part of the song in `data` that comps; None where none does."""
    from schmubert.engine.music.columns import comping_on

    return comping_on(parts_without_role(data, reading), reading.grid)


def parts_without_role(data: bytes, reading: "Reading") -> "list[Part]":
    """The parts of the song in `data` but for its melody, bass and drums."""

    taken = {place for places in reading.places.values() for place in places}
    return [part for part in _song(data).parts if part.place not in taken and not part.drums]


def own_chords(data: bytes, reading: "Reading", anew: Collection[Track] = ()) -> "Plan | None":
    """The chord plan of the song in `data`, but for tracks that are made `anew`.

    None where nothing sounds beside these and its melody. By `benchmarks/chord_profiles.py` a
    melody alone tells the root of three chords in ten.
    """
    from schmubert.engine.music.columns import chords_on

    gone = {place for track in anew for place in reading.places.get(track, ())}
    parts = [part for part in _song(data).parts if part.place not in gone]
    melody = reading.places.get(Track.MELODY, ())
    if all(part.drums or part.place in melody for part in parts):
        return None
    return chords_on(parts, reading.grid)
