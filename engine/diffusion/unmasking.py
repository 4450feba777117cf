"""Unmasking a grid call by call: the core that all samplers share, in NumPy alone.

Absorbing-state diffusion unmasks every masked cell exactly once, and at a given call all cells
see the same state. A sampler is therefore an `order`: which call unmasks which cell.
`ancestral_order` gives algorithm 4 of the thesis, calls in which nothing happens left out;
`balanced_order` spreads the cells evenly over few calls. `unmasking` does the rest for all.
`samplers.py` has the samplers by name, those too that are no order.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, Logits, answering, plans_of
from schmubert.engine.diffusion.temperature import tempered
from schmubert.engine.music.chords import held_to_key
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask, Tokens, canonical
from schmubert.engine.music.vocabulary import BAND_MASK, MASK, TRIO, Track
from schmubert.engine.recipe import RECIPE, Recipe

Guide: TypeAlias = Callable[[Tokens, Logits], Logits]
"""Bends the logits [batch, steps, events] a track that are about to be sampled from."""
SamplerRun: TypeAlias = Generator[Tokens, Logits, Tokens]
"""A sampler at work: yields the tokens to denoise, is sent their logits, returns the result."""

GOLDEN = (5**0.5 - 1) / 2  # its multiples, mod 1, are the most evenly spread of all


def ancestral_order(targets: Mask, steps_t: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The call that unmasks each of `targets`, of any shape, by algorithm 4 with T = `steps_t`.

    Cells that are no targets have -1. A cell still masked at step t is unmasked with probability
    1/t, so its step is uniform on T..1. Steps that unmask nothing need no call: the distribution is
    exactly that of algorithm 4.
    """
    order = np.full(targets.shape, -1, np.int64)
    drawn = rng.integers(steps_t, size=int(targets.sum()))
    order[targets] = np.unique(drawn, return_inverse=True)[1]
    return order


