"""The plans of a piece as columns of its grid: chords by beat, forms by bar, traits by window.

A plan has a token at the first cell of each beat, or bar, and holds elsewhere; that of the traits
(`traits.py`) has one in each of the first cells of a window. So a network masks and predicts it
like any other column.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chords import HOLD_CHORD, NO_CHORD, Plan
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Mask, Tokens, lasting
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    FORMS,
    HOLD,
    NEW,
    OFF,
    PITCHED,
    RESTS,
    TRAIT_COUNT,
    TRIO,
    Track,
    first_onset,
)

FIRST_AGAIN = NEW + 1
"""The token of a bar that is the last one again."""


def cells_of(track: Track, meter: Meter) -> slice:
    """The cells in which `track` may do more than hold: all, or those where its plan speaks."""
    if track is Track.TRAITS:
        return slice(TRAIT_COUNT)
    return slice(None, None, cells_ruled(track, meter))


def cells_ruled(track: Track, meter: Meter) -> int:
    """How many cells hang on a token of `track`: one, a beat, or a bar; on a trait about a beat."""
    if track in FORMS:
        return meter.steps
    return meter.cells if track in (Track.CHORDS, Track.TRAITS) else 1


def speaking(tracks: tuple[Track, ...], steps: int, meter: Meter) -> Mask:
    """The cells [steps, tracks] that can be masked: where a column may do more than hold."""
    can = np.zeros((steps, len(tracks)), bool)
    for column, track in enumerate(tracks):
        can[cells_of(track, meter), column] = True
    return can


def chord_column(plan: Plan, meter: Meter) -> Tokens:
    """A chord `plan` [.., beats] as a column [.., steps]; its mask stays its mask."""
    swapped = np.where(plan == NO_CHORD, OFF, np.where(plan == HOLD_CHORD, HOLD, plan))
    column = np.full((*plan.shape, meter.cells), HOLD, np.int64)
    column[..., 0] = swapped
    return column.reshape(*plan.shape[:-1], -1)


def chord_plan_of(column: Tokens, meter: Meter) -> Plan:
    """The plan [.., beats] that a column [.., steps] holds: the reverse of `chord_column`."""
    said = column[..., :: meter.cells]
    return np.where(said == OFF, NO_CHORD, np.where(said == HOLD, HOLD_CHORD, said))


def form_columns(tokens: Tokens, meter: Meter) -> Tokens:
    """The forms [.., steps, 3] of trio `tokens` [.., steps, 3].

    A bar rests where nothing sounds, not even held over; else it is the nearest bar of `AGAIN`
    with the same tokens again, or new. Of a bar with a masked cell nothing is known.
    """
    shape = tokens.shape[:-2]
    bars = tokens.reshape(*shape, -1, meter.steps, len(TRIO))
    count = bars.shape[-3]
    form = np.full((*shape, count, len(TRIO)), NEW, np.int64)
    sounds = np.empty(form.shape, bool)
    for track in TRIO:
        column = tokens[..., track]
        events = lasting(column) if track in PITCHED else column
        in_bars = (events >= first_onset(track)).reshape(*shape, count, meter.steps)
        sounds[..., track] = in_bars.any(axis=-1)
    for k, bars_before in reversed([*enumerate(AGAIN)]):
        if bars_before < count:
            same = (bars[..., bars_before:, :, :] == bars[..., :-bars_before, :, :]).all(axis=-2)
            # a bar through which a note is held has the tokens of one that rests
            same &= sounds[..., :-bars_before, :]
            form[..., bars_before:, :][same] = FIRST_AGAIN + k
    form[~sounds] = RESTS
    for track in TRIO:
        unknown = (bars[..., track] == BAND_MASK[track]).any(axis=-1)
        form[..., track][unknown] = BAND_MASK[FORMS[track]]
    columns = np.full((*shape, count, meter.steps, len(TRIO)), HOLD, np.int64)
    columns[..., 0, :] = form
    return columns.reshape(*shape, -1, len(TRIO))


def may_repeat(forms: Tokens, bars: Sequence[int] | None = None) -> Mask:
    """Which of `AGAIN` some `bars` may be by the `forms` [batch, all bars] before each.

    [batch, bars, 4]; of all bars where none are named.

    A form names the nearest bar that is the same: so none names one before the window, one that
    rests, or one of two that are the same as each other but the nearer.
    """
    wanted = range(forms.shape[1]) if bars is None else bars
    first: Tokens = np.empty(forms.shape, np.int64)  # the first bar that each is the same as
    for bar in range(max(wanted, default=0)):
        first[:, bar] = first_alike(first, bar, forms[:, bar] - FIRST_AGAIN)
    found = np.zeros((len(forms), len(wanted), len(AGAIN)), bool)
    for row, bar in enumerate(wanted):
        for k, bars_before in enumerate(AGAIN):
            if bars_before <= bar:
                there = bar - bars_before
                taken = [first[:, bar - nearer] == first[:, there] for nearer in AGAIN[:k]]
                free = ~np.any(taken, axis=0) if taken else True
                found[:, row, k] = free & (forms[:, there] != RESTS)
    return found


def first_alike(first: Tokens, bar: int, again: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first bar [batch] that `bar` is like, itself where it is like none.

    `again` [batch] is the place in `AGAIN` of how far back one is that it is like, or outside of
    it. `first` [batch, bars] says the same of the bars before.
    """
    back = np.asarray(AGAIN)[again.clip(0, len(AGAIN) - 1)]
    known = (again >= 0) & (again < len(AGAIN)) & (back <= bar)
    there = (bar - back).clip(0, max(bar - 1, 0))
    return np.where(known, first[np.arange(len(first)), there], bar)


def with_unknown_plans(
    tokens: Tokens, tracks: tuple[Track, ...], plans: tuple[Track, ...], meter: Meter
) -> Tokens:
    """`tokens` [batch, steps, tracks] with `plans` behind them, known only as far as bars are.

    They stay as they are where the plans stand there already.
    """
    if tokens.shape[-1] != len(tracks) or not plans:
        return tokens
    steps = tokens.shape[1]
    whole = -(-steps // meter.steps) * meter.steps
    trio = np.broadcast_to(np.asarray(BAND_MASK[: len(TRIO)]), (len(tokens), whole, len(TRIO)))
    trio = trio.copy()
    trio[:, :steps, list(tracks)] = tokens
    forms = form_columns(trio, meter)[:, :steps]
    can = speaking(plans, steps, meter)
    columns = np.where(can, np.asarray([BAND_MASK[plan] for plan in plans]), HOLD)
    columns = np.broadcast_to(columns, (len(tokens), steps, len(plans))).copy()
    for column, plan in enumerate(plans):
        if plan in FORMS:
            columns[..., column] = forms[..., FORMS.index(plan)]
    return np.concatenate([tokens, columns], axis=-1)
