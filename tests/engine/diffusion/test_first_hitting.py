"""The samplers against algorithm 4 of the thesis, whose distribution is enumerated."""

import math
from collections.abc import Callable, Iterator
from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.unmasking import ancestral_order, random_order, unmask
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import MASK, SIZES, Track

CELLS = 3
EVENTS = 2
UNKNOWN = EVENTS
"""How a masked cell is written in a `State`."""
STEPS = 4
PIECES = 25_000
CHI_SQUARE_LIMIT = 6.0  # standard deviations of the chi-square: one false alarm in 10^8

State = tuple[int, ...]
"""The events of the three cells, 0 or 1, or `UNKNOWN`."""
VarianceShares = dict[State, float]

rng_of_model = np.random.default_rng(33)
LEANINGS = {
    state: rng_of_model.dirichlet([0.5, 0.5], size=CELLS)
    for state in product(range(EVENTS + 1), repeat=CELLS)
}
"""What the model says of each cell, [cells, events], in each state: no two states agree, so that
the order in which cells are drawn shows in what comes out."""
SAID = np.log(np.stack(list(LEANINGS.values()))).reshape(*[EVENTS + 1] * CELLS, CELLS, EVENTS)
"""The same as logits [first event, second, third, cells, events]."""


class Whimsical:
    """A denoiser of the first three 16ths of a melody, in which two events happen."""

    tracks = (Track.MELODY,)

    def __call__(self, tokens: Tokens) -> Logits:
        logits = np.full((*tokens.shape[:2], SIZES[Track.MELODY]), -np.inf, np.float32)
        cells = np.where(tokens[:, :CELLS, 0] == MASK[Track.MELODY], UNKNOWN, tokens[:, :CELLS, 0])
        logits[:, :CELLS, :EVENTS] = SAID[tuple(cells.T)]
        return [logits]


def drawn(state: State, now: tuple[int, ...]) -> Iterator[tuple[State, float]]:
    """The states after the cells `now` are drawn at once from `state`, and their chances."""
    for events in product(range(EVENTS), repeat=len(now)):
        after, chance = list(state), 1.0
        for cell, event in zip(now, events, strict=True):
            after[cell] = event
            chance *= LEANINGS[state][cell, event]
        yield tuple(after), float(chance)


def algorithm_4(steps_t: int) -> VarianceShares:
    """The distribution of algorithm 4, T = `steps_t`: coin by coin, state by state."""
    shares: VarianceShares = {(UNKNOWN,) * CELLS: 1.0}
    for t in range(steps_t, 0, -1):
        later: VarianceShares = {}
        for state, share in shares.items():
            masked = [cell for cell in range(CELLS) if state[cell] == UNKNOWN]
            for coins in product([False, True], repeat=len(masked)):
                chance = math.prod(1 / t if coin else 1 - 1 / t for coin in coins)
                now = tuple(cell for cell, coin in zip(masked, coins, strict=True) if coin)
                for after, of_events in drawn(state, now):
                    later[after] = later.get(after, 0.0) + share * chance * of_events
        shares = later
    return {state: share for state, share in shares.items() if share > 0.0}


def one_cell_a_call() -> VarianceShares:
    """The distribution of first-hitting: a cell a call, every order as likely."""
    shares: VarianceShares = {}
    for order in permutations(range(CELLS)):
        reached: VarianceShares = {(UNKNOWN,) * CELLS: 1 / math.factorial(CELLS)}
        for cell in order:
            later: VarianceShares = {}
            for state, share in reached.items():
                for after, chance in drawn(state, (cell,)):
                    later[after] = later.get(after, 0.0) + share * chance
            reached = later
        for state, share in reached.items():
            shares[state] = shares.get(state, 0.0) + share
    return shares


def distance(one: VarianceShares, other: VarianceShares) -> float:
    """Total variation."""
    return sum(abs(one.get(state, 0.0) - other.get(state, 0.0)) for state in one | other) / 2


def deviations(counts: dict[State, int], expected: VarianceShares) -> float:
    """The chi-square of `counts` against `expected`, in its standard deviations over its mean."""
    assert set(counts) <= set(expected)
    pieces = sum(counts.values())
    chi_square = sum(
        (counts.get(state, 0) - pieces * share) ** 2 / (pieces * share)
        for state, share in expected.items()
    )
    freedom = len(expected) - 1
    return (chi_square - freedom) / math.sqrt(2 * freedom)


def sampled(
    order: Callable[[Mask, int, np.random.Generator], NDArray[np.int64]], calls: int
) -> dict[State, int]:
    """How often each piece comes out of `PIECES`."""
    rng = np.random.default_rng(calls)
    wanted = np.zeros((PIECES, STEPS, 1), bool)
    wanted[:, :CELLS] = True
    tokens = np.where(wanted, MASK[Track.MELODY], 0)
    filled = unmask(Whimsical(), tokens, order(wanted, calls, rng), rng)
    pieces, counts = np.unique(filled[:, :CELLS, 0], axis=0, return_counts=True)
    return {tuple(p): int(c) for p, c in zip(pieces.tolist(), counts.tolist(), strict=True)}


@pytest.mark.parametrize("steps_t", [1, 2, 3, 8])
def test_ancestral_has_the_distribution_of_algorithm_4(steps_t: int) -> None:
    counts = sampled(ancestral_order, steps_t)
    assert deviations(counts, algorithm_4(steps_t)) < CHI_SQUARE_LIMIT


def test_first_hitting_has_the_distribution_of_algorithm_4() -> None:
    """A cell a call in random order is algorithm 4 without its ties, which are rare at T = 1024."""
    counts = sampled(random_order, CELLS)
    assert deviations(counts, one_cell_a_call()) < CHI_SQUARE_LIMIT
    assert deviations(counts, algorithm_4(1024)) < CHI_SQUARE_LIMIT
    # the test can tell: with few steps several cells are drawn at once, from one state
    assert deviations(counts, algorithm_4(8)) > 10 * CHI_SQUARE_LIMIT


@pytest.mark.parametrize("steps_t", [1, 2, 4, 16, 128, 1024])
def test_algorithm_4_differs_from_first_hitting_by_its_ties_alone(steps_t: int) -> None:
    """Both agree given that no two cells fall on one step, so the gap closes as 1/T."""
    ties = 1 - math.prod(1 - cell / steps_t for cell in range(CELLS))
    assert distance(algorithm_4(steps_t), one_cell_a_call()) <= ties + 1e-12
