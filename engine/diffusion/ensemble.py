"""Pieces of any tracks, for networks of more than melody, bass and drums (thesis 6.2).

A score has those three. An ensemble is a grid with a column a track of its network, and all are
drawn alike: its chords are a column among the others, and no plan that is drawn before them.
"""

from collections.abc import Sequence

import numpy as np

from schmubert.engine.denoiser import Model, recipe_of
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import SamplerRun, TokenSampler, tidy
from schmubert.engine.diffusion.windows import rightwards, run_together
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, Track
from schmubert.engine.recipe import Recipe


def generate_ensembles(
    model: Model, bars: int, rngs: Sequence[np.random.Generator], sampling: Sampling
) -> list[Tokens]:
    """`bars` bars in 4/4 of all tracks of `model`, [steps, tracks] an `rng`, out of nothing.

    They share calls, and each comes out as if alone. ValueError for a guide or a chord plan, which
    are for melody, bass and drums.
    """
    unknown = np.zeros((bars * COMMON.steps, len(model.tracks)), np.int64)
    every = np.ones(unknown.shape, bool)
    return infill_ensembles(model, [unknown] * len(rngs), every, rngs, sampling)


def infill_ensembles(
    model: Model,
    pieces: Sequence[Tokens],
    targets: Mask,
    rngs: Sequence[np.random.Generator],
    sampling: Sampling,
) -> list[Tokens]:
    """`pieces` in 4/4, one an `rng`, their `targets` made anew, all of them [steps, tracks].

    As `generate_ensembles`.
    """
    if sampling.guide is not None or sampling.harmony is not None or sampling.chords is not None:
        raise ValueError("an ensemble keeps to no key, bounds or chords: leave them out")
    tracks, recipe = tuple(model.tracks), recipe_of(model)
    runs = [
        _run(tracks, tokens, targets, rng, sampling, recipe)
        for tokens, rng in zip(pieces, rngs, strict=True)
    ]
    return [tidy(tokens, targets, tracks) for tokens in run_together(model, runs)]


def _run(
    tracks: tuple[Track, ...],
    tokens: Tokens,
    targets: Mask,
    rng: np.random.Generator,
    sampling: Sampling,
    recipe: Recipe,
) -> SamplerRun:
    """A piece, window after window, each shown half of what was made before it."""
    calls, temperature = sampling.decided(recipe)
    sampler = TokenSampler(rng, temperature, tracks=tracks, recipe=recipe)
    tokens = np.where(targets, [BAND_MASK[track] for track in tracks], tokens)
    targets, bars = targets.copy(), len(tokens) // COMMON.steps
    while targets.any():
        open_bars = np.asarray(targets.reshape(bars, -1).any(axis=1))
        latest = max(0, bars - sampling.window_bars)
        first = min(rightwards(open_bars, sampling.window_bars), latest)
        rows = slice(first * COMMON.steps, (first + sampling.window_bars) * COMMON.steps)
        filled = yield from SAMPLERS[sampling.sampler](
            tokens[rows][None], targets[rows][None], calls, sampler
        )
        tokens[rows], targets[rows] = filled[0], False
    return tokens
