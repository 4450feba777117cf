"""The samplers: functions of (denoiser, tokens, order, rng), in NumPy alone.

Absorbing-state diffusion unmasks every masked cell exactly once, and at a given call all cells
see the same state. A sampler is therefore an `order`: which call unmasks which cell.
`ancestral_order` gives algorithm 4 of the thesis, calls in which nothing happens left out;
`balanced_order` spreads the cells evenly over few calls. `unmasking` does the rest for all
(`samplers.py` has them by name, and those that are no order).
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, Logits
from schmubert.engine.diffusion.copula import (
    VARIANCE_SHARES,
    CorrelatedUniforms,
    draw_onsets_and_ends,
    draw_ranked,
    leaning,
)
from schmubert.engine.diffusion.temperature import tempered
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, TRIO, Track

Guide: TypeAlias = Callable[[Tokens, Logits], Logits]
"""Bends the logits [batch, steps, events] a track that are about to be sampled from."""
SamplerRun: TypeAlias = Generator[Tokens, Logits, Tokens]
"""A sampler at work: yields the tokens to denoise, is sent their logits, returns the result."""

GOLDEN = (5**0.5 - 1) / 2  # its multiples, mod 1, are the most evenly spread of all


def ancestral_order(cells: Mask, steps_t: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The calls of algorithm 4, T = `steps_t`, for masked `cells` of any shape; -1 elsewhere.

    A cell still masked at step t is unmasked with probability 1/t, so its step is uniform on
    T..1. Steps that unmask nothing need no call: the distribution is exactly algorithm 4's.
    """
    order = np.full(cells.shape, -1, np.int64)
    drawn = rng.integers(steps_t, size=int(cells.sum()))
    order[cells] = np.unique(drawn, return_inverse=True)[1]
    return order


def balanced_order(
    cells: Mask, calls: int, rng: np.random.Generator, power: int = 1
) -> NDArray[np.int64]:
    """Masked `cells` [batch, steps, tracks] spread over `calls` calls; -1 elsewhere.

    The cells of a call lie far from each other. After a share s of the calls, s ** `power` of the
    cells are drawn: with 1 every call takes as many as any other, one more or less; above 1 the
    first take few. Fewer calls are made where there are fewer cells, and none takes none.
    """
    order = np.full(cells.shape, -1, np.int64)
    for batch, grid in enumerate(cells):
        ends = _ends(int(grid.sum()), calls, power)
        order[batch][grid] = np.searchsorted(ends, spread(grid, rng), side="right")
    return order


