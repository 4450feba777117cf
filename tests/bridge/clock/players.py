"""Players for tests of clocks."""

from schmubert.bridge.protocol.messages import Heard
from schmubert.engine.music.vocabulary import Track


def note_on(at_s: float, pitch: int = 60, velocity: int = 80) -> Heard:
    """A note of the melody at `at_s`."""
    return Heard(at_s, Track.MELODY, pitch, velocity)
