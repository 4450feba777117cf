"""The reverse process against exact denoisers of small worlds."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.corruption import (
    Corruption,
    absorbing,
    corruption_of,
    gaussian,
    linear,
    mutual_information,
    uniform,
)
from schmubert.engine.diffusion.reversal import (
    generate_from_noise,
    reverse,
    reverse_steps,
)
from schmubert.engine.diffusion.temperature import Floats
from schmubert.engine.music.score import Tokens, canonical
from schmubert.engine.music.vocabulary import HOLD, SIZES, Track

EVENTS = 3
STEPS_T = 6
PAIRS = 40_000
CHI_SQUARE_LIMIT = 6.0  # standard deviations of the chi-square: one false alarm in 10^8

WORLDS = {
    "absorbing": Corruption(absorbing(EVENTS), linear(absorbing(EVENTS), STEPS_T)),
    "uniform": Corruption(uniform(EVENTS), mutual_information(uniform(EVENTS), STEPS_T)),
    "gaussian": Corruption(gaussian(EVENTS), mutual_information(gaussian(EVENTS), STEPS_T)),
}


class Exact:
    """The denoiser of pairs of cells, one after the other, by Bayes' theorem.

    `joint` [events, events] is the distribution of a pair; pairs are independent of each other.
    """

    def __init__(self, joint: Floats, corruption: Corruption) -> None:
        self.joint = joint
        self.corruption = corruption
        self.seen: list[int] = []

    def of(self, x_t: tuple[int, int], t: int) -> Floats:
        """p(x_0 of a cell | both cells' x_t), [cells, events]."""
        likely = self.corruption.cumulative(t)[:EVENTS]
        both = self.joint * likely[:, x_t[0], None] * likely[None, :, x_t[1]]
        return np.stack([both.sum(axis=1), both.sum(axis=0)]) / both.sum()

    def __call__(self, tokens: Tokens, t: int) -> Logits:
        self.seen.append(t)
        states = self.corruption.kernel.states
        table = np.zeros((states, states, 2, EVENTS))
        for x_t in itertools.product(range(states), repeat=2):
            with np.errstate(divide="ignore", invalid="ignore"):  # of pairs that never are
                table[x_t] = np.log(self.of(x_t, t))
        said = table[tokens[:, 0::2, 0], tokens[:, 1::2, 0]]
        flat = said.reshape(*tokens.shape[:2], EVENTS)
        return [np.nan_to_num(flat, nan=0.0, neginf=-1e4)]


def deviations(counts: NDArray[np.int64], expected: Floats) -> float:
    """The chi-square of `counts` against `expected`, in its standard deviations over its mean."""
    assert (counts[expected == 0.0] == 0).all()
    counts, expected = counts[expected > 0.0], expected[expected > 0.0]
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    freedom = len(counts) - 1
    return (chi_square - freedom) / math.sqrt(2 * freedom)


def drawn(joint: Floats, corruption: Corruption, calls: int) -> NDArray[np.int64]:
    """How often each of the nine pairs comes out of `PAIRS`."""
    rng = np.random.default_rng(31)
    made = reverse(Exact(joint, corruption), [corruption], 2 * PAIRS, calls, [rng])[0, :, 0]
    return np.bincount(made[0::2] * EVENTS + made[1::2], minlength=EVENTS**2)


def chain(joint: Floats, corruption: Corruption, calls: int) -> Floats:
    """The distribution [9] of what `reverse` makes, state by state, with the thesis' matrices."""
    states = corruption.kernel.states
    stationary = corruption.kernel.stationary
    shares = np.outer(stationary, stationary)
    denoiser = Exact(joint, corruption)
    called = reverse_steps(corruption.steps_t, calls)
    for t, s in zip(called, [*called[1:], 0], strict=True):
        later = np.zeros_like(shares)
        for x_t in itertools.product(range(states), repeat=2):
            if shares[x_t] < 1e-15:
                continue
            to = []
            for cell, said in zip(x_t, denoiser.of(x_t, t), strict=True):
                rows = corruption.posterior(
                    np.full(EVENTS, cell),
                    np.arange(EVENTS),
                    np.full(EVENTS, t),
                    np.full(EVENTS, s),
                )
                to.append(said @ rows)
            later += shares[x_t] * np.outer(*to)
        shares = later
    return shares[:EVENTS, :EVENTS].ravel()


INDEPENDENT = np.outer([0.6, 0.3, 0.1], [0.2, 0.2, 0.6])
TOGETHER = np.asarray([[0.3, 0.02, 0.05], [0.01, 0.25, 0.05], [0.2, 0.02, 0.1]])


@pytest.mark.parametrize("name", sorted(WORLDS))
@pytest.mark.parametrize("calls", [1, 3, STEPS_T])
def test_independent_cells_have_their_distribution_after_any_number_of_calls(
    name: str, calls: int
) -> None:
    counts = drawn(INDEPENDENT, WORLDS[name], calls)
    assert deviations(counts, PAIRS * INDEPENDENT.ravel()) < CHI_SQUARE_LIMIT


@pytest.mark.parametrize("name", sorted(WORLDS))
@pytest.mark.parametrize("calls", [2, STEPS_T])
def test_cells_that_belong_together_follow_the_chain_of_3_53(name: str, calls: int) -> None:
    expected = chain(TOGETHER, WORLDS[name], calls)
    assert expected.sum() == pytest.approx(1.0)
    assert deviations(drawn(TOGETHER, WORLDS[name], calls), PAIRS * expected) < CHI_SQUARE_LIMIT


@pytest.mark.parametrize("name", ["absorbing", "uniform", "gaussian"])
def test_with_more_steps_the_chain_comes_to_the_music_itself(name: str) -> None:
    kernel = WORLDS[name].kernel
    gaps = []
    for steps_t in (1, 4, 16, 64):
        noise = Corruption(kernel, mutual_information(kernel, steps_t))
        gaps.append(np.abs(chain(TOGETHER, noise, steps_t) - TOGETHER.ravel()).sum() / 2)
    assert gaps[0] > 0.2
    assert all(later < 0.5 * earlier for earlier, later in itertools.pairwise(gaps))


def test_with_masks_it_is_algorithm_4() -> None:
    """Cells of the absorbing state are unmasked with probability 1/t, and then stay."""
    noise = WORLDS["absorbing"]
    for t in range(1, STEPS_T + 1):
        back = noise.posterior(np.asarray([EVENTS]), np.asarray([1]), np.asarray([t]))[0]
        np.testing.assert_allclose(back, [0.0, 1 / t, 0.0, 1 - 1 / t], atol=1e-12)

    class Contrary:
        """Says of every cell what it is not."""

        def __call__(self, tokens: Tokens, t: int) -> Logits:
            assert t
            seen.append(tokens.copy())
            said = np.full((*tokens.shape[:2], EVENTS), -1e4)
            np.put_along_axis(said, (tokens + 1) % EVENTS, 0.0, axis=2)
            return [said]

    seen: list[Tokens] = []
    made = reverse(Contrary(), [noise], 16, STEPS_T, [np.random.default_rng(0)])
    for before, after in itertools.pairwise([*seen, made]):
        np.testing.assert_array_equal(after[before != EVENTS], before[before != EVENTS])
    assert (made < EVENTS).all()


def test_a_piece_depends_on_its_own_rng_alone_and_the_denoiser_is_told_the_step() -> None:
    noise = WORLDS["uniform"]
    denoiser = Exact(TOGETHER, noise)
    both = reverse(denoiser, [noise], 2, 3, [np.random.default_rng(n) for n in (5, 6)])
    assert denoiser.seen == [6, 4, 2]
    alone = reverse(Exact(TOGETHER, noise), [noise], 2, 3, [np.random.default_rng(6)])
    np.testing.assert_array_equal(both[1:], alone)


def test_calls_are_spread_over_the_steps() -> None:
    assert reverse_steps(1024, 4) == [1024, 768, 512, 256]
    assert reverse_steps(5, 100) == [5, 4, 3, 2, 1]
    assert reverse_steps(1024, 1) == [1024]
    for calls in (3, 7, 100, 1000):
        called = reverse_steps(1024, calls)
        assert len(called) == calls
        assert called[-1] >= 1
    with pytest.raises(ValueError, match="at least 1"):
        reverse_steps(1024, 0)


@pytest.mark.parametrize("corruption", ["uniform", "gaussian", "embedding", "absorbing"])
def test_scores_come_out_of_noise_in_the_tracks_that_are_known(corruption: str) -> None:
    class Walking:
        """Sure of an octave up and down in every beat."""

        tracks = (Track.BASS,)

        def __call__(self, tokens: Tokens) -> Logits:
            said = np.zeros((*tokens.shape[:2], SIZES[Track.BASS]), np.float32)
            said[:, ::4, 20] = said[:, 2::4, 32] = said[:, 1::2, HOLD] = 40.0
            return [said]

    rngs = [np.random.default_rng(n) for n in range(2)]
    for score in generate_from_noise(Walking(), corruption, 2, 5, rngs, 90.0):
        assert score.tempo_bpm == 90.0
        assert score.tokens.shape == (32, 3)
        np.testing.assert_array_equal(score.tokens, canonical(score.tokens))
        assert (score.tokens[:, [Track.MELODY, Track.DRUMS]] == HOLD).all()
        assert score.tokens[::4, Track.BASS].tolist() == [20] * 8
        assert score.tokens[2::4, Track.BASS].tolist() == [32] * 8


def test_the_whole_vocabulary_is_reached_in_the_steps_of_the_thesis() -> None:
    """Drums over 512 patterns: one cell's distribution comes out of 1024 steps and few calls."""
    track = Track.DRUMS
    wanted = np.random.default_rng(1).dirichlet(np.full(SIZES[track], 0.05))
    noise = corruption_of("embedding", track)
    pieces, steps = 8, 512

    class OneCell:
        def __call__(self, tokens: Tokens, t: int) -> Logits:
            likely = noise.kernel.columns(np.arange(SIZES[track]), np.full(512, noise.amounts[t]))
            with np.errstate(divide="ignore"):
                return [np.log(wanted * likely)[tokens[..., 0]]]

    rngs = [np.random.default_rng(piece) for piece in range(pieces)]
    made = reverse(OneCell(), [noise], steps, 6, rngs)
    usual = wanted > 0.01
    counts = np.bincount(made.ravel(), minlength=SIZES[track])
    grouped = np.append(counts[usual], counts[~usual].sum())
    expected = np.append(wanted[usual], wanted[~usual].sum()) * pieces * steps
    assert deviations(grouped, expected) < CHI_SQUARE_LIMIT
