"""The chord that the band takes to be sounding, as text: `Am`, or `Am 71%` where it is a guess."""

from math import floor

from schmubert.bridge.protocol.messages import Answered
from schmubert.engine.music.chord_names import FIRST_CHORD, SURE, chord_name
from schmubert.engine.music.vocabulary import CHORD_TOKENS

EPSILON = 1e-6


def chord_at(answered: Answered, beat: float) -> str:
    """The chord of `beat` by `answered`, or the first where that is still to come; maybe none."""
    place = max(0, floor(beat + EPSILON) - floor(answered.from_beat + EPSILON))
    if not place < len(answered.chords) == len(answered.sure):
        return ""
    token, sure = answered.chords[place], answered.sure[place]
    if not FIRST_CHORD <= token < CHORD_TOKENS:
        return ""
    name = chord_name(token)
    return name if sure == SURE else f"{name} {100 * sure // SURE}%"
