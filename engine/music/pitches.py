"""The names of pitches: C4 is 60, middle C."""

import re
from collections.abc import Iterable

from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH

PITCH = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LOWEST_OF_BASS, HIGHEST_OF_BASS = 28, 55
"""E1, the lowest string of a bass, and G3, an octave above the highest."""
OCTAVE, MINOR_THIRD = 12, 3
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def pitch_named(name: str) -> int:
    """The MIDI pitch of a note such as "F#5" or "Bb2"; C4 is 60. ValueError where it is none."""
    read = PITCH.fullmatch(name)
    if read is None:
        raise ValueError(f"{name!r} is no note: write C3, F#4 or Bb2")
    pitch = LETTERS[read[1].upper()] + {"": 0, "#": 1, "b": -1}[read[2]] + 12 * (int(read[3]) + 1)
    if not 0 <= pitch <= 127:
        raise ValueError(f"{name!r} is outside of MIDI, C-1 to G9")
    return pitch


def name_of(pitch: int) -> str:
    """The name of MIDI `pitch`, with its octave."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def both_keys(tonic: int) -> str:
    """The major key on pitch class `tonic` and the minor one with the same notes: C or Am."""
    return f"{NAMES[tonic]} or {NAMES[(tonic - MINOR_THIRD) % OCTAVE]}m"


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
