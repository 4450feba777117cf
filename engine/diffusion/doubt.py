"""Cells drawn in a given order, each call as many as hold an even share of the doubt.

All cells of a call are drawn without knowing each other. What that costs is at most their entropy,
less that of one (arXiv 2505.24857). So each call draws as many as hold an even share of the entropy
that is left: few where notes are likely, many where nothing happens. Which come first does not
depend on it, since what is surest is that nothing happens.
"""

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import SamplerRun, TokenSampler
from schmubert.engine.music.score import Mask, Tokens


def in_doubt(
    tokens: Tokens,
    targets: Mask,
    ranks: NDArray[np.int64],
    calls: int,
    token_sampler: TokenSampler,
) -> SamplerRun:
    """Fill `targets` of `tokens` [batch, steps, columns] in order of their `ranks`, of that shape.

    It takes at most `calls` calls: fewer where nothing is left in doubt.
    """
    tokens, left = token_sampler.copied(tokens.copy()), targets.copy()
    for call in range(calls):
        if not left.any():
            break
        logits = token_sampler.guided(tokens, (yield tokens))
        now = left.copy()
        if call < calls - 1:
            doubts = entropies(logits, left)
            for batch, still in enumerate(left):
                now[batch][still] = _share(doubts[batch][still], ranks[batch][still], calls - call)
        tokens = token_sampler.draw(tokens, now, logits)
        left &= ~now
    return tokens


def _share(doubts: NDArray[np.float64], ranks: NDArray[np.int64], calls: int) -> Mask:
    """The first by `ranks` [cells] that hold a `calls`th part of the `doubts` [cells], or one."""
    order = ranks.argsort()
    doubt = doubts[order].cumsum()
    count = np.searchsorted(doubt, doubt[-1:] / calls, "right").sum()
    taken = np.zeros(len(order), bool)
    taken[order[: max(1, int(count))]] = True
    return taken


def entropies(logits: Logits, cells: Mask) -> NDArray[np.float64]:
    """The entropy in nats of each of `cells` [batch, steps, columns], 0 elsewhere.

    `logits` are one array [batch, steps, events] a column.
    """
    found = np.zeros(cells.shape)
    for column, of_column in enumerate(logits):
        rows = of_column[cells[..., column]]
        if len(rows):
            likely = log_softmax(rows.astype(np.float64))
            nats = np.exp(likely) * np.where(np.isfinite(likely), likely, 0.0)
            found[..., column][cells[..., column]] = -nats.sum(axis=-1)
    return found
