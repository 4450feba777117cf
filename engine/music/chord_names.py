"""How a chart writes the chords of a plan."""

from schmubert.engine.music.spelling import root_name
from schmubert.engine.music.vocabulary import CHORD_TOKENS, FIRST_ONSET

NO_CHORD = 0
UNKNOWN_ROOT = 12
"""Beyond the pitch classes: there is no chord, or none is known."""
FIRST_CHORD = FIRST_ONSET  # the token of C major
SURE = 255
"""A chord of which somebody told; one that is guessed may be as likely."""
SUFFIXES = ("", "m", "7", "maj7", "m7", "dim", "sus4")
"""How a chart writes each `Quality` (`chords.py`)."""


MINOR = ("m", "m7", "dim")
"""Suffixes of chords with a minor third, whose roots are spelled as those of minor keys."""


def chord_name(token: int, tonic: int | None = None) -> str:
    """The chord that begins with `token`, as the key on `tonic` writes it (`spelling.py`).

    ValueError where none does.
    """
    if not FIRST_CHORD <= token < CHORD_TOKENS:
        raise ValueError(f"token {token} is no chord: {FIRST_CHORD}..{CHORD_TOKENS - 1}")
    root, quality = divmod(token - FIRST_CHORD, len(SUFFIXES))
    suffix = SUFFIXES[quality]
    return root_name(root, suffix in MINOR, tonic) + suffix
