"""Players for tests of clocks."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

from schmubert.bridge.protocol.messages import Heard
from schmubert.engine.music.vocabulary import Track

PATTERNS: dict[str, Sequence[Sequence[float]]] = {
    "quarters": ((0.0,),),
    "eighths": ((0.0, 0.5),),
    "a tune": ((0.0, 0.5), (0.0,), (0.0, 0.25, 0.5), (0.5,)),
    "syncopated": ((0.0, 0.75), (0.5,), (0.0, 0.5, 0.75), (0.0,)),
    "triplets": ((0.0, 1 / 3, 2 / 3), (0.0,), (0.0, 2 / 3), (0.0,)),
}
"""Where in a beat notes begin, beat after beat, over and over."""


def note_on(at_s: float, pitch: int = 60, velocity: int = 80) -> Heard:
    """A note of the melody at `at_s`."""
    return Heard(at_s, Track.MELODY, pitch, velocity)


def beats_at(tempi_bpm: Iterable[float], from_s: float = 10.0) -> list[float]:
    """When beats fall, the tempo of each told."""
    found = [from_s]
    for tempo_bpm in tempi_bpm:
        found.append(found[-1] + 60.0 / tempo_bpm)
    return found


def playing(
    beats: Sequence[float], pattern: Sequence[Sequence[float]], off_s: float = 0.0, seed: int = 1
) -> list[Heard]:
    """`pattern` on `beats`, each note up to about twice `off_s` early or late, as people play."""
    rng = random.Random(seed)
    found = []
    for number, (begin, end) in enumerate(pairwise(beats)):
        for place in pattern[number % len(pattern)]:
            at_s = begin + place * (end - begin) + rng.gauss(0.0, off_s)
            found.append(note_on(at_s, 60 + number % 5, 90 if place == 0.0 else 75))
    return sorted(found, key=lambda heard: heard.at_s)
