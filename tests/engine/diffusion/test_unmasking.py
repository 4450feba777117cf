import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.unmasking import (
    TokenSampler,
    ancestral_order,
    balanced_order,
    draw,
    masked_cells,
    random_order,
    tidy,
    unmask,
    unmasking,
)
from schmubert.engine.music.score import Mask, Tokens, canonical, notes
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, SIZES, TRIO, Track
from tests.engine.diffusion.small_songs import Chance

CHI_SQUARE_LIMIT = 6.0  # standard deviations of the chi-square: one false alarm in 10^8


def cells(most_batch: int = 2, most_steps: int = 32) -> st.SearchStrategy[Mask]:
    shapes = st.tuples(
        st.integers(1, most_batch),
        st.integers(1, most_steps // 4).map(lambda beats: 4 * beats),
        st.just(len(TRIO)),
    )
    return shapes.flatmap(lambda shape: hnp.arrays(np.bool_, shape))


def music(targets: Mask, rng: np.random.Generator) -> Tokens:
    """Random events, masked where `targets`."""
    events = rng.integers(np.asarray(SIZES), size=targets.shape)
    return np.where(targets, np.asarray(MASK), events)


def deviations(counts: NDArray[np.int64], expected: NDArray[np.float64]) -> float:
    """The chi-square of `counts` against `expected`, in its standard deviations over its mean."""
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    freedom = len(counts) - 1
    return (chi_square - freedom) / math.sqrt(2 * freedom)


@given(
    cells(),
    st.integers(1, 20),
    st.integers(0, 2**32),
    st.sampled_from([ancestral_order, balanced_order, random_order]),
)
def test_every_masked_cell_is_filled_and_no_other_changes(
    targets: Mask,
    calls: int,
    seed: int,
    make: Callable[[Mask, int, np.random.Generator], NDArray[np.int64]],
) -> None:
    rng = np.random.default_rng(seed)
    tokens = music(targets, rng)
    denoiser = Chance()
    filled = unmask(denoiser, tokens, make(targets, calls, rng), rng)
    assert not masked_cells(filled).any()
    np.testing.assert_array_equal(filled[~targets], tokens[~targets])
    np.testing.assert_array_equal(masked_cells(tokens), targets)
    assert len(denoiser.shown) <= calls


@given(cells(), st.integers(1, 12), st.integers(0, 2**32))
def test_only_what_is_ordered_is_filled_and_a_filled_cell_stays(
    targets: Mask, calls: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    tokens = music(np.ones_like(targets), rng)
    order = balanced_order(targets, calls, rng)
    denoiser = Chance()
    filled = unmask(denoiser, tokens, order, rng)
    np.testing.assert_array_equal(masked_cells(filled), ~targets)
    for call, seen in enumerate(denoiser.shown):
        known = targets & (order < call)
        np.testing.assert_array_equal(masked_cells(seen), ~known)
        np.testing.assert_array_equal(seen[known], filled[known])


@given(
    cells(),
    st.integers(1, 40),
    st.integers(0, 2**32),
    st.sampled_from([balanced_order, random_order]),
)
def test_a_balanced_or_random_order_gives_every_call_its_even_share(
    targets: Mask,
    calls: int,
    seed: int,
    make: Callable[[Mask, int, np.random.Generator], NDArray[np.int64]],
) -> None:
    order = make(targets, calls, np.random.default_rng(seed))
    np.testing.assert_array_equal(order >= 0, targets)
    for grid, its_cells in zip(order, targets, strict=True):
        count = int(its_cells.sum())
        shares = np.bincount(grid[its_cells], minlength=min(calls, count))
        assert len(shares) == min(calls, count)
        if count:
            assert shares.max() - shares.min() <= 1


@given(st.integers(2, 64), st.integers(4, 32), st.integers(0, 2**32))
def test_a_balanced_order_never_takes_the_tracks_of_a_step_together(
    beats: int, calls: int, seed: int
) -> None:
    targets = np.ones((1, 4 * beats, 3), bool)
    order = balanced_order(targets, calls, np.random.default_rng(seed))[0]
    assert (np.diff(np.sort(order, axis=1), axis=1) > 0).all()


@given(st.integers(4, 16), st.integers(0, 2**32))
def test_the_cells_of_a_balanced_call_lie_apart(calls: int, seed: int) -> None:
    targets = np.zeros((1, 256, 3), bool)
    targets[:, :, Track.BASS] = True
    order = balanced_order(targets, calls, np.random.default_rng(seed))[0, :, Track.BASS]
    for call in range(calls):
        steps = np.flatnonzero(order == call)
        gaps = np.diff(steps)
        assert gaps.max() <= 3 * calls  # a random order leaves holes of some 5 times the mean
        assert steps[0] <= 3 * calls


def test_an_ancestral_order_is_algorithm_4() -> None:
    """A cell's step is uniform and independent of the others', steps without cells left out."""
    rng = np.random.default_rng(4)
    steps_t, runs = 6, 20_000
    targets = np.ones((1, 1, 2), bool)
    same = together = 0
    for _ in range(runs):
        first, second = ancestral_order(targets, steps_t, rng)[0, 0]
        same += int(first == second)
        together += int(first < second)
    counts = np.asarray([same, together, runs - same - together])
    expected = runs * np.asarray([1 / 6, 5 / 12, 5 / 12])
    assert deviations(counts, expected) < CHI_SQUARE_LIMIT


def test_the_calls_of_an_ancestral_order_are_those_the_theory_counts() -> None:
    rng = np.random.default_rng(5)
    steps_t = cell_count = 128
    targets = np.ones((1, cell_count, 1), bool)
    calls = [int(ancestral_order(targets, steps_t, rng).max()) + 1 for _ in range(500)]
    expected = steps_t * (1 - (1 - 1 / steps_t) ** cell_count)
    assert abs(np.mean(calls) - expected) < 1.0


@given(cells(), st.integers(1, 64), st.integers(0, 2**32))
def test_no_call_of_an_ancestral_order_is_idle(targets: Mask, steps_t: int, seed: int) -> None:
    order = ancestral_order(targets, steps_t, np.random.default_rng(seed))
    np.testing.assert_array_equal(order >= 0, targets)
    used = np.unique(order[targets])
    np.testing.assert_array_equal(used, np.arange(len(used)))


def test_draw_follows_the_distribution() -> None:
    rng = np.random.default_rng(6)
    rows = 200_000
    logits = np.asarray([0.0, 1.0, 2.5, -1.0, 0.5, -4.0], np.float32)
    drawn = draw(np.tile(logits, (rows, 1)), rng)
    weights = np.exp(logits.astype(np.float64))
    expected = rows * weights / weights.sum()
    assert deviations(np.bincount(drawn, minlength=6), expected) < CHI_SQUARE_LIMIT


def test_draw_reaches_the_rare_events_of_a_large_vocabulary() -> None:
    # where Gumbel noise in float32 would cut the tail off
    rng = np.random.default_rng(7)
    rows = 40_000
    logits = np.zeros((rows, 512), np.float32)
    logits[:, 1:] = -11.0
    rare = int((draw(logits, rng) > 0).sum())
    expected = rows * 511 * np.exp(-11.0) / (1 + 511 * np.exp(-11.0))
    assert abs(rare - expected) < 6 * math.sqrt(expected)


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 5), st.integers(1, 9)),
        elements=st.floats(-1e4, 1e4, width=32),
    )
)
def test_draw_stays_in_the_vocabulary(logits: NDArray[np.float32]) -> None:
    drawn = draw(logits, np.random.default_rng(8))
    assert drawn.shape == (len(logits),)
    assert ((drawn >= 0) & (drawn < logits.shape[1])).all()


