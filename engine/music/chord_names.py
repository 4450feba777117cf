"""How a chart writes the chords of a plan."""

from schmubert.engine.music.pitches import NAMES
from schmubert.engine.music.vocabulary import CHORD_TOKENS, FIRST_ONSET

NO_CHORD = 0
UNKNOWN_ROOT = 12
"""Beyond the pitch classes: there is no chord, or none is known."""
FIRST_CHORD = FIRST_ONSET  # the token of C major
SURE = 255
"""A chord of which somebody told; one that is guessed may be as likely."""
SUFFIXES = ("", "m", "7", "maj7", "m7", "dim", "sus4")
"""How a chart writes each `Quality` (`chords.py`)."""


def chord_name(token: int) -> str:
    """The chord that begins with `token`; ValueError where none does."""
    if not FIRST_CHORD <= token < CHORD_TOKENS:
        raise ValueError(f"token {token} is no chord: {FIRST_CHORD}..{CHORD_TOKENS - 1}")
    root, quality = divmod(token - FIRST_CHORD, len(SUFFIXES))
    return NAMES[root] + SUFFIXES[quality]
