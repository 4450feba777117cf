"""The samplers by name: each fills the masked cells of a grid in a given number of calls.

They differ in which cells a call draws, and whether a cell, once drawn, may be drawn again.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.copula import CorrelatedUniforms, Floats, Traits
from schmubert.engine.diffusion.recipe import CALLS
from schmubert.engine.diffusion.unmasking import (
    Guide,
    SamplerRun,
    TokenSampler,
    ancestral_order,
    balanced_order,
    random_order,
    spread,
    tidy,
    unmasking,
)
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO, Track

REMAKING_CALLS = 10
"""Of the 16 `CALLS` of `remasking` so many remake the grid, the others fill it."""
FILL_POWER = 3
"""What is drawn first is drawn knowing least, so few cells of the fill are: after half of its calls
an eighth (the cubic schedule of MaskGIT, arXiv 2202.04200). What a bar is to be, silent or the
last one over again, is settled by few cells; many at once settle it differently."""
REMASKED = (0.5, 0.15)
"""The shares of the cells that `remasking` draws anew: in its first refine call, in its last."""
FIRST_REMADE, LAST_REMADE = 0.4, 0.1
"""Those that the first call of `refine` draws anew, and the last."""
REMADE_AT_ONCE = 0.3
"""The share where there is one call only."""


class Sampler(Protocol):
    """A way to fill `cells` [batch, steps, tracks] of `tokens`, masked there, in `calls` calls."""

    def __call__(
        self,
        tokens: Tokens,
        cells: Mask,
        calls: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        guide: Guide | None = None,
        *,
        tracks: Sequence[Track] = TRIO,
        traits: Traits | None = None,
    ) -> SamplerRun:
        """The sampler at work, to be driven: at most `calls` states are yielded.

        `tracks` says what the columns are; `traits` are for samplers whose cells have noise in
        common (`CorrelatedUniforms`).
        """
        ...


def _in_order(
    order: Callable[[Mask, int, np.random.Generator], NDArray[np.int64]], named: str
) -> Sampler:
    """The sampler that unmasks the cells in an `order` drawn beforehand."""

    def sampler(
        tokens: Tokens,
        cells: Mask,
        calls: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        guide: Guide | None = None,
        *,
        tracks: Sequence[Track] = TRIO,
        **_: object,
    ) -> SamplerRun:
        drawing = TokenSampler(rng, temperature, guide, tracks=tracks)
        return unmasking(tokens, order(cells, calls, rng), drawing)

    sampler.__doc__ = named
    return sampler


ancestral = _in_order(ancestral_order, "Algorithm 4 of the thesis with T = `calls` steps.")
first_hitting = _in_order(random_order, "Cells in random order, evenly (arXiv 2409.02908).")
balanced = _in_order(balanced_order, "Cells far from each other in time, evenly.")


def confidence(
    tokens: Tokens,
    cells: Mask,
    calls: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
    *,
    tracks: Sequence[Track] = TRIO,
    **_: object,
) -> SamplerRun:
    """In each call the cells whose likeliest event is most likely (MaskGIT, arXiv 2202.04200).

    Every call takes the same number of cells, one more or less. What is most certain is that
    nothing happens: notes come last, and fewer than in music.
    """
    drawing = TokenSampler(rng, temperature, guide, tracks=tracks)
    tokens, masked = tokens.copy(), cells.copy()
    for left in range(min(calls, int(cells.sum(axis=(1, 2)).max(initial=0))), 0, -1):
        logits = drawing.guided(tokens, (yield tokens))
        certain = np.stack([_certainty(of_track) for of_track in logits], axis=-1)
        now = np.zeros_like(masked)
        for batch, still in enumerate(masked):
            share = -(-int(still.sum()) // left)
            rank = (-certain[batch][still]).argsort(kind="stable").argsort()
            now[batch][still] = rank < share
        tokens = drawing.draw(tokens, now, logits)
        masked &= ~now
    return tokens


def _certainty(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability of the likeliest event, [batch, steps], of logits [.., events]."""
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=-1, keepdims=True)
    return np.asarray(1.0 / np.exp(exact).sum(axis=-1))


def remasking(
    tokens: Tokens,
    cells: Mask,
    calls: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
    *,
    tracks: Sequence[Track] = TRIO,
    traits: Traits | None = None,
) -> SamplerRun:
    """Of 16 calls 6 fill all cells, at first few, in the other 10 they are remade.

    What an early call draws, it draws without knowing the cells of the same call and most of the
    rest. Masking it again corrects it, with predictor-corrector steps as those of ReMDM (arXiv
    2503.00307), here blocked Gibbs sampling of the finished grid: see `refine`. The cells have
    noise in common (`noise.py`).
    """
    remake = calls * REMAKING_CALLS // CALLS
    drawing = TokenSampler(
        rng, temperature, guide, CorrelatedUniforms(tokens.shape, rng, traits), tracks
    )
    order = balanced_order(cells, calls - remake, rng, FILL_POWER)
    made = yield from unmasking(tokens, order, drawing)
    remade: Tokens = yield from _refined(
        made, tokens, cells, np.linspace(*REMASKED, remake), drawing
    )
    return remade


def refine(
    tokens: Tokens,
    cells: Mask,
    calls: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
    *,
    tracks: Sequence[Track] = TRIO,
) -> SamplerRun:
    """Make better what was made: complete `tokens` [batch, steps, tracks] -> complete tokens.

    Each of `calls` calls masks again a share of `cells`, 0.4 in the first falling to 0.1 in the
    last (0.3 where there is but one), that lie far from each other, and draws them anew given
    all the rest. No other cell is touched. `tracks` says what the columns are.
    """
    masked = np.where(cells, np.asarray([MASK[track] for track in tracks]), tokens)
    shares = np.linspace(FIRST_REMADE, LAST_REMADE, calls) if calls > 1 else [REMADE_AT_ONCE]
    drawing = TokenSampler(rng, temperature, guide, tracks=tracks)
    return _refined(tokens, masked, cells, shares[:calls], drawing)


def _refined(
    tokens: Tokens,
    masked: Tokens,
    cells: Mask,
    shares: Sequence[float] | Floats,
    drawing: TokenSampler,
) -> SamplerRun:
    """Draw in each call one of `shares` of `cells` anew; `masked` are the tokens without them.

    Of what was drawn the denoiser is shown no note-off that ends nothing: in music there is none.
    """
    tokens = tokens.copy()
    if not cells.any():
        return tokens
    for share in shares:
        again = np.zeros_like(cells)
        for batch, grid in enumerate(cells):
            again[batch][grid] = spread(grid, drawing.rng) < max(1, round(share * grid.sum()))
        state = tidy(np.where(again, masked, tokens), cells, drawing.tracks)
        logits = drawing.guided(state, (yield state))
        tokens = drawing.draw(state, again, logits)
    return tokens


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "ancestral": ancestral,
        "first-hitting": first_hitting,
        "balanced": balanced,
        "confidence": confidence,
        "remasking": remasking,
    }
)
