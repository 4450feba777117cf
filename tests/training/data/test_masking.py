import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.vocabulary import Track
from schmubert.training.data.masking import (
    EXCERPT_MIX,
    PATTERNS,
    Shape,
    hidden_future,
    mixed,
    uniform,
)

shapes = st.tuples(
    st.integers(1, 9), st.integers(1, 8).map(lambda bars: 16 * bars), st.sampled_from([1, 3])
)


@pytest.mark.parametrize("name", PATTERNS)
@given(shape=shapes, seed=st.integers(0, 2**32))
def test_a_pattern_draws_a_mask_of_the_shape_asked_for(name: str, shape: Shape, seed: int) -> None:
    mask = PATTERNS[name](shape, np.random.default_rng(seed))
    assert mask.shape == shape
    assert mask.dtype == bool


@given(shape=shapes, seed=st.integers(0, 2**32))
def test_the_same_seed_draws_the_same_masks(shape: Shape, seed: int) -> None:
    first, second = (mixed(shape, EXCERPT_MIX, np.random.default_rng(seed)) for _ in range(2))
    assert (first == second).all()


def test_uniform_masks_a_share_that_is_uniform_over_pieces() -> None:
    mask = uniform((4000, 64, 3), np.random.default_rng(1))
    shares = np.sort(mask.mean(axis=(1, 2)))
    expected = (np.arange(len(shares)) + 0.5) / len(shares)
    assert np.abs(shares - expected).max() < 0.03


def test_whole_tracks_are_often_given_or_gone_and_something_is_always_wanted() -> None:
    mask = PATTERNS["whole-tracks"]((4000, 64, 3), np.random.default_rng(2))
    share = mask.mean(axis=1)
    assert 0.2 < (share == 0).mean() < 0.35
    assert 0.25 < (share == 1).mean() < 0.4
    assert (share.max(axis=1) == 0).mean() < 0.005  # a tiny ratio may mask no cell
    melody_given = (share[:, 0] == 0) & (share[:, 1:] == 1).all(axis=1)
    assert melody_given.mean() > 0.02


def test_track_subsets_mask_one_two_or_three_tracks_alike_and_leave_the_others_whole() -> None:
    """The altered schedule at the end of thesis 5.2.3."""
    mask = PATTERNS["track-subsets"]((6000, 256, 3), np.random.default_rng(7))
    share = mask.mean(axis=1)
    seen = share[share.max(axis=1) > 0.05]  # a small t masks nothing, and tells no subset
    subsets = np.bincount((seen > 0) @ [1, 2, 4], minlength=8) / len(seen)
    assert subsets[0] == 0
    np.testing.assert_allclose(subsets[[1, 2, 4, 3, 5, 6]], 1 / 9, atol=0.015)
    assert abs(subsets[7] - 1 / 3) < 0.025
    # the tracks of a subset are masked with one probability, which is uniform over pieces
    for one, other in ((0, 1), (1, 2)):
        both = (share[:, one] > 0) & (share[:, other] > 0)
        assert np.abs(share[both, one] - share[both, other]).max() < 0.2
    alone = np.sort(share[(share[:, 0] > 0) & (share[:, 1:] == 0).all(axis=1), 0])
    assert np.abs(alone - (np.arange(len(alone)) + 0.5) / len(alone)).max() < 0.07
    # what never happens under uniform masks: a track gone while another is given whole
    accompaniment = (share[:, 0] == 0) & (share[:, 1:] > 0.95).all(axis=1)
    assert accompaniment.any()


def test_the_one_track_of_a_melody_is_masked_uniformly_by_track_subsets() -> None:
    mask = PATTERNS["track-subsets"]((2000, 64, 1), np.random.default_rng(8))
    assert abs(mask.mean() - 0.5) < 0.02


def test_bar_spans_begin_and_end_on_bar_lines() -> None:
    mask = PATTERNS["bar-span"]((500, 128, 3), np.random.default_rng(3))
    bars = mask.any(axis=2).reshape(500, 8, 16).any(axis=2)
    runs = np.abs(np.diff(np.pad(bars, ((0, 0), (1, 1))).astype(int), axis=1)).sum(axis=1)
    assert (runs[bars.any(axis=1)] >= 2).all()
    fully = mask.all(axis=2).reshape(500, 8, 16).all(axis=2)
    assert fully.any(axis=1).mean() > 0.25


def test_a_suffix_leaves_what_came_before_it_untouched() -> None:
    mask = PATTERNS["suffix"]((500, 128, 3), np.random.default_rng(4))
    steps = mask.any(axis=2)
    first = np.where(steps.any(axis=1), steps.argmax(axis=1), 128)
    for row, start in zip(mask, first, strict=True):
        assert not row[:start].any()


def test_on_stage_a_heard_melody_is_hidden_from_now_on_and_never_before() -> None:
    mask = hidden_future((2000, 128, 3), np.random.default_rng(5))
    melody = mask[:, :, Track.MELODY]
    usual = ~(np.diff(melody.astype(int), axis=1) < 0).any(axis=1)  # once hidden, always hidden
    assert usual.mean() > 0.75
    unplayed = mask.all(axis=1)[:, 1:].mean()
    assert 0.1 < unplayed < 0.5


def test_the_mix_deals_the_patterns_by_their_shares() -> None:
    mask = mixed((1000, 32, 3), {"suffix": 0.0, "uniform": 1.0}, np.random.default_rng(6))
    shares = mask.mean(axis=(1, 2))
    assert abs(shares.mean() - 0.5) < 0.03
