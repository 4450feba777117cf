"""Plans before notes: the chords and forms of a window, for networks that know them.

A network of a band has columns beside those that play (`plans.py`). What is known of them is
written out; the rest is drawn first, in few calls, and then the notes are drawn knowing it. A
network without plans is left alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.unmasking import (
    SamplerRun,
    TokenSampler,
    balanced_order,
    unmasking,
)
from schmubert.engine.music.chords import NO_CHORD, Plan, lasting_chords, nearest_chords
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import chord_column, with_unknown_plans
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, FORMS, TRIO, Track

CALLS_A_PLAN = 4
"""A plan is drawn in one call for so many of the calls that draw notes: it has fewer tokens."""


class Layout(NamedTuple):
    """A window [batch, steps, columns] of tracks and plans, and what is to be drawn of both."""

    tokens: Tokens
    plans: Mask
    notes: Mask


def laid_out(
    tokens: Tokens,
    targets: Mask,
    tracks: tuple[Track, ...],
    plans: tuple[Track, ...],
    meter: Meter,
    chords: Plan | None = None,
) -> Layout:
    """`tokens` and `targets` [batch, steps, tracks] with the columns of `plans` behind them.

    `chords` [beats], or [batch, beats], are the chords of the window from its first beat on, where
    they are known. A form is drawn where a track is: of bars in which it has targets. Other chords
    and forms, and the comping, stay unknown.
    """
    if not plans:
        return Layout(tokens, np.zeros_like(targets), targets)
    wide = with_unknown_plans(tokens, tracks, plans, meter)
    of_plans = wide[..., len(tracks) :]
    drawn = np.zeros(of_plans.shape, bool)
    for column, plan in enumerate(plans):
        if plan is Track.CHORDS and chords is not None:
            known = chord_column(chords[..., : tokens.shape[1] // meter.cells], meter)
            of_plans[:, : known.shape[-1], column] = known
        elif plan in FORMS and TRIO[FORMS.index(plan)] in tracks:
            wanted = targets[..., tracks.index(TRIO[FORMS.index(plan)])]
            of_bars = wanted.reshape(len(tokens), -1, meter.steps).any(axis=-1)
            unknown = of_plans[:, :: meter.steps, column] == BAND_MASK[plan]
            drawn[:, :: meter.steps, column] = of_bars & unknown
    nothing = np.zeros_like(targets)
    return Layout(
        wide,
        np.concatenate([nothing, drawn], axis=-1),
        np.concatenate([targets, np.zeros_like(drawn)], axis=-1),
    )


def plan_calls(layout: Layout, calls: int) -> int:
    """How many calls the plans of `layout` take beside `calls` for its notes."""
    most = int(layout.plans.sum(axis=(1, 2)).max(initial=0))
    return min(most, -(-calls // CALLS_A_PLAN))


def plan_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the plans of `layout`, beside `calls` for the notes; returns the tokens with them."""
    order = balanced_order(layout.plans, plan_calls(layout, calls), token_sampler.rng)
    drawn: Tokens = yield from unmasking(layout.tokens, order, token_sampler)
    return drawn


def chords_from(plan: Plan | None, beat: int) -> Plan | None:
    """`plan` from `beat` on: what begins inside a chord begins with that chord."""
    if plan is None or beat >= len(plan):
        return None
    rest: Plan = plan[beat:].copy()
    rest[0] = lasting_chords(plan[: beat + 1])[-1]
    return rest


def chords_of(harmony: NDArray[np.floating] | None) -> Plan | None:
    """The chord plan [beats] that weights [beats, 12] of a harmony stand for; None for none.

    A beat without weights is unknown, not without chord.
    """
    if harmony is None or not harmony.any():
        return None
    plan = nearest_chords(np.asarray(harmony, np.float64))
    return np.where(plan == NO_CHORD, BAND_MASK[Track.CHORDS], plan)
