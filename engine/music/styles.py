"""Styles: how a band is to play, told by bars of bass and drums that are taken as heard already.

A style that has a name has grooves of its own, two bars each (`styles.json`). That of a song is the
four bars of it that are most like all others. From both follow the traits that a network is told
(`traits.py`).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from schmubert.engine.music.chords import TONES, Chord, Quality
from schmubert.engine.music.keys import main_key
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Score, Tokens, lasting, unknown
from schmubert.engine.music.style_names import style_called
from schmubert.engine.music.texts import escaped
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait, part_of, traits_of
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_MASK,
    FIRST_ONSET,
    HOLD,
    LOWEST_PITCH,
    OFF,
    TRIO,
    Drum,
    Track,
    first_onset,
    onset_token,
)

EXAMPLE_BARS = 4
"""So many bars are heard before a piece in a style."""
LOWEST_ROOT = 31
"""The MIDI pitch from which on a groove has its root: G1, so that the notes below it are there."""
ABOVE_ROOT: Mapping[str, int] = MappingProxyType({"1": 0, "2": 2, "4": 5, "6": 9, "7": 10, "8": 12})
"""Semitones from the root of a chord to the degrees of a groove, but for its third and fifth."""
LEFT_OPEN = (Trait.BASS_REGISTER, Trait.BASS_STEADINESS, Trait.DRUMS_STEADINESS, Trait.TOMS)
"""What a groove of two bars does not say of a whole piece."""


class Manner(NamedTuple):
    """How a band is to play: an `example`, bars heard before it begins, and `traits` [16].

    The melody of the example is unknown; `chord` is what its bass plays on, None where there are
    several.
    """

    example: Score
    traits: Tokens
    chord: Chord | None


@dataclass(frozen=True)
class Style:
    """A style by name: `grooves` in bars of so many `beats` of so many `cells`.

    A groove has a line for the bass and one for each drum, a character a cell, `|` between bars:
    a degree of the chord begins a note, `-` ends it, `x` is a hit.
    """

    name: str
    beats: int
    cells: int
    grooves: tuple[Mapping[str, str], ...]

    def manner(self, meter: Meter, chord: Chord, rng: np.random.Generator) -> Manner:
        """One of its grooves in bars of `meter` on `chord`.

        In another metre than its own its beats are cut or begin again, and cells go to the nearest.
        """
        groove = self.grooves[int(rng.integers(len(self.grooves)))]
        example = unknown(EXAMPLE_BARS, meter=meter)
        tokens = example.tokens.copy()
        tokens[:, [Track.BASS, Track.DRUMS]] = HOLD
        for name, line in groove.items():
            for step, sign in self._placed(line, meter):
                if name == "bass":
                    tokens[step, Track.BASS] = _bass_token(sign, chord)
                else:
                    tokens[step, Track.DRUMS] |= 1 << Drum[name.upper()]
        traits = _traits(tokens, meter)
        traits[list(LEFT_OPEN)] = UNKNOWN_TRAIT
        return Manner(Score(tokens, example.tempo_bpm, meter), traits, chord)

    def _placed(self, line: str, meter: Meter) -> list[tuple[int, str]]:
        """The signs of `line` and the steps of an example in `meter` where they stand."""
        bars, found = line.split("|"), []
        for beat in range(EXAMPLE_BARS * meter.beats):
            bar, of_bar = divmod(beat, meter.beats)
            first = of_bar % self.beats * self.cells
            for cell, sign in enumerate(bars[bar % len(bars)][first : first + self.cells]):
                if sign != ".":
                    # of two nearest cells the earlier one for an even count
                    step = min(round(cell * meter.cells / self.cells), meter.cells - 1)
                    found.append((beat * meter.cells + step, sign))
        return found


@cache
def styles() -> Mapping[str, Style]:
    """All styles by their names."""
    held = json.loads(Path(__file__).with_name("styles.json").read_text(encoding="utf-8"))
    return {
        name: Style(name, one["beats"], one["cells"], tuple(one["grooves"]))
        for name, one in held.items()
    }


def style_named(name: str) -> Style:
    """The style `name`, in whatever case; ValueError where there is none."""
    return styles()[style_called(name)]


def song_to_play_like(path: Path) -> Score:
    """The song in the MIDI file `path`; ValueError where it cannot be read or has no style."""
    from schmubert.engine.music.midifile import read_score
    from schmubert.engine.music.song import read_bytes

    data = read_bytes(path)
    try:
        song = read_score(data).score
        manner_of(song)
    except ValueError as error:
        name = escaped(str(path))
        raise ValueError(f"cannot play like {name}: {error}; name another song") from error
    return song


def manner_of(song: Score, tonic: int | None = None) -> Manner:
    """How `song` is played: its own bars, and traits. Its bass is moved into the key of `tonic`.

    That is the pitch class of a major key, or of a minor key's relative; None leaves it where it
    is. ValueError where there are no bars in which bass or drums play.
    """
    first = _typical_bar(song)
    window = song.window(first, min(EXAMPLE_BARS, song.bars - first))
    tokens = window.tokens.copy()
    tokens[:, Track.MELODY] = BAND_MASK[Track.MELODY]
    if tonic is not None:
        interval = (tonic - _tonic(song) + 6) % 12 - 6
        onsets = tokens[:, Track.BASS] >= FIRST_ONSET
        moved = tokens[onsets, Track.BASS] + interval
        last = BAND_MASK[Track.BASS] - 1
        moved = np.where(moved < FIRST_ONSET, moved + 12, np.where(moved > last, moved - 12, moved))
        tokens[onsets, Track.BASS] = moved
    return Manner(Score(tokens, song.tempo_bpm, song.meter), _traits(song.tokens, song.meter), None)


def _bass_token(sign: str, chord: Chord) -> int:
    """The token of a sign of a groove's bass."""
    if sign == "-":
        return OFF
    tones = TONES[chord.quality]
    third = 4 if chord.quality is Quality.SUSPENDED else tones[1]
    above = {"3": third, "5": tones[2], **ABOVE_ROOT}[sign]
    return onset_token(LOWEST_ROOT + (chord.root - LOWEST_ROOT) % 12 + above)


