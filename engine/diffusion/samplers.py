"""The samplers by name: each fills the targets of a grid in a given number of calls.

They differ in which cells a call draws, and whether a cell, once drawn, may be drawn again.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.doubt import in_doubt
from schmubert.engine.diffusion.unmasking import (
    SamplerRun,
    TokenSampler,
    ancestral_order,
    random_order,
    spread,
    tidy,
    unmasking,
)
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK

Sampler: TypeAlias = Callable[[Tokens, Mask, int, TokenSampler], SamplerRun]
"""A way to fill `targets` [batch, steps, tracks] of `tokens`, masked there, in `calls` calls.

The last argument says how tokens are drawn. What is returned yields at most `calls` states to be
denoised, and returns the filled tokens (`run_sampler`). No other cell changes.
"""


def _in_order(
    order: Callable[[Mask, int, np.random.Generator], NDArray[np.int64]], described: str
) -> Sampler:
    """The sampler that unmasks the cells in an `order` drawn beforehand."""

    def sampler(
        tokens: Tokens, targets: Mask, calls: int, token_sampler: TokenSampler
    ) -> SamplerRun:
        return unmasking(tokens, order(targets, calls, token_sampler.rng), token_sampler)

    sampler.__doc__ = described
    return sampler


ancestral = _in_order(ancestral_order, "Algorithm 4 of the thesis with T = `calls` steps.")
first_hitting = _in_order(random_order, "Cells in random order, evenly (arXiv 2409.02908).")


def balanced(tokens: Tokens, targets: Mask, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Cells of a call lie far from each other, and share evenly what is in doubt (`doubt.py`)."""
    ranks = np.zeros(targets.shape, np.int64)
    for grid, of_grid in zip(targets, ranks, strict=True):
        of_grid[grid] = spread(grid, token_sampler.rng)
    return in_doubt(tokens, targets, ranks, calls, token_sampler)


def confidence(
    tokens: Tokens, targets: Mask, calls: int, token_sampler: TokenSampler
) -> SamplerRun:
    """In each call the cells whose likeliest event is most likely (MaskGIT, arXiv 2202.04200).

    Every call takes the same number of cells, one more or less. What is most certain is that
    nothing happens: so notes come last, and there are fewer of them than in music.
    """
    tokens, masked = token_sampler.copied(tokens.copy()), targets.copy()
    for left in range(min(calls, int(targets.sum(axis=(1, 2)).max(initial=0))), 0, -1):
        logits = token_sampler.guided(tokens, (yield tokens))
        certain = np.stack([_certainty(of_track) for of_track in logits], axis=-1)
        now = np.zeros_like(masked)
        for batch, still in enumerate(masked):
            share = -(-int(still.sum()) // left)
            rank = (-certain[batch][still]).argsort(kind="stable").argsort()
            now[batch][still] = rank < share
        tokens = token_sampler.draw(tokens, now, logits)
        masked &= ~now
    return tokens


def _certainty(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability of the likeliest event, [batch, steps], of logits [.., events]."""
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=-1, keepdims=True)
    return np.asarray(1.0 / np.exp(exact).sum(axis=-1))


def remdm(tokens: Tokens, targets: Mask, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Some calls fill all targets; the others draw parts of them anew, as `refine` does.

    What an early call draws, it draws without knowing the cells of the same call and most of the
    rest. Masking it again corrects it. ReMDM (arXiv 2503.00307) does so in predictor-corrector
    steps; here it is blocked Gibbs sampling of the finished grid. How many calls do what is as the
    recipe says.
    """
    fill_calls = token_sampler.recipe.filling(calls)
    filled = yield from balanced(tokens, targets, fill_calls, token_sampler)
    refined: Tokens = yield from refine(filled, targets, calls - fill_calls, token_sampler)
    return refined


def refine(tokens: Tokens, targets: Mask, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Make `targets` of complete `tokens` [batch, steps, tracks] better; no other cell changes.

    Each of `calls` calls masks a share of the targets again (`remasked` of the recipe), cells that
    lie far from each other, and draws them anew given all the rest. The denoiser is shown no
    note-off that ends nothing among the targets: in music there is none.
    """
    tokens = tokens.copy()
    if not targets.any():
        return tokens
    masked = np.asarray([BAND_MASK[track] for track in token_sampler.tracks])
    for _ in range(calls):
        again = np.zeros_like(targets)
        for batch, grid in enumerate(targets):
            count = max(1, round(token_sampler.recipe.remasked * grid.sum()))
            again[batch][grid] = spread(grid, token_sampler.rng) < count
        state = token_sampler.copied(np.where(again, masked, tokens))
        state = tidy(state, targets, token_sampler.tracks)
        logits = token_sampler.guided(state, (yield state))
        tokens = token_sampler.draw(state, again, logits)
    return tokens


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "ancestral": ancestral,
        "first-hitting": first_hitting,
        "balanced": balanced,
        "confidence": confidence,
        "remdm": remdm,
    }
)
FORMER_NAMES = MappingProxyType({"remasking": "remdm"})
"""What samplers were called, in settings and commands that users have, and are called now."""


def sampler_name(said: str) -> str:
    """The name in `SAMPLERS` of what a user calls `said`; ValueError where it names no sampler."""
    name = FORMER_NAMES.get(said, said)
    if name not in SAMPLERS:
        raise ValueError(f"sampler {said!r} is none of {', '.join(SAMPLERS)}")
    return name
