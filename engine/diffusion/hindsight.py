"""Mistakes of a band on stage: what it played over chords that turned out to be others.

On stage each beat is played before it is heard what harmony it has. When a chord was guessed wrong
the bass has played a wrong root, and a network that hears this takes it for the part: in a round of
four chords it plays the mistake of the first round again in each that follows. A beat later all
have heard which chord it was. So where the root over which the band played is unlikely by now, the
band's own notes are unknown to the network, and no bar repeats them.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chords import FIRST_CHORD, UNKNOWN_ROOT, Quality
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.spelling import OCTAVE
from schmubert.engine.music.vocabulary import BAND_MASK, CHORD_TOKENS, FORMS, PITCHED, Track

Roots: TypeAlias = NDArray[np.int64]
"""The roots of the chords of beats, as pitch classes; `UNKNOWN_ROOT` where there is none."""
UNLIKELY = 1.0 / OCTAVE
"""A root that is less likely than one of the twelve that was drawn blindly."""


def mistaken(shares: NDArray[np.float64], roots: Roots) -> Mask:
    """In which beats [batch, beats] the `roots`, of that shape, are unlikely.

    `shares` [batch, beats, events] say how likely each chord sounds, by what is heard by now.
    Nothing is mistaken where no root is known.
    """
    of_chords = shares[..., FIRST_CHORD:CHORD_TOKENS]
    of_roots = of_chords.reshape(*shares.shape[:2], OCTAVE, len(Quality)).sum(axis=-1)
    known = roots[:, : shares.shape[1]]
    named = np.pad(of_roots, ((0, 0), (0, 0), (0, 1)))  # a place for what is not known
    of_known = np.take_along_axis(named, known[..., None], axis=-1)[..., 0]
    unlikely = of_known < UNLIKELY * of_roots.sum(axis=-1)
    return np.asarray(unlikely & (known != UNKNOWN_ROOT))


def without_mistakes(
    tokens: Tokens, notes: Mask, mistakes: Mask, columns: Sequence[Track], meter: Meter
) -> Tokens:
    """`tokens` [batch, steps, columns] that do not know what the band played in its `mistakes`.

    Those are [batch, beats]. The band is what has `notes` to be filled, of the shape of `tokens`;
    its drums make no such mistakes. The form of a whole bar with one is unknown, too.
    """
    found: Tokens = tokens.copy()
    cells = mistakes.repeat(meter.cells, axis=1)
    for column, track in enumerate(columns):
        if track not in PITCHED or not notes[..., column].any():
            continue
        wrong = cells & ~notes[..., column]
        found[..., column] = np.where(wrong, BAND_MASK[track], found[..., column])
        bars = (wrong, notes[..., column])
        has_wrong, is_open = (one.reshape(len(found), -1, meter.steps).any(axis=2) for one in bars)
        forms = found[:, :: meter.steps, columns.index(FORMS[track])]
        forms[has_wrong & ~is_open] = BAND_MASK[FORMS[track]]
    return found