def test_draw_never_takes_what_is_excluded() -> None:
    logits = np.zeros((10_000, 8), np.float32)
    logits[:, [0, 3, 7]] = -np.inf
    assert set(draw(logits, np.random.default_rng(9)).tolist()) == {1, 2, 4, 5, 6}


def test_a_token_sampler_draws_targets_alone_and_each_piece_as_if_it_were_alone() -> None:
    rng = np.random.default_rng(10)
    targets = rng.random((2, 32, 3)) < 0.3
    tokens = music(np.zeros_like(targets), rng)
    # the first piece is full of notes, the second nearly empty
    density = np.asarray([3.0, -3.0])[:, None, None]
    logits = [rng.normal(size=(2, 32, SIZES[track])).astype(np.float32) for track in TRIO]
    for of_track in logits:
        of_track[..., 2:] += density
    both = TokenSampler(np.random.default_rng(11), 0.3).draw(tokens, targets, logits)
    np.testing.assert_array_equal(both[~targets], tokens[~targets])
    bass = targets & (np.arange(3) == Track.BASS)
    bass[1] = False
    beside = TokenSampler(np.random.default_rng(12), 0.3).draw(tokens, bass, logits)
    alone = TokenSampler(np.random.default_rng(12), 0.3).draw(
        tokens[:1], bass[:1], [a[:1] for a in logits]
    )
    np.testing.assert_array_equal(beside[:1], alone)


