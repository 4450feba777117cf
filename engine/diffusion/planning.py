"""Plans before notes: the traits, chords and forms of a window, for networks that know them.

They are drawn first, in few calls, and then the notes are drawn knowing them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.doubt import in_doubt
from schmubert.engine.diffusion.layout import Layout
from schmubert.engine.diffusion.repeats import KeptForms, sources, with_forms
from schmubert.engine.diffusion.rhythms import taken_up
from schmubert.engine.diffusion.unmasking import SamplerRun, TokenSampler, draw
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    FORMS,
    HOLD,
    RESTS,
    Track,
)
from schmubert.engine.recipe import RECIPE, Recipe

TRIES = 8
"""So often plans are drawn for parts that may not rest, until one is found in which none does."""


def plan_calls(layout: Layout, calls: int, meter: Meter = COMMON, recipe: Recipe = RECIPE) -> int:
    """How many calls the plans of `layout` take at most beside `calls` for its notes."""
    counts = layout.traits.any(axis=0).sum(), layout.chords.any(axis=0).sum()
    parts = recipe.planning(calls)
    return sum(min(int(count), parts) for count in (*counts, len(_bars(layout, meter))))


def plan_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the plans of `layout`, beside `calls` for the notes; returns the tokens with them.

    First come the traits, then the chords, then the forms. All are drawn from the first to the
    last, some in each call, as each speaks of what is before it. No temperature and no guide bends
    them. Where parts may not rest, plans in which one does are drawn anew, and in the last of some
    tries no form may say so: if none did from the first, what is denied a rest would repeat itself.
    """
    if not token_sampler.may_rest:
        resting = replace(token_sampler, may_rest=True)
        for _ in range(TRIES - 1):
            tokens: Tokens = yield from _plans_run(layout, calls, resting)
            if not (tokens[layout.forms] == RESTS).any():
                return tokens
    tokens = yield from _plans_run(layout, calls, token_sampler)
    return tokens


def _plans_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the plans of `layout` once."""
    meter, parts = token_sampler.meter, token_sampler.recipe.planning(calls)
    tokens: Tokens = yield from _traits_run(layout, parts, token_sampler)
    tokens = yield from _chords_run(layout._replace(tokens=tokens), parts, token_sampler)
    bars = _bars(layout, meter)
    for some in np.array_split(bars, min(len(bars), parts)) if len(bars) else ():
        logits = yield tokens
        tokens = with_forms(tokens, layout.forms, some, logits, token_sampler)
    return tokens


def _bars(layout: Layout, meter: Meter) -> NDArray[np.int64]:
    """The bars of which a form is to be drawn."""
    return np.flatnonzero(layout.forms[:, :: meter.steps].any(axis=(0, 2)))


def _traits_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the open traits of `layout`, one after the other: hardly any goes without the others."""
    tokens: Tokens = layout.tokens.copy()
    wanted = np.flatnonzero(layout.traits.any(axis=0))
    for some in np.array_split(wanted, min(len(wanted), calls)) if len(wanted) else ():
        column = token_sampler.tracks.index(Track.TRAITS)
        logits = yield tokens
        for trait in some:
            rows = logits[column][:, trait].astype(np.float64)
            rows[:, HOLD] = -np.inf  # a trait has a level
            drawn = draw(rows, token_sampler.rng)
            tokens[:, trait, column] = np.where(
                layout.traits[:, trait], drawn, tokens[:, trait, column]
            )
    return tokens


def _chords_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the chords of `layout` in order of time; each call an even share of what is in doubt."""
    tokens: Tokens = layout.tokens.copy()
    if not layout.chords.any():
        return tokens
    cells: Mask = np.zeros(tokens.shape, bool)
    column = token_sampler.tracks.index(Track.CHORDS)
    cells[:, :: token_sampler.meter.cells, column] = layout.chords
    ranks: NDArray[np.int64] = np.zeros(tokens.shape, np.int64)
    ranks[..., column] = np.arange(tokens.shape[1])
    plain = replace(token_sampler, temperature=1.0, guide=None)
    drawn: Tokens = yield from in_doubt(tokens, cells, ranks, calls, plain)
    return drawn


def forms_of(tokens: Tokens, columns: Sequence[Track], meter: Meter) -> Tokens:
    """The forms [batch, bars, 3] that `tokens` of `columns` hold; masked where there are none."""
    bars = tokens[:, :: meter.steps]
    of_tracks = [
        bars[..., columns.index(form)]
        if form in columns
        else np.full(bars.shape[:2], BAND_MASK[form])
        for form in FORMS
    ]
    return np.stack(of_tracks, axis=-1)


def kept(layout: Layout, tokens: Tokens, token_sampler: TokenSampler) -> tuple[Mask, TokenSampler]:
    """Which `notes` of `layout` are to be drawn, and a sampler that keeps what forms promise.

    `tokens` are those of `layout` with its forms.
    """
    columns = tuple(token_sampler.tracks)
    found = sources(tokens, layout.notes, columns, token_sampler.meter)
    own = found == np.arange(tokens.shape[1])[:, None]
    meter, rng = token_sampler.meter, token_sampler.rng
    rhythms = taken_up(tokens, layout.notes, found, columns, meter, rng)
    promises = KeptForms(found, columns, meter, rhythms)
    return layout.notes & own, replace(token_sampler, promises=promises)
