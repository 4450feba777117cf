"""The names of pitches: C4 is 60, middle C."""

import re

PITCH = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
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
