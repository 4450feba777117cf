"""The transition matrices: their laws, by brute force on few states."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.diffusion.corruption import (
    KERNELS,
    Corruption,
    Diffusing,
    Kernel,
    absorbing,
    corruption_of,
    draw_rows,
    embedding,
    gaussian,
    information,
    linear,
    mutual_information,
    uniform,
)
from schmubert.engine.diffusion.temperature import Floats
from schmubert.engine.music.vocabulary import (
    HOLD,
    MASK,
    OFF,
    SIZES,
    TRIO,
    Drum,
    Track,
    drum_token,
    onset_token,
)

STATES = 5
CHI_SQUARE_LIMIT = 6.0  # standard deviations of the chi-square: one false alarm in 10^8


def neighbours() -> Diffusing:
    """Five states, of which two groups are not connected but by leaps."""
    nearness = np.zeros((STATES, STATES))
    nearness[0, 1] = nearness[1, 0] = 1.0
    nearness[2:, 2:] = 0.3
    return Diffusing.among(nearness)


SMALL: dict[str, Kernel] = {
    "absorbing": absorbing(STATES - 1),
    "uniform": uniform(STATES),
    "gaussian": gaussian(STATES),
    "neighbours": neighbours(),
}
SCHEDULES = {"linear": linear, "mutual-information": mutual_information}

names = st.sampled_from(sorted(SMALL))
schedules = st.sampled_from(sorted(SCHEDULES))


def process(name: str, schedule: str, steps_t: int) -> Corruption:
    return Corruption(SMALL[name], SCHEDULES[schedule](SMALL[name], steps_t))


@given(names, schedules, st.integers(1, 40))
@settings(deadline=None)
def test_rows_sum_to_one_and_hold_no_negative_chance(
    name: str, schedule: str, steps_t: int
) -> None:
    noise = process(name, schedule, steps_t)
    for t in range(1, steps_t + 1):
        for matrix in (noise.step(t), noise.cumulative(t)):
            np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-12)
            assert (matrix >= 0.0).all()


@given(names, schedules, st.integers(1, 40))
@settings(deadline=None)
def test_q_of_x_t_is_the_product_of_the_steps(name: str, schedule: str, steps_t: int) -> None:
    """Equation 3.52: the closed form against explicit products of matrices."""
    noise = process(name, schedule, steps_t)
    product = np.eye(STATES)
    np.testing.assert_allclose(noise.cumulative(0), product, atol=1e-12)
    for t in range(1, steps_t + 1):
        product = product @ noise.step(t)
        np.testing.assert_allclose(noise.cumulative(t), product, atol=1e-12)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_one_step_is_the_exponential_of_the_rates(name: str) -> None:
    """exp(aR) by its power series, the rates taken from a very small step."""
    kernel = SMALL[name]
    every = np.arange(STATES)
    tiny = 1e-7
    rates = (kernel.rows(every, np.full(STATES, tiny)) - np.eye(STATES)) / tiny
    np.testing.assert_allclose(rates.sum(axis=1), 0.0, atol=1e-6)
    amount, term, series = 0.7, np.eye(STATES), np.eye(STATES)
    for n in range(1, 30):
        term = term @ rates * (amount / n)
        series = series + term
    np.testing.assert_allclose(kernel.rows(every, np.full(STATES, amount)), series, atol=1e-5)


@given(names, schedules, st.integers(1, 40))
@settings(deadline=None)
def test_the_product_ends_at_the_stationary_distribution(
    name: str, schedule: str, steps_t: int
) -> None:
    noise = process(name, schedule, steps_t)
    expected = np.eye(STATES)[-1] if name == "absorbing" else np.full(STATES, 1 / STATES)
    np.testing.assert_allclose(noise.kernel.stationary, expected)
    last = noise.cumulative(steps_t)
    np.testing.assert_allclose(last, np.tile(expected, (STATES, 1)), atol=1e-12)
    np.testing.assert_allclose(expected @ noise.step(1), expected, atol=1e-12)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_without_an_infinite_step_the_product_converges_as_the_slowest_rate_says(
    name: str,
) -> None:
    kernel = SMALL[name]
    noise = Corruption(kernel, np.arange(31) * 2.0 / kernel.slowest)
    product = np.eye(STATES)
    for t in range(1, 31):
        product = product @ noise.step(t)
        left = np.abs(product - kernel.stationary).max()
        assert left <= 2.0 * np.exp(-2.0 * t) + 1e-12


@given(names, schedules, st.integers(1, 6))
@settings(deadline=None)
def test_the_posterior_is_what_bayes_says(name: str, schedule: str, steps_t: int) -> None:
    """Equation 3.53 against the joint distribution of whole paths x_1 ... x_T, path by path."""
    noise = process(name, schedule, min(steps_t, 4))
    steps = [noise.step(t) for t in range(1, noise.steps_t + 1)]
    for x_0 in range(noise.kernel.events):
        joint = np.zeros((noise.steps_t + 1, STATES, STATES))  # t, x_{t-1}, x_t
        for path in itertools.product(range(STATES), repeat=noise.steps_t):
            whole = (x_0, *path)
            chance = np.prod([steps[t][whole[t], whole[t + 1]] for t in range(noise.steps_t)])
            for t in range(1, noise.steps_t + 1):
                joint[t, whole[t - 1], whole[t]] += chance
        for t in range(1, noise.steps_t + 1):
            every = np.arange(STATES)
            found = noise.posterior(every, np.full(STATES, x_0), np.full(STATES, t))
            total = joint[t].sum(axis=0)
            expected = np.divide(
                joint[t], total, out=np.zeros_like(joint[t]), where=total > 1e-15
            ).T
            np.testing.assert_allclose(found[total > 1e-15], expected[total > 1e-15], atol=1e-9)


@given(names, schedules, st.integers(2, 12), st.data())
@settings(deadline=None)
def test_a_posterior_over_many_steps_is_that_of_one_after_the_other(
    name: str, schedule: str, steps_t: int, data: st.DataObject
) -> None:
    noise = process(name, schedule, steps_t)
    t = data.draw(st.integers(2, steps_t))
    s = data.draw(st.integers(0, t - 2))
    x_0 = np.full(STATES, data.draw(st.integers(0, noise.kernel.events - 1)))
    every = np.arange(STATES)
    found = noise.posterior(every, x_0, np.full(STATES, t), np.full(STATES, s))
    chained = np.eye(STATES)[noise.cumulative(t)[x_0[0]] > 0.0]
    kept = found[noise.cumulative(t)[x_0[0]] > 0.0]
    for later in range(t, s, -1):
        chained = chained @ noise.posterior(every, x_0, np.full(STATES, later))
    np.testing.assert_allclose(kept, chained, atol=1e-8)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_noise_follows_its_rows(name: str) -> None:
    noise = process(name, "linear", 8)
    draws = 60_000
    for x_0, t in ((0, 3), (2, 6), (1, 8)):
        drawn = noise.noisy(np.full((draws, 1), x_0), np.full((draws, 1), t), _rng())
        expected = draws * noise.cumulative(t)[x_0]
        counts = np.bincount(drawn[:, 0], minlength=STATES)
        assert (counts[expected == 0.0] == 0).all()
        likely = expected > 0.0
        chi_square = ((counts[likely] - expected[likely]) ** 2 / expected[likely]).sum()
        freedom = max(1, int(likely.sum()) - 1)
        assert (chi_square - freedom) / np.sqrt(2 * freedom) < CHI_SQUARE_LIMIT


def test_columns_are_the_columns_of_the_rows() -> None:
    every = np.arange(STATES)
    for kernel in SMALL.values():
        amounts = np.full(STATES, 0.4)
        np.testing.assert_allclose(
            kernel.columns(every, amounts), kernel.rows(every, amounts).T, atol=1e-12
        )


def test_the_printed_uniform_matrix_loses_probability() -> None:
    """Equation 3.54 as printed, and as it is meant."""
    beta = 0.3
    printed = np.full((STATES, STATES), beta / STATES)
    np.fill_diagonal(printed, 1 - beta)
    np.testing.assert_allclose(printed.sum(axis=1), 1 - beta / STATES)
    meant = printed + np.eye(STATES) * beta / STATES
    noise = Corruption(uniform(STATES), np.asarray([0.0, -np.log(1 - beta)]))
    np.testing.assert_allclose(noise.step(1), meant, atol=1e-12)


def test_the_absorbing_state_masks_with_probability_t_over_t() -> None:
    """Thesis 4.4: beta_t = 1 / (T - t + 1), and a share of t/T masked after t steps."""
    noise = corruption_of("absorbing", Track.BASS, 64)
    for t in range(1, 65):
        assert noise.step(t)[30, MASK[Track.BASS]] == pytest.approx(1 / (64 - t + 1))
        of_a_note = noise.cumulative(t)[30]
        assert of_a_note[MASK[Track.BASS]] == pytest.approx(t / 64)
        assert of_a_note[30] == pytest.approx(1 - t / 64)
        assert of_a_note[MASK[Track.BASS] :].sum() + of_a_note[30] == pytest.approx(1.0)


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_information_on_the_music_falls_evenly(name: str) -> None:
    """Of D3PM's mutual information schedule; for the absorbing state it is the thesis' own."""
    noise = corruption_of(name, Track.MELODY, 64)
    left = [information(noise.kernel, amount) for amount in noise.amounts]
    np.testing.assert_allclose(left, 1.0 - np.arange(65) / 64, atol=0.01)


@pytest.mark.parametrize("name", sorted(KERNELS))
@pytest.mark.parametrize("track", TRIO)
def test_no_chance_of_a_track_is_lost_in_rounding(name: str, track: Track) -> None:
    """1024 steps over up to 513 states: what cannot happen is 0, all else well above rounding."""
    noise = corruption_of(name, track)
    first = noise.cumulative(1)
    np.testing.assert_allclose(first.sum(axis=1), 1.0, atol=1e-12)
    if name != "absorbing":
        assert first.min() > 1e-9
    np.testing.assert_allclose(
        noise.cumulative(noise.steps_t)[:, -1], noise.kernel.stationary[-1], atol=1e-12
    )


def test_a_gaussian_prefers_what_is_near_and_is_a_gaussian() -> None:
    row = corruption_of("gaussian", Track.MELODY).cumulative(100)[45]
    assert (np.diff(row[46:]) < 0).all()
    assert (np.diff(row[:45]) > 0).all()
    jumps = _jumps(gaussian(90))[45]
    steps = np.asarray([1, 2, 5, 9])
    width = 90 / 16
    above_leaps = jumps[45 + steps] - jumps[0]
    expected = np.exp(-(steps**2 - 1) / (2 * width**2))
    np.testing.assert_allclose(above_leaps / above_leaps[0], expected, rtol=0.02)


def test_the_same_note_in_another_octave_is_nearest() -> None:
    """Thesis 3.3.3: octaves, then the same octave, then all else."""
    jumps = _jumps(embedding(Track.MELODY))
    c4, c5, e4, e5 = (onset_token(pitch) for pitch in (60, 72, 64, 76))
    assert jumps[c4, c5] > 5 * jumps[c4, e4] > 25 * jumps[c4, e5] > 0.0
    assert jumps[HOLD, OFF] > 100 * jumps[HOLD, c4] > 0.0


def test_drum_patterns_that_differ_in_one_drum_are_near() -> None:
    jumps = _jumps(embedding(Track.DRUMS))
    kick = drum_token([Drum.KICK])
    both = drum_token([Drum.KICK, Drum.CLOSED_HI_HAT])
    snare = drum_token([Drum.SNARE])
    assert jumps[kick, both] == pytest.approx(jumps[kick, HOLD])
    assert jumps[kick, both] > 100 * jumps[kick, snare] > 0.0


def test_what_makes_no_process_is_refused() -> None:
    with pytest.raises(ValueError, match="rise from 0"):
        Corruption(uniform(3), np.asarray([0.0, 1.0, 0.5]))
    with pytest.raises(ValueError, match="rise from 0"):
        Corruption(uniform(3), np.asarray([0.1, 1.0]))
    with pytest.raises(ValueError, match="symmetric"):
        Diffusing.among(np.asarray([[0.0, 1.0], [0.5, 0.0]]))
    with pytest.raises(ValueError, match="absorbing, uniform, gaussian, embedding"):
        corruption_of("salty", Track.BASS)
    with pytest.raises(ValueError, match=r"1\.\.64"):
        corruption_of("uniform", Track.BASS, 64).step(65)


def test_every_corruption_has_the_events_of_its_track() -> None:
    for name in KERNELS:
        for track in TRIO:
            kernel = corruption_of(name, track).kernel
            assert kernel.events == SIZES[track]
            assert kernel.states == SIZES[track] + (name == "absorbing")


def test_rows_are_drawn_in_proportion() -> None:
    weights = np.tile(np.asarray([0.0, 2.0, 0.0, 6.0]), (40_000, 1))
    counts = np.bincount(draw_rows(weights, _rng()), minlength=4)
    assert counts[0] == counts[2] == 0
    assert abs(counts[1] / 40_000 - 0.25) < 0.015


def _jumps(kernel: Kernel) -> Floats:
    """The rates of single jumps [states, states]."""
    every = np.arange(kernel.states)
    return kernel.rows(every, np.full(kernel.states, 1e-6)) / 1e-6


def _rng() -> np.random.Generator:
    return np.random.default_rng(21)
