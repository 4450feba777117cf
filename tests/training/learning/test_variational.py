"""The evidence bound of every corruption against enumeration, and the thesis' short forms of it."""

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from schmubert.engine.diffusion import corruption  # noqa: E402
from schmubert.engine.diffusion.corruption import Corruption, Floats, Kernel, corruption_of  # noqa: E402
from schmubert.engine.music.vocabulary import MASK, SIZES, Track  # noqa: E402
from schmubert.training.learning.loss import masked_cross_entropy, reweighted_elbo  # noqa: E402
from schmubert.training.learning.variational import auxiliary, evidence_bound, on_device  # noqa: E402

EVENTS = 3
STEPS_T = 5
KERNELS: dict[str, Kernel] = {
    "absorbing": corruption.absorbing(EVENTS),
    "uniform": corruption.uniform(EVENTS),
    "gaussian": corruption.gaussian(EVENTS),
}
CPU = torch.device("cpu")


def process(name: str, steps_t: int = STEPS_T) -> Corruption:
    kernel = KERNELS[name]
    schedule = corruption.linear if name == "absorbing" else corruption.mutual_information
    return Corruption(kernel, schedule(kernel, steps_t))


def divergence(noise: Corruption, guess: Floats, x_0: int, x_t: int, t: int) -> float:
    """KL(q(x_{t-1}|x_t, x_0) || p(x_{t-1}|x_t)) in bits, by matrices and nothing else."""

    def posterior(x: int) -> Floats:
        joint = noise.cumulative(t - 1)[x] * noise.step(t)[:, x_t]
        return joint / joint.sum() if joint.sum() > 0 else np.zeros_like(joint)

    possible = noise.cumulative(t)[:EVENTS, x_t] > 0
    p_x_0 = guess * possible / (guess * possible).sum()
    p = sum(p_x_0[x] * posterior(x) for x in range(EVENTS))
    q = posterior(x_0)
    likely = q > 0
    return float((q[likely] * np.log2(q[likely] / p[likely])).sum())


def bound(noise: Corruption, guess: Floats, x_0: int, x_t: int, t: int) -> float:
    """`evidence_bound` of one cell of which the network says `guess` [events]."""
    cells = (torch.tensor([value]) for value in (x_0, x_t, t))
    return float(evidence_bound(torch.from_numpy(np.log(guess))[None], *cells, noise))


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_every_term_is_the_divergence_of_the_posteriors(name: str) -> None:
    noise = process(name)
    rng = np.random.default_rng(1)
    for t in range(1, STEPS_T + 1):
        for x_0, x_t in itertools.product(range(EVENTS), range(noise.kernel.states)):
            if noise.cumulative(t)[x_0, x_t] == 0:
                continue
            guess = rng.dirichlet(np.ones(EVENTS))
            expected = STEPS_T * divergence(noise, guess, x_0, x_t, t)
            assert bound(noise, guess, x_0, x_t, t) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_the_first_term_is_the_cross_entropy(name: str) -> None:
    noise = process(name)
    guess = np.asarray([0.2, 0.5, 0.3])
    x_1 = EVENTS if name == "absorbing" else 2
    assert bound(noise, guess, 1, x_1, 1) == pytest.approx(-STEPS_T * math.log2(0.5))
    told = auxiliary(torch.from_numpy(np.log(guess))[None], torch.tensor([1]))
    assert float(told) == pytest.approx(-math.log2(0.5), abs=1e-6)


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_who_knows_the_posterior_needs_the_entropy_and_anybody_else_more(name: str) -> None:
    """L_vb in the mean over x_0 of a cell: the bound is tight, and it is one."""
    noise = process(name)
    prior = np.asarray([0.6, 0.3, 0.1])
    entropy = float(-(prior * np.log2(prior)).sum())

    def needed(sharper: float) -> float:
        total = 0.0
        for t, x_0 in itertools.product(range(1, STEPS_T + 1), range(EVENTS)):
            for x_t in range(noise.kernel.states):
                chance = prior[x_0] * noise.cumulative(t)[x_0, x_t]
                if chance > 0:
                    guess = (prior * noise.cumulative(t)[:EVENTS, x_t]) ** sharper + 1e-300
                    guess /= guess.sum()
                    total += chance * bound(noise, guess, x_0, x_t, t) / STEPS_T
        return total

    assert needed(1.0) == pytest.approx(entropy, abs=1e-8)
    assert needed(0.5) > entropy + 0.01
    assert needed(2.0) > entropy + 0.01


# Two cells, of which the network knows something when it sees one of them.
PIECE = (2, 0)
STATES = list(itertools.product(range(EVENTS + 1), repeat=2))
SAID = dict(zip(STATES, np.random.default_rng(5).dirichlet(np.ones(EVENTS), (16, 2)), strict=True))


def masked_term(t: int, steps_t: int) -> float:
    """The inner sum of 3.57 and 3.58 in the mean over x_t ~ q(x_t|x_0), in bits, enumerated.

    The thesis leaves the minus sign out.
    """
    total = 0.0
    for masks in itertools.product([False, True], repeat=2):
        chance = math.prod(t / steps_t if mask else 1 - t / steps_t for mask in masks)
        x_t = tuple(EVENTS if mask else x for mask, x in zip(masks, PIECE, strict=True))
        for cell, mask in enumerate(masks):
            if mask and chance > 0:
                total -= chance * math.log2(SAID[x_t][cell, PIECE[cell]])
    return total


