"""The samplers: functions of (denoiser, tokens, order, rng), in NumPy alone.

Absorbing-state diffusion unmasks every masked cell exactly once, and at a given call all cells
see the same state. A sampler is therefore an `order`: which call unmasks which cell.
`ancestral_order` gives algorithm 4 of the thesis, calls in which nothing happens left out;
`balanced_order` spreads the cells evenly over few calls. `unmasking` does the rest for both.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.score import Mask, Tokens
from schmubert.engine.vocabulary import HOLD, MASK, OFF, PITCHED, TRIO, Track

Logits: TypeAlias = Sequence[NDArray[np.float32]]
"""One array [batch, steps, events] a track, in the denoiser's order of tracks."""
Guide: TypeAlias = Callable[[Tokens, Logits], Logits]
"""Bends the logits [batch, steps, events] a track that are about to be sampled from."""

GOLDEN = (5**0.5 - 1) / 2  # its multiples, mod 1, are the most evenly spread of all


class Denoiser(Protocol):
    """The unmasking function f(x_t) of algorithm 4."""

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks it knows, in the order of its columns."""
        ...

    def __call__(self, tokens: Tokens) -> Logits:
        """Tokens [batch, steps, tracks], steps a multiple of 4 -> logits, one array a track."""
        ...


def ancestral_order(cells: Mask, steps_t: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The calls of algorithm 4, T = `steps_t`, for masked `cells` of any shape; -1 elsewhere.

    A cell still masked at step t is unmasked with probability 1/t, so its step is uniform on
    T..1. Steps that unmask nothing need no call: the distribution is exactly algorithm 4's.
    """
    order = np.full(cells.shape, -1, np.int64)
    drawn = rng.integers(steps_t, size=int(cells.sum()))
    order[cells] = np.unique(drawn, return_inverse=True)[1]
    return order


def balanced_order(cells: Mask, calls: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Masked `cells` [batch, steps, tracks] spread over `calls` calls; -1 elsewhere.

    Every call takes the same number of cells, one more or less; fewer calls are made where
    there are fewer cells. Within a track a step stands at its multiple of the golden ratio from
    a random start, so that the cells of a call lie far from each other in time (compare Halton
    order, arXiv 2503.17076); the tracks are shifted against each other, so that the cells of
    one step fall in different calls.
    """
    order = np.full(cells.shape, -1, np.int64)
    _, steps, tracks = cells.shape
    for batch, grid in enumerate(cells):
        count = int(grid.sum())
        shift = rng.random() + np.arange(tracks) / tracks
        jitter = rng.random((steps, tracks)) / max(2, count)
        spread = (shift + GOLDEN * np.arange(steps)[:, None] + jitter) % 1.0
        rank = spread[grid].argsort().argsort()
        order[batch][grid] = rank * min(calls, count) // max(1, count)
    return order


def draw(
    logits: NDArray[np.float32], rng: np.random.Generator, temperature: float = 1.0
) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events], by inverse CDF in float64.

    Gumbel noise in float32 would lower the temperature by stealth (arXiv 2409.02908).
    """
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    cumulative = np.exp(scaled).cumsum(axis=-1)
    point = rng.random((len(logits), 1)) * cumulative[:, -1:]
    drawn: NDArray[np.int64] = (cumulative <= point).sum(axis=-1)
    return drawn.clip(max=logits.shape[-1] - 1)


def unmasking(
    tokens: Tokens,
    order: NDArray[np.int64],
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
) -> Generator[Tokens, Logits, Tokens]:
    """Unmask `tokens` [batch, steps, tracks] cell by cell as `order` says, a call at a time.

    A generator: it yields the tokens to denoise and is sent their logits, so that whoever
    drives it may batch several, or stop between two calls. Returns the tokens at the end.
    """
    tokens = tokens.copy()
    for call in range(int(order.max(initial=-1)) + 1):
        logits = yield tokens
        if guide is not None:
            logits = guide(tokens, logits)
        for track, of_track in enumerate(logits):
            cells = order[..., track] == call
            tokens[..., track][cells] = draw(of_track[cells], rng, temperature)
    return tokens


def infill(
    denoise: Denoiser,
    tokens: Tokens,
    order: NDArray[np.int64],
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
) -> Tokens:
    """Fill the cells of `tokens` [batch, steps, tracks] that `order` names; the others stay."""
    run = unmasking(tokens, order, rng, temperature, guide)
    try:
        state = next(run)
        while True:
            state = run.send(denoise(state))
    except StopIteration as done:
        filled: Tokens = done.value
        return filled


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