def _traits(tokens: Tokens, meter: Meter) -> Tokens:
    """The traits [16] of bass and drums in trio `tokens` [steps, 3]; all others are unknown."""
    band: Tokens = np.broadcast_to(np.asarray(BAND_MASK), (1, len(tokens), len(BAND))).copy()
    band[..., : len(TRIO)] = tokens
    levels: Tokens = traits_of(band, meter)[0]
    others = [trait for trait in Trait if part_of(trait) not in (Track.BASS, Track.DRUMS)]
    levels[others] = UNKNOWN_TRAIT
    return levels


def _typical_bar(song: Score) -> int:
    """The bar from which on a few bars have the bars of drums and bass that come most often."""
    points = np.zeros(song.bars)
    for track in (Track.BASS, Track.DRUMS):
        column = song.tokens[:, track]
        events = lasting(column) if track is Track.BASS else column
        sounds = (events >= first_onset(track)) & (column != BAND_MASK[track])
        plays = sounds.reshape(song.bars, -1).any(axis=1)
        # of a bass the rhythm alone: its pitches follow the chords
        rhythm = column.clip(max=FIRST_ONSET) if track is Track.BASS else column
        bars = [bar.tobytes() for bar in rhythm.reshape(song.bars, -1)]
        often = Counter(bar for bar, some in zip(bars, plays, strict=True) if some)
        points += [often[bar] * some for bar, some in zip(bars, plays, strict=True)]
    if not points.any():
        raise ValueError("neither bass nor drums are found in it: it has no style to play in")
    count = min(EXAMPLE_BARS, song.bars)
    return int(np.convolve(points, np.ones(count), "valid").argmax())


def _tonic(song: Score) -> int:
    """The tonic of the major scale that melody and bass of `song` are in for the longest time."""
    heard = np.zeros((len(song.tokens) // song.meter.cells, 12))
    for track in (Track.MELODY, Track.BASS):
        events = lasting(song.tokens[:, track])
        steps = np.flatnonzero((events >= FIRST_ONSET) & (events < BAND_MASK[track]))
        pitch_classes = (events[steps] - FIRST_ONSET + LOWEST_PITCH) % 12
        np.add.at(heard, (steps // song.meter.cells, pitch_classes), 1.0 / song.meter.cells)
    return main_key(heard)


def traits_bytes(traits: Tokens) -> bytes:
    """`traits` [16] as they go over the wire."""
    return traits.astype(np.uint8).tobytes()
