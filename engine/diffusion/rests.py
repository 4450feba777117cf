"""Tacet: the whole bars in which a track rests.

Silence for bars on end is a decision, not the sum of cells that happen to hold nothing. A network
that unmasks cell by cell lets one onset slip in, and goes on from there. So for a piece out of
nothing `Pauses` of songs are drawn before any note. A network without plans is shown in training
where tracks rest. One that knows forms learned from windows in which all of them play: shown a part
that rests, it plays half as many notes in the others as songs do, so there parts fall silent last.
"""

from collections.abc import Sequence

import numpy as np

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask, Tokens, lasting
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, TRIO, Track, first_onset


def tacet_bars(tokens: Tokens, tracks: Sequence[Track], meter: Meter = COMMON) -> Mask:
    """The bars [.., bars, tracks] of `tokens` [.., steps, tracks] in which a track is silent.

    They are bars of `meter`. A note held over from the bar before sounds. What is masked is not
    known to be silent.
    """
    sounds = np.empty(tokens.shape, bool)
    for column, track in enumerate(tracks):
        events = tokens[..., column]
        if track in PITCHED:
            events = lasting(events)
        sounds[..., column] = events >= first_onset(track)
    by_bar = sounds.reshape(*tokens.shape[:-2], -1, meter.steps, len(tracks))
    return np.asarray(~by_bar.any(axis=-2))


def without_long_rests(tokens: Tokens, targets: Mask, meter: Meter, sounding: float) -> Tokens:
    """A window `tokens` [steps, 3 or 4] in which bars are unknown where a part rests for too long.

    That is in more bars than in any window that a network learned from, where each part of the trio
    sounds in a share `sounding` of them. Shown such a rest, it has the others play half as much as
    they do in songs. A part with `targets`, of that shape, is shown as it is.
    """
    tacet = tacet_bars(tokens[:, : len(TRIO)], TRIO, meter)
    too_long = tacet.mean(axis=0) > 1.0 - sounding
    if not sounding or not too_long.any():
        return tokens
    tokens = tokens.copy()
    for track in np.flatnonzero(too_long & ~targets[:, : len(TRIO)].any(axis=0)):
        tokens[np.repeat(tacet[:, track], meter.steps), track] = MASK[track]
    return tokens


def with_pauses(tokens: Tokens, tacet: Mask, tracks: Sequence[Track], meter: Meter) -> Tokens:
    """`tokens` [steps, tracks] that hold nothing in the `tacet` bars [bars, tracks]."""
    begins = np.zeros(tokens.shape, bool)
    begins[:: meter.steps] = tacet
    ends = np.array([OFF if track in PITCHED else HOLD for track in tracks])
    silent = np.where(begins, ends, HOLD)
    return np.where(np.repeat(tacet, meter.steps, axis=0), silent, tokens)


def tacet_cells(tacet: Mask, meter: Meter = COMMON) -> Mask:
    """The cells [.., steps, tracks] that hold nothing in `tacet` bars [.., bars, tracks].

    All but the first cell of each pause: there the last note before it may end.
    """
    cells = np.repeat(tacet, meter.steps, axis=-2)
    begins = tacet.copy()
    begins[..., 1:, :] &= ~tacet[..., :-1, :]
    cells[..., :: meter.steps, :] &= ~begins
    return cells