def _ends(count: int, calls: int, power: int) -> NDArray[np.int64]:
    """How many of `count` cells are drawn after each call: [`calls`], or fewer where they do."""
    made = min(calls, count)
    call = np.arange(1, made + 1)
    return np.asarray(np.maximum(-(-count * call**power // max(1, made) ** power), call))


def random_order(cells: Mask, calls: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Masked `cells` [batch, steps, tracks] in random order over `calls` calls; -1 elsewhere.

    First-hitting order (arXiv 2409.02908), of which each call takes an even share; fewer calls
    are made where there are fewer cells.
    """
    order = np.full(cells.shape, -1, np.int64)
    for batch, grid in enumerate(cells):
        count = int(grid.sum())
        order[batch][grid] = rng.permutation(count) * min(calls, count) // max(1, count)
    return order


def spread(cells: Mask, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ranks for `cells` [steps, tracks], of which any few in a row lie far from each other.

    Within a track a step stands at its multiple of the golden ratio from a random start (compare
    Halton order, arXiv 2503.17076); the tracks are shifted against each other, so that the cells
    of one step get ranks far apart. Returns [cells], in the order of `tokens[cells]`.
    """
    steps, tracks = cells.shape
    shift = rng.random() + np.arange(tracks) / tracks
    jitter = rng.random((steps, tracks)) / max(2, int(cells.sum()))
    places = (shift + GOLDEN * np.arange(steps)[:, None] + jitter) % 1.0
    return np.asarray(places[cells].argsort().argsort())


def draw(logits: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events], by inverse CDF in float64.

    Gumbel noise in float32 would lower the temperature by stealth (arXiv 2409.02908).
    """
    scaled = logits.astype(np.float64)
    scaled -= scaled.max(axis=-1, keepdims=True)
    cumulative = np.exp(scaled).cumsum(axis=-1)
    point = rng.random((len(logits), 1)) * cumulative[:, -1:]
    drawn: NDArray[np.int64] = (cumulative <= point).sum(axis=-1)
    return drawn.clip(max=logits.shape[-1] - 1)


@dataclass(frozen=True)
class TokenSampler:
    """How cells are drawn from logits: with which numbers, at what temperature, bent by what.

    All cells of a call are drawn from what the denoiser said of one state, independently where
    there is no `noise` that they have in common. `tracks` says what the columns are.
    """

    rng: np.random.Generator
    temperature: float = 1.0
    guide: Guide | None = None
    noise: CorrelatedUniforms | None = None
    tracks: Sequence[Track] = TRIO

    def guided(self, tokens: Tokens, logits: Logits) -> Logits:
        """What the denoiser said of `tokens`, bent by the guide if there is one."""
        return logits if self.guide is None else self.guide(tokens, logits)

    def draw(self, tokens: Tokens, cells: Mask, logits: Logits) -> Tokens:
        """`tokens` [batch, steps, tracks] with `cells` drawn, each piece tempered alone.

        `logits` are those that are `guided`.
        """
        tokens = tokens.copy()
        for column, (track, of_track) in enumerate(zip(self.tracks, logits, strict=True)):
            wanted = cells[..., column]
            pieces = zip(of_track, wanted, strict=True)
            rows = [tempered(one[mine], self.temperature, track) for one, mine in pieces]
            tokens[..., column][wanted] = self._events(np.concatenate(rows), column, wanted)
        return tokens

    def _events(self, rows: NDArray[np.floating], column: int, wanted: Mask) -> NDArray[np.int64]:
        """One event a row of the tempered logits [rows, events] of the cells `wanted`."""
        if self.noise is None:
            return draw(rows, self.rng)
        track, noise = self.tracks[column], self.noise
        shares = VARIANCE_SHARES[track]
        uniforms = noise.uniforms(column, shares)[wanted]
        if track not in PITCHED:
            return draw_ranked(rows, uniforms)
        ends = noise.ends(column, shares.habit)[wanted]
        registers = noise.registers(column, shares.register)[wanted] if shares.register else None
        rows = leaning(rows, noise.leanings(column, shares.lean)[wanted])
        return draw_onsets_and_ends(rows, uniforms, ends, registers)


def unmasking(tokens: Tokens, order: NDArray[np.int64], drawing: TokenSampler) -> SamplerRun:
    """Unmask `tokens` [batch, steps, tracks] cell by cell as `order` says, a call at a time.

    A generator: it yields the tokens to denoise and is sent their logits, so that whoever
    drives it may batch several, or stop between two calls. Returns the tokens at the end.
    """
    tokens = tokens.copy()
    for call in range(int(order.max(initial=-1)) + 1):
        logits = drawing.guided(tokens, (yield tokens))
        tokens = drawing.draw(tokens, order == call, logits)
    return tokens


def run_sampler(denoise: Denoiser, run: SamplerRun) -> Tokens:
    """Answer all that a sampler's `run` asks; the tokens [batch, steps, tracks] at its end."""
    try:
        state = next(run)
        while True:
            state = run.send(denoise(state))
    except StopIteration as done:
        filled: Tokens = done.value
        return filled


def infill(
    denoise: Denoiser,
    tokens: Tokens,
    order: NDArray[np.int64],
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
) -> Tokens:
    """Fill the cells of `tokens` [batch, steps, tracks] that `order` names; the others stay."""
    run = unmasking(tokens, order, TokenSampler(rng, temperature, guide, tracks=denoise.tracks))
    return run_sampler(denoise, run)


def masked_cells(tokens: Tokens) -> Mask:
    """Where trio tokens [..., steps, 3] are in the absorbing state."""
    return np.asarray(tokens == np.asarray(MASK))


def tidy(tokens: Tokens, cells: Mask | None = None, tracks: Sequence[Track] = TRIO) -> Tokens:
    """`tokens` [batch, steps, tracks] without note-offs that end nothing, in `cells` alone.

    16 to 28% of the note-offs that a model makes are of that kind, in real music none. Without
    `cells` all are meant. Masked cells count as sounding.
    """
    tokens = tokens.copy()
    for column, track in enumerate(tracks):
        if track not in PITCHED:
            continue
        for batch in range(len(tokens)):
            line = tokens[batch, :, column]
            ends_nothing = idle_offs(line)
            if cells is not None:
                ends_nothing &= cells[batch, :, column]
            line[ends_nothing] = HOLD
    return tokens


def idle_offs(line: NDArray[np.int64]) -> Mask:
    """Where a pitched track `line` [steps] holds a note-off while nothing sounds."""
    found = np.zeros(len(line), bool)
    speaks = np.flatnonzero(line != HOLD)
    before = np.concatenate([[OFF], line[speaks[:-1]]]) if len(speaks) else line[:0]
    found[speaks] = (line[speaks] == OFF) & (before == OFF)
    return found