def general_terms(steps_t: int) -> list[float]:
    """The terms of L_vb at t = 1..T by `evidence_bound`, every x_t enumerated, in bits."""
    noise = process("absorbing", steps_t)
    terms = []
    for t in range(1, steps_t + 1):
        reached = noise.cumulative(t)
        total = 0.0
        for x_t in STATES:
            chance = math.prod(reached[x, y] for x, y in zip(PIECE, x_t, strict=True))
            if chance > 0:
                total += chance * sum(
                    bound(noise, SAID[x_t][cell], PIECE[cell], x_t[cell], t) / steps_t
                    for cell in range(2)
                )
        terms.append(total)
    return terms


@pytest.mark.parametrize("steps_t", [1, 2, 5, 8])
def test_the_short_form_for_masks_is_the_general_bound(steps_t: int) -> None:
    """Equation 3.57: weights 1/t on what is masked, and nothing else of L_vb is left."""
    general = general_terms(steps_t)
    short = [masked_term(t, steps_t) / t for t in range(1, steps_t + 1)]
    np.testing.assert_allclose(general, short, atol=1e-9)
    assert sum(general) == pytest.approx(sum(short))


@pytest.mark.parametrize("steps_t", [2, 5, 8])
def test_the_thesis_loss_is_a_reweighting_of_the_bound(steps_t: int) -> None:
    """Equation 3.58: the terms of 3.57 times t (T - t - 1) / T; that of 4.4: times t (1 - t/T).

    As printed the last weight of 3.58 is negative, -1/T: 1 - t/T, as in the text of 4.4, is meant.
    """
    general = general_terms(steps_t)
    steps = range(1, steps_t + 1)
    printed = sum((steps_t - t - 1) / steps_t * masked_term(t, steps_t) for t in steps)
    reweighted = sum(
        t * (steps_t - t - 1) / steps_t * term for t, term in zip(steps, general, strict=True)
    )
    assert reweighted == pytest.approx(printed)
    of_4_4 = sum((1 - t / steps_t) * masked_term(t, steps_t) for t in steps)
    ours = sum(t * (1 - t / steps_t) * term for t, term in zip(steps, general, strict=True))
    assert ours == pytest.approx(of_4_4)


def test_the_loss_that_is_trained_on_has_the_weights_of_4_4() -> None:
    """`reweighted_elbo` takes for t/T the masked share of a piece."""
    steps_t, cells = 4, 64
    rng = np.random.default_rng(9)
    logits = torch.from_numpy(rng.normal(size=(1, cells, SIZES[Track.BASS])).astype(np.float32))
    tokens = torch.from_numpy(rng.integers(SIZES[Track.BASS], size=(1, cells, 1)))
    noise = corruption_of("absorbing", Track.BASS, steps_t)
    for t in range(1, steps_t + 1):
        of_t = rng.permutation(cells) < t * cells // steps_t
        x_t = np.where(of_t[None, :, None], MASK[Track.BASS], tokens.numpy())
        masked = torch.from_numpy(x_t == MASK[Track.BASS])
        bits = masked_cross_entropy([logits], tokens, masked)
        loss = reweighted_elbo(bits, masked, torch.ones(1, 1, dtype=torch.bool))
        of_cells = [array.flatten() for array in (tokens, torch.from_numpy(x_t))]
        terms = evidence_bound(logits[0], *of_cells, torch.full((cells,), t), noise) / steps_t
        weight = t * (1 - t / steps_t)
        assert float(loss) == pytest.approx(weight * float(terms.mean()), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["absorbing", "uniform", "gaussian", "embedding"])
def test_matrices_in_torch_are_those_in_numpy(name: str) -> None:
    kernel = corruption_of(name, Track.MELODY).kernel
    rng = np.random.default_rng(2)
    states = rng.integers(kernel.states, size=40)
    amounts = np.concatenate([[0.0, np.inf], rng.exponential(1.0, 38)])
    weights = rng.dirichlet(np.ones(kernel.states), 40)
    ours = on_device(kernel, CPU)
    of_states, of_amounts = torch.from_numpy(states), torch.from_numpy(amounts)
    rows, columns = kernel.rows(states, amounts), kernel.columns(states, amounts)
    np.testing.assert_allclose(ours.rows(of_states, of_amounts), rows, atol=1e-12)
    np.testing.assert_allclose(ours.columns(of_states, of_amounts), columns, atol=1e-12)
    moved = ours.moved(torch.from_numpy(weights), of_amounts)
    every = np.arange(kernel.states)
    for row in range(40):
        matrix = kernel.rows(every, np.full(len(every), amounts[row]))
        np.testing.assert_allclose(moved[row], weights[row] @ matrix, atol=1e-12)


@pytest.mark.parametrize("name", ["absorbing", "uniform", "gaussian", "embedding"])
def test_over_512_events_and_1024_steps_all_is_finite_and_not_negative(name: str) -> None:
    noise = corruption_of(name, Track.DRUMS)
    rng = np.random.default_rng(3)
    t = np.repeat([1, 2, 500, 1023, 1024], 40)
    x_0 = rng.integers(SIZES[Track.DRUMS], size=len(t))
    x_t = noise.noisy(x_0, t, rng)
    for scale in (0.0, 3.0, 40.0):  # from one that knows nothing to one that is sure, and wrong
        logits = torch.from_numpy(scale * rng.normal(size=(len(t), 512)).astype(np.float32))
        logits.requires_grad_()
        cells = [torch.from_numpy(array) for array in (x_0, x_t, t)]
        bits = evidence_bound(logits, *cells, noise)
        assert torch.isfinite(bits).all()
        assert (bits > -1e-3).all()
        bits.mean().backward()
        assert torch.isfinite(logits.grad).all()


def test_another_kernel_is_refused() -> None:
    with pytest.raises(TypeError, match="no kernel"):
        on_device(object(), CPU)  # type: ignore[arg-type]
