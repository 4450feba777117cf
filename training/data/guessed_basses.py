"""A bass that guessed: what a band has played on stage, where nobody told it the harmony.

In songs the bass of the bars before is right. On stage it is the band's own, made before the melody
was heard, and a network that learned to trust it goes on with its own mistakes. So some windows of
the stage show a past bass of which bars stand on other roots of the song, or all in another key:
its rhythm and its shape stay, and what comes next is the song's own. This is the mismatch for
which scheduled sampling is known (arXiv 1506.03099), without drafts to be drawn.

A band that plays a bar again repeats its mistakes, and one that did not hear a chord change is late
by a bar. So in half of the windows bars that are the same are wrong alike: a bass that comes again
is no proof that it is right. In half, drawn apart from that, a wrong bar stands on the root of the
bar before it.
"""

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, SIZES, Track

OTHER_KEY = 0.25
"""So many of the guessed basses are in another key throughout; of the others a share of the bars,
uniform over 0..1, stands on the root of another bar."""
LATE = 0.5
"""In so many of these that other bar is the one before."""
ALIKE = 0.5
"""In so many of all of them bars that are the same are moved alike."""
OCTAVE = 12


def guessed(basses: Tokens, known: Mask, meter: Meter, rng: np.random.Generator) -> Tokens:
    """`basses` [batch, steps] as a band might have guessed them where they are `known`.

    What is not known stays as it is. Each stays within the range that it has.
    """
    bars = basses.shape[1] // meter.steps
    onset = (basses >= FIRST_ONSET) & (basses < SIZES[Track.BASS])
    moved = _moves(basses, onset, bars, rng).repeat(meter.steps, axis=1)
    there = np.where(onset, basses, SIZES[Track.BASS])
    lowest = there.min(axis=1, keepdims=True)
    highest = np.where(onset, basses, 0).max(axis=1, keepdims=True)
    highest = np.maximum(highest, lowest + OCTAVE)
    shifted = basses + moved
    shifted = np.where(shifted < lowest, shifted + OCTAVE, shifted)
    shifted = np.where(shifted > highest, shifted - OCTAVE, shifted)
    within = (shifted >= FIRST_ONSET) & (shifted < SIZES[Track.BASS])
    return np.where(onset & known & within, shifted, basses)


def _moves(basses: Tokens, onset: Mask, bars: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """By how many semitones each bar of a guessed bass is moved [batch, bars], within an octave."""
    batch = len(basses)
    of_bars = onset.reshape(batch, bars, -1)
    first = of_bars.argmax(axis=2)
    root = np.take_along_axis(basses.reshape(batch, bars, -1), first[..., None], axis=2)[..., 0]
    sounds = of_bars.any(axis=2)
    before = np.maximum(np.arange(bars) - 1, 0)
    late = rng.random((batch, 1)) < LATE
    other = np.where(late, before, rng.integers(bars, size=(batch, bars)))
    to_other = np.take_along_axis(root, other, axis=1) - root
    both = sounds & np.take_along_axis(sounds, other, axis=1)
    wrong = rng.random((batch, bars)) < rng.random((batch, 1))
    in_song = np.where(both & wrong, to_other, 0)
    in_other_key = rng.integers(1, OCTAVE, size=(batch, 1)) + np.zeros_like(in_song)
    moves = np.where(rng.random((batch, 1)) < OTHER_KEY, in_other_key, in_song)
    alike = rng.random((batch, 1)) < ALIKE
    moves = np.where(alike, np.take_along_axis(moves, _first_alike(basses, bars), axis=1), moves)
    return (moves + OCTAVE // 2) % OCTAVE - OCTAVE // 2


def _first_alike(basses: Tokens, bars: int) -> NDArray[np.int64]:
    """The first of so many `bars` of `basses` [batch, steps] that each is the same as."""
    by_bar = basses.reshape(len(basses), bars, -1)
    same = (by_bar[:, :, None] == by_bar[:, None]).all(axis=-1)
    return np.asarray(same.argmax(axis=2))