def test_a_token_sampler_draws_each_column_as_the_track_that_it_is() -> None:
    rng = np.random.default_rng(13)
    targets = rng.random((2, 32, 3)) < 0.3
    targets[..., Track.MELODY] = False
    tokens = music(targets, rng)
    logits = [rng.normal(size=(2, 32, SIZES[track])).astype(np.float32) for track in TRIO]
    trio = TokenSampler(np.random.default_rng(14), 0.3).draw(tokens, targets, logits)
    band = (Track.BASS, Track.DRUMS)
    columns = list(band)
    duo = TokenSampler(np.random.default_rng(14), 0.3, tracks=band).draw(
        tokens[..., columns], targets[..., columns], [logits[track] for track in band]
    )
    np.testing.assert_array_equal(duo, trio[..., columns])


def test_a_guide_and_a_temperature_meet() -> None:
    """What a guide excludes stays excluded, whatever the temperature."""
    targets = np.ones((1, 16, 3), bool)
    rng = np.random.default_rng(15)

    def no_offs(_: Tokens, logits: Logits) -> Logits:
        return [np.where(np.arange(a.shape[-1]) == OFF, -np.inf, a) for a in logits]

    for temperature in (0.1, 0.7, 3.0):
        order = balanced_order(targets, 4, rng)
        filled = unmask(Chance(), music(targets, rng), order, rng, temperature, no_offs)
        assert (filled != OFF).all()


def test_a_seed_makes_the_same_music_again() -> None:
    targets = np.ones((1, 32, 3), bool)

    def once(seed: int) -> Tokens:
        rng = np.random.default_rng(seed)
        order = balanced_order(targets, 8, rng)
        return unmask(Chance(), music(targets, rng), order, rng)

    np.testing.assert_array_equal(once(12), once(12))
    assert (once(12) != once(13)).any()


def test_a_guide_bends_what_is_drawn() -> None:
    targets = np.ones((1, 16, 3), bool)
    rng = np.random.default_rng(14)

    def only_holds(_: Tokens, logits: Logits) -> Logits:
        return [np.where(np.arange(a.shape[-1]) == HOLD, a, -np.inf) for a in logits]

    order = balanced_order(targets, 4, rng)
    filled = unmask(Chance(), music(targets, rng), order, rng, guide=only_holds)
    assert (filled == HOLD).all()


def test_without_cells_nothing_is_asked() -> None:
    tokens = np.zeros((1, 16, 3), np.int64)
    order = balanced_order(np.zeros_like(tokens, bool), 4, np.random.default_rng(0))
    denoiser = Chance()
    np.testing.assert_array_equal(unmask(denoiser, tokens, order, np.random.default_rng(0)), tokens)
    assert not denoiser.shown
    with pytest.raises(StopIteration):
        next(unmasking(tokens, order, TokenSampler(np.random.default_rng(0))))


@given(cells(), st.integers(0, 2**32))
def test_tidying_touches_idle_offs_in_the_cells_alone(may_change: Mask, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tokens = rng.choice([HOLD, OFF, OFF, 30, 90], size=may_change.shape)
    tidied = tidy(tokens, may_change)
    changed = tidied != tokens
    assert not (changed & ~may_change).any()
    assert (tokens[changed] == OFF).all()
    assert (tidied[changed] == HOLD).all()
    for before, after, its_cells in zip(tokens, tidied, may_change, strict=True):
        whole = canonical(before)
        for track in PITCHED:
            assert notes(after, track) == notes(before, track)
            mine = its_cells[:, track]
            np.testing.assert_array_equal(after[mine, track], whole[mine, track])


@given(cells(), st.integers(0, 2**32))
def test_tidying_everything_is_making_canonical(shaped: Mask, seed: int) -> None:
    tokens = np.random.default_rng(seed).choice([HOLD, OFF, OFF, 30, 90], size=shaped.shape)
    expected = np.stack([canonical(grid) for grid in tokens])
    np.testing.assert_array_equal(tidy(tokens), expected)


def test_a_single_track_is_tidied_as_what_it_is() -> None:
    line = np.asarray([OFF, 30, OFF, OFF])[None, :, None]
    assert tidy(line, tracks=(Track.BASS,))[0, :, 0].tolist() == [HOLD, 30, OFF, HOLD]
    np.testing.assert_array_equal(tidy(line, tracks=(Track.DRUMS,)), line)