def balanced_order(targets: Mask, calls: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`targets` [batch, steps, tracks] spread over `calls` calls; -1 elsewhere.

    The cells of a call lie far from each other. Each call takes an even share of them, or one where
    there are fewer cells than calls.
    """
    return _even(targets, calls, lambda grid: spread(grid, rng))


def random_order(targets: Mask, calls: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`targets` [batch, steps, tracks] in random order over `calls` calls; -1 elsewhere.

    This is the first-hitting order (arXiv 2409.02908), of which each call takes an even share.
    Where there are fewer cells than calls, each call takes one.
    """
    return _even(targets, calls, lambda grid: rng.permutation(int(grid.sum())))


def _even(
    targets: Mask, calls: int, ranked: Callable[[Mask], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """The `targets` of each grid [steps, tracks] by their ranks, an even share a call."""
    order = np.full(targets.shape, -1, np.int64)
    for batch, grid in enumerate(targets):
        count = int(grid.sum())
        order[batch][grid] = ranked(grid) * min(calls, count) // max(1, count)
    return order


def spread(targets: Mask, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ranks for `targets` [steps, tracks]: any few ranks in a row lie far from each other.

    Within a track a step stands at its multiple of the golden ratio from a random start (compare
    Halton order, arXiv 2503.17076). The tracks are shifted against each other, so that the cells
    of one step get ranks far apart. Returns [targets], in the order of `tokens[targets]`.
    """
    steps, tracks = targets.shape
    shift = rng.random() + np.arange(tracks) / tracks
    jitter = rng.random((steps, tracks)) / max(2, int(targets.sum()))
    places = (shift + GOLDEN * np.arange(steps)[:, None] + jitter) % 1.0
    return np.asarray(places[targets].argsort().argsort())


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


class Promises(Protocol):
    """What is sure of a grid before its cells are drawn."""

    def copied(self, tokens: Tokens) -> Tokens:
        """`tokens` [batch, steps, tracks] with what follows from others."""
        ...

    def kept(self, tokens: Tokens, drawn: Mask, logits: Logits, rng: np.random.Generator) -> Tokens:
        """The same where cells were `drawn` from `logits`, so that nothing is broken."""
        ...


@dataclass(frozen=True)
class TokenSampler:
    """How tokens are drawn from logits: at what `temperature`, bent by which `guide`.

    All cells of a call are drawn from what the denoiser said of one state, each with a number of
    its own from `rng`. `tracks` says what the columns are; the steps are cells of `meter`. What
    forms promise of bars is kept by `promises` (see `repeats.py`), and unless parts `may_rest` no
    form says that one does. With a `tonic` no chord is drawn outside of its major key. How calls
    are spent is as the model's `recipe` says; its temperature is not used here.
    """

    rng: np.random.Generator
    temperature: float = 1.0
    guide: Guide | None = None
    tracks: Sequence[Track] = TRIO
    meter: Meter = COMMON
    promises: "Promises | None" = None
    recipe: Recipe = RECIPE
    may_rest: bool = True
    tonic: int | None = None

    def copied(self, tokens: Tokens) -> Tokens:
        """`tokens` [batch, steps, tracks] in which bars that are played again are the same."""
        return tokens if self.promises is None else self.promises.copied(tokens)

    def guided(self, tokens: Tokens, logits: Logits) -> Logits:
        """What the denoiser said of `tokens`, bent by the guide and held to the key, if any."""
        if self.tonic is not None and Track.CHORDS in self.tracks:
            column = self.tracks.index(Track.CHORDS)
            held = held_to_key(logits[column], self.tonic)
            logits = [*logits[:column], held, *logits[column + 1 :]]
        if self.guide is None:
            return logits
        playing = sum(track in TRIO for track in self.tracks)  # they stand before the plans
        bent = self.guide(tokens[..., :playing], logits[:playing])
        return [*bent, *logits[playing:]]

    def draw(self, tokens: Tokens, targets: Mask, logits: Logits) -> Tokens:
        """`tokens` [batch, steps, tracks] with `targets` drawn from `logits`, those of `guided`.

        The temperature keeps the expected number of events of each piece of the batch.
        """
        tokens = tokens.copy()
        for column, (track, of_track) in enumerate(zip(self.tracks, logits, strict=True)):
            in_track = targets[..., column]
            if not in_track.any():
                continue
            pieces = zip(of_track, in_track, strict=True)
            rows = [tempered(one[mine], self.temperature, track) for one, mine in pieces]
            tokens[..., column][in_track] = draw(np.concatenate(rows), self.rng)
        if self.promises is None:
            return tokens
        return self.promises.kept(tokens, targets, logits, self.rng)


def unmasking(tokens: Tokens, order: NDArray[np.int64], token_sampler: TokenSampler) -> SamplerRun:
    """Unmask `tokens` [batch, steps, tracks] cell by cell as `order` says, a call at a time.

    A generator: it yields the tokens to denoise and is sent their logits. So its caller may batch
    several runs, or stop between two calls. Returns the tokens at the end.
    """
    tokens = token_sampler.copied(tokens.copy())
    for call in range(int(order.max(initial=-1)) + 1):
        logits = token_sampler.guided(tokens, (yield tokens))
        tokens = token_sampler.draw(tokens, order == call, logits)
    return tokens


def run_sampler(denoise: Callable[[Tokens], Logits], run: SamplerRun) -> Tokens:
    """Call `denoise` for all that a sampler's `run` yields; its tokens [batch, steps, tracks]."""
    try:
        state = next(run)
        while True:
            state = run.send(denoise(state))
    except StopIteration as done:
        filled: Tokens = done.value
        return filled


def unmask(
    denoise: Denoiser,
    tokens: Tokens,
    order: NDArray[np.int64],
    rng: np.random.Generator,
    temperature: float = 1.0,
    guide: Guide | None = None,
) -> Tokens:
    """Fill the cells of `tokens` [batch, steps, tracks] that `order` names; the others stay."""
    run = unmasking(tokens, order, TokenSampler(rng, temperature, guide, denoise.tracks))
    return run_sampler(partial(of_the_unknown, denoise), run)


def of_the_unknown(denoise: Denoiser, tokens: Tokens) -> Logits:
    """What `denoise` says of `tokens` [batch, steps, columns], and only of columns not all known.

    No other is drawn. The columns are tracks of `denoise`, behind which its plans may stand.
    """
    columns = (*denoise.tracks, *plans_of(denoise))[: tokens.shape[-1]]
    unknown = (tokens == np.asarray([BAND_MASK[column] for column in columns])).any(axis=(0, 1))
    asked = [column for column, its in zip(columns, unknown, strict=True) if its]
    return answering(denoise, 0, asked)(tokens)


def masked_cells(tokens: Tokens) -> Mask:
    """Where trio tokens [..., steps, 3] are in the absorbing state."""
    return np.asarray(tokens == np.asarray(MASK))


def tidy(tokens: Tokens, targets: Mask | None = None, tracks: Sequence[Track] = TRIO) -> Tokens:
    """`tokens` [.., steps, tracks] without note-offs that end nothing, in `targets` alone.

    Of the note-offs that a model makes 16 to 28% are of that kind, in real music none. Without
    `targets` all cells are meant. Masked cells count as sounding.
    """
    tidied = canonical(tokens, tracks)
    return tidied if targets is None else np.where(targets, tidied, tokens)
