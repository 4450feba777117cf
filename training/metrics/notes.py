"""The notes of a grid as arrays, for figures that are taken over many pieces."""

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    DRUM_PITCH,
    FIRST_ONSET,
    HOLD,
    LOWEST_PITCH,
    PITCHED,
    SIZES,
    Track,
)

ONSET, LENGTH, PITCH = 0, 1, 2
"""The columns of a table of notes."""


def note_table(tokens: Tokens, track: Track) -> NDArray[np.int64]:
    """The notes of `track` of `tokens` [steps, 3]: [notes, 3], onset, length and pitch.

    Onsets and lengths are in 16ths, notes in the order of their onsets, as in `score.notes` and
    `score.drum_hits`. A drum hit has the length 1 and the pitch its class is written out in; a
    mask ends a note and starts none.
    """
    column = tokens[:, track]
    if track not in PITCHED:
        steps, classes = np.nonzero(drum_hits(tokens))
        return np.stack([steps, np.ones_like(steps), np.asarray(DRUM_PITCH)[classes]], axis=1)
    spoken = np.flatnonzero(column != HOLD)
    lengths = np.diff(spoken, append=len(column))
    events = column[spoken]
    onsets = (events >= FIRST_ONSET) & (events < SIZES[track])
    pitches = events - FIRST_ONSET + LOWEST_PITCH
    return np.stack([spoken, lengths, pitches], axis=1)[onsets]


def drum_hits(tokens: Tokens) -> NDArray[np.bool_]:
    """Which of the nine drums `tokens` [steps, 3] hit in each 16th: [steps, 9]; a mask none."""
    column = tokens[:, Track.DRUMS]
    known = np.where(column < SIZES[Track.DRUMS], column, HOLD)
    return np.asarray(known[:, None] >> np.arange(len(DRUM_PITCH)) & 1, bool)
