"""Tacet: the whole bars in which a track rests.

Silence for bars on end is a decision, not the sum of cells that happen to hold nothing: a network
that unmasks cell by cell lets one onset slip in, and goes on from there. So it is shown in
training where tracks rest, and a piece out of nothing is made around `Pauses` drawn before it.
"""

from collections.abc import Sequence

import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR, Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, PITCHED, Track, first_onset

BARS_PER_PHRASE = 4


def tacet_bars(tokens: Tokens, tracks: Sequence[Track]) -> Mask:
    """The bars [.., bars, tracks] of `tokens` [.., steps, tracks] in which a track is silent.

    A note held over from the bar before sounds. What is masked is not known to be silent.
    """
    sounds = np.empty(tokens.shape, bool)
    for column, track in enumerate(tracks):
        events = tokens[..., column]
        if track in PITCHED:
            events = _held(events)
        sounds[..., column] = events >= first_onset(track)
    by_bar = sounds.reshape(*tokens.shape[:-2], -1, STEPS_PER_BAR, len(tracks))
    return np.asarray(~by_bar.any(axis=-2))


def tacet_cells(tacet: Mask) -> Mask:
    """The cells [.., steps, tracks] that hold nothing in `tacet` bars [.., bars, tracks].

    All but the first 16th of each pause: there the last note before it may end.
    """
    cells = np.repeat(tacet, STEPS_PER_BAR, axis=-2)
    begins = tacet.copy()
    begins[..., 1:, :] &= ~tacet[..., :-1, :]
    cells[..., ::STEPS_PER_BAR, :] &= ~begins
    return cells


def _held(events: Tokens) -> Tokens:
    """The event [.., steps] that lasts in each 16th: itself, or the last before it that spoke."""
    steps = np.arange(events.shape[-1])
    latest = np.maximum.accumulate(np.where(events != HOLD, steps, 0), axis=-1)
    return np.take_along_axis(events, latest, axis=-1)
