"""The chord that the band takes to be sounding, as text: `Am`, or `Am 71%` where it is a guess."""

from math import floor

from schmubert.bridge.protocol.messages import Answered
from schmubert.engine.music.chords import CHORD_TOKENS, NO_CHORD, chord_name
from schmubert.engine.service.wire import SURE

EPSILON = 1e-6


def chord_at(answered: Answered, beat: float) -> str:
    """The chord of `beat` by `answered`, or the first where that is still to come; maybe none."""
    place = max(0, floor(beat + EPSILON) - floor(answered.from_beat + EPSILON))
    if not place < len(answered.chords) == len(answered.sure):
        return ""
    token, sure = answered.chords[place], answered.sure[place]
    if token == NO_CHORD or token >= CHORD_TOKENS:
        return ""
    name = chord_name(token)
    return name if sure == SURE else f"{name} {100 * sure // SURE}%"
