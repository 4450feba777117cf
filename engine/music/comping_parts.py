"""Which parts of a song play chords."""

import numpy as np

from schmubert.engine.music.song import Part

NOTES_OF_A_CHORD = 3
LEAST_SHARE = 0.5
"""A part plays chords where so many of its notes are of chords."""


def plays_chords(part: Part) -> bool:
    """Whether amid at least half of the notes of `part` three or more of them sound: not drums."""
    if part.drums or not len(part.onsets):
        return False
    amid = (part.onsets + part.ends) // 2
    begun = np.searchsorted(np.sort(part.onsets), amid, side="right")
    ended = np.searchsorted(np.sort(part.ends), amid, side="right")
    return bool((begun - ended >= NOTES_OF_A_CHORD).mean() >= LEAST_SHARE)
