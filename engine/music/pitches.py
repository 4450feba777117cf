"""The names of pitches: C4 is 60, middle C."""

import re
from collections.abc import Iterable

from schmubert.engine.music.spelling import ACCIDENTALS, LETTERS, OCTAVE, SHARPS, plain
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH

PITCH = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")
LOWEST_OF_BASS, HIGHEST_OF_BASS = 28, 55
"""E1, the lowest string of a bass, and G3, an octave above the highest."""


def pitch_named(name: str) -> int:
    """The MIDI pitch of a note such as "F#5" or "Bb2"; C4 is 60. ValueError where it is none."""
    read = PITCH.fullmatch(plain(name))
    if read is None:
        raise ValueError(f"{name!r} is no note: write C3, F#4 or Bb2")
    pitch = LETTERS[read[1].upper()] + ACCIDENTALS[read[2]] + OCTAVE * (int(read[3]) + 1)
    if not 0 <= pitch <= 127:
        raise ValueError(f"{name!r} is outside of MIDI, C-1 to G9")
    return pitch


def name_of(pitch: int) -> str:
    """The name of MIDI `pitch`, with its octave; in sharps, as DAWs name notes."""
    return f"{SHARPS[pitch % OCTAVE]}{pitch // OCTAVE - 1}"


def bass_register(
    lowest: int | None = None, highest: int | None = None, own: Iterable[int] = ()
) -> range:
    """What a bass plays: E1 to G3, and as far beyond as its `own` notes go.

    A bound that is chosen goes before. One that is not leaves room for an octave.
    """
    pitches = [LOWEST_OF_BASS, HIGHEST_OF_BASS, *own]
    low = min(pitches) if lowest is None else lowest
    high = max(pitches) if highest is None else highest
    if lowest is None:
        low = max(LOWEST_PITCH, min(low, high - OCTAVE))
    if highest is None:
        high = min(HIGHEST_PITCH, max(high, low + OCTAVE))
    return range(low, high + 1)
