"""Roots and keys in sharps or flats, as musicians write them. No NumPy: the owner reads it.

A key is known by the tonic of the major scale with its notes, 0 for C and Am.
"""

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}
OCTAVE = 12
MINOR_THIRD = 3
"""A minor key has the notes of the major key so many semitones above."""
MAJOR = (0, 2, 4, 5, 7, 9, 11)
"""The pitch classes of a major key above its tonic; those of its relative minor key too."""
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""Of chords where no key says more."""
MINOR_ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
SHARP_KEYS = frozenset((7, 2, 9, 4, 11))  # G D A E B
FLAT_KEYS = frozenset((5, 10, 3, 8, 1, 6))  # F Bb Eb Ab Db Gb


def root_name(root: int, minor: bool = False, tonic: int | None = None) -> str:
    """The name of pitch class `root` of a chord, `minor` or diminished, in the key on `tonic`.

    A key with flats has flats alone, Gb major even Cb. One with sharps writes its own notes in
    them, and what is borrowed as where no key is known: Bb in G major.
    """
    if tonic in FLAT_KEYS:
        return "Cb" if (root, tonic) == (11, 6) else FLATS[root]
    if tonic in SHARP_KEYS and (root - tonic) % OCTAVE in MAJOR:
        return SHARPS[root]
    return (MINOR_ROOTS if minor else ROOTS)[root]


def both_keys(tonic: int) -> str:
    """The major key on pitch class `tonic` and the minor one with the same notes: C or Am."""
    minor = root_name((tonic - MINOR_THIRD) % OCTAVE, True, tonic)
    return f"{root_name(tonic, False, tonic)} or {minor}m"


def plain(name: str) -> str:
    """`name` as one types it: with `#` and `b` for the signs that music is printed with."""
    return name.replace("♯", "#").replace("♭", "b")
