"""A chord -> the pitches that a hand strikes: close position, led from the chord before.

The voices lie around middle C, so that the bass keeps its own place below them, and each moves as
little as it can. The root of a chord of four tones is left to the bass where there is one.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from schmubert.engine.music.chart import PITCH_CLASSES
from schmubert.engine.music.chords import TONES, Chord

LOWEST, HIGHEST = 52, 84  # E3 to C6
MIDDLE = 62
"""The pitch around which voices lie: middle C is at its left, so chords are clear of a bass."""
AROUND = 6
"""A voicing lies no more semitones from there, by the mean of its voices: no line climbs away."""
TRIAD = 3


def voiced(chord: Chord, before: Sequence[int] = (), rootless: bool = True) -> tuple[int, ...]:
    """The MIDI pitches of `chord`, rising, three or four, after those of the chord `before`.

    A `rootless` chord of four tones has three voices; a triad keeps its root, as two voices are no
    chord.
    """
    found = min(close_positions(chord, rootless), key=lambda one: (moved(before, one), _off(one)))
    return tuple(found)


def close_positions(chord: Chord, rootless: bool = True) -> Iterator[tuple[int, ...]]:
    """All voicings of `chord` in less than an octave that lie where chords are played."""
    tones: tuple[int, ...] = TONES[chord.quality]
    if rootless and len(tones) > TRIAD:
        tones = tones[1:]
    for turn, octave in product(range(len(tones)), range(HIGHEST // PITCH_CLASSES + 1)):
        first = (chord.root + tones[turn]) % PITCH_CLASSES + PITCH_CLASSES * octave
        above = sorted((tone - tones[turn]) % PITCH_CLASSES for tone in tones)
        voices = tuple(first + step for step in above)
        if voices[0] >= LOWEST and voices[-1] <= HIGHEST and _off(voices) <= AROUND:
            yield voices


def moved(before: Sequence[int], after: Sequence[int]) -> int:
    """How many semitones the voices move in all, each to the nearest; none after silence."""
    if not before:
        return 0
    if len(before) == len(after):
        return sum(abs(one - other) for one, other in zip(before, after, strict=True))
    fewer, more = sorted((before, after), key=len)
    return sum(min(abs(one - other) for other in fewer) for one in more)


def _off(voices: Sequence[int]) -> float:
    return abs(sum(voices) / len(voices) - MIDDLE)
