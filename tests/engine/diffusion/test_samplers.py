"""The laws of every sampler, and what sets `confidence` and `remdm` apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.defaults import SAMPLER
from schmubert.engine.diffusion.samplers import (
    FORMER_NAMES,
    SAMPLERS,
    refine,
    sampler_name,
)
from schmubert.engine.diffusion.unmasking import TokenSampler, masked_cells, run_sampler, tidy
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, SIZES, TRIO, Track
from schmubert.engine.recipe import RECIPE

NAMES = st.sampled_from(sorted(SAMPLERS))


def seeded() -> TokenSampler:
    return TokenSampler(np.random.default_rng(0))


class Dice:
    """A denoiser that knows nothing much, and keeps what it was shown."""

    def __init__(self, tracks: tuple[Track, ...] = TRIO) -> None:
        self.tracks = tracks
        self.seen: list[Tokens] = []

    def __call__(self, tokens: Tokens) -> Logits:
        self.seen.append(tokens.copy())
        step = np.arange(tokens.shape[1])
        logits = []
        for track in self.tracks:
            of_track = np.zeros((*tokens.shape[:2], SIZES[track]), np.float32)
            of_track[..., HOLD] = (3.0 + np.sin(step))[None]
            if track in PITCHED:
                of_track[..., OFF] = 3.0
            logits.append(of_track)
        return logits


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Tokens, Mask]:
    """Music of which some cells are to be filled and others are unknown."""
    shape = (draw(st.integers(1, 2)), 4 * draw(st.integers(1, 8)), 3)
    targets = draw(hnp.arrays(np.bool_, shape))
    unknown = draw(hnp.arrays(np.bool_, shape))
    events = np.random.default_rng(0).integers(np.asarray(SIZES), size=shape)
    return np.where(targets | unknown, np.asarray(MASK), events), targets


@given(tasks(), NAMES, st.integers(1, 20), st.integers(0, 2**32), st.sampled_from([0.5, 1.0]))
@settings(deadline=None, max_examples=40)
def test_laws_of_every_sampler(
    task: tuple[Tokens, Mask], name: str, calls: int, seed: int, temperature: float
) -> None:
    tokens, targets = task
    given_tokens = tokens.copy()

    def once() -> tuple[Tokens, list[Tokens]]:
        dice = Dice()
        sampler = TokenSampler(np.random.default_rng(seed), temperature)
        return run_sampler(dice, SAMPLERS[name](tokens, targets, calls, sampler)), dice.seen

    filled, seen = once()
    # every cell targets is filled and no other changes, the caller's tokens least of all
    np.testing.assert_array_equal(tokens, given_tokens)
    assert not masked_cells(filled)[targets].any()
    np.testing.assert_array_equal(filled[~targets], tokens[~targets])
    # no other cell is touched on the way, and what is shown is masked in cells targets alone
    for state in seen:
        np.testing.assert_array_equal(state[~targets], tokens[~targets])
    assert len(seen) <= calls
    assert bool(seen) == bool(targets.any())
    # the same seed gives the same result
    again, _ = once()
    np.testing.assert_array_equal(filled, again)


@given(tasks(), NAMES)
@settings(deadline=None, max_examples=30)
def test_one_call_draws_everything_at_once(task: tuple[Tokens, Mask], name: str) -> None:
    tokens, targets = task
    dice = Dice()
    run_sampler(dice, SAMPLERS[name](tokens, targets, 1, seeded()))
    assert len(dice.seen) == int(targets.any())
    for state in dice.seen:
        np.testing.assert_array_equal(state, tokens)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_guide_is_asked_before_every_draw(name: str) -> None:
    def only_holds(_: Tokens, logits: Logits) -> Logits:
        return [np.where(np.arange(a.shape[-1]) == HOLD, a, -np.inf) for a in logits]

    tokens = np.tile(np.asarray(MASK), (1, 16, 1))
    sampler = TokenSampler(np.random.default_rng(0), 0.7, only_holds)
    run = SAMPLERS[name](tokens, np.ones_like(tokens, bool), 6, sampler)
    assert (run_sampler(Dice(), run) == HOLD).all()


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_model_of_two_tracks_is_sampled_too(name: str) -> None:
    tracks = (Track.BASS, Track.DRUMS)
    tokens = np.tile([MASK[track] for track in tracks], (1, 16, 1))
    sampler = TokenSampler(np.random.default_rng(0), 0.7, tracks=tracks)
    run = SAMPLERS[name](tokens, np.ones_like(tokens, bool), 8, sampler)
    filled = run_sampler(Dice(tracks), run)
    assert (filled < np.asarray([MASK[track] for track in tracks])).all()


def test_the_default_is_one_of_them() -> None:
    assert SAMPLER in SAMPLERS


def test_a_sampler_is_known_by_the_names_that_it_had() -> None:
    assert sampler_name("remasking") == "remdm"
    for former, name in FORMER_NAMES.items():
        assert sampler_name(former) == sampler_name(name) == name
        assert former not in SAMPLERS
    with pytest.raises(ValueError, match="sampler 'best' is none of ancestral"):
        sampler_name("best")


def test_confidence_draws_the_most_certain_first() -> None:
    class Sure(Dice):
        """Sure of the bass' second beat, nearly so of the rest of it, and of no other."""

        def __call__(self, tokens: Tokens) -> Logits:
            logits = super().__call__(tokens)
            logits[Track.BASS][:, :, 30] = 20.0
            logits[Track.BASS][:, 4:8, 30] = 50.0
            return logits

    tokens = np.tile(np.asarray(MASK), (1, 16, 1))
    sure = Sure()
    every = np.ones_like(tokens, bool)
    run_sampler(sure, SAMPLERS["confidence"](tokens, every, 12, seeded()))
    second, fifth = masked_cells(sure.seen[1][0]), masked_cells(sure.seen[4][0])
    assert (~second).sum() == 4
    assert not second[4:8, Track.BASS].any()
    assert (~fifth).sum() == 16
    assert not fifth[:, Track.BASS].any()


def shares(seen: list[Tokens], targets: Mask) -> list[float]:
    return [float(masked_cells(state)[targets].mean()) for state in seen]


def everything(steps: int = 80) -> tuple[Tokens, Mask]:
    tokens = np.tile(np.asarray(MASK), (1, steps, 1))
    return tokens, np.ones_like(tokens, bool)


def test_remdm_fills_evenly_and_then_refines() -> None:
    tokens, targets = everything()
    dice = Dice()
    run_sampler(dice, SAMPLERS["remdm"](tokens, targets, 16, seeded()))
    fill = 6
    filling = [1 - call / fill for call in range(fill)]
    expected = [*filling, *[RECIPE.remasked] * 10]
    np.testing.assert_allclose(shares(dice.seen, targets), expected, atol=0.01)


@given(tasks(), st.integers(1, 6), st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_refining_changes_only_what_it_masked_and_ends_complete(
    task: tuple[Tokens, Mask], calls: int, seed: int
) -> None:
    tokens, targets = task
    complete = np.where(targets, 5, tokens)
    dice = Dice()
    sampler = TokenSampler(np.random.default_rng(seed))
    made = run_sampler(dice, refine(complete, targets, calls, sampler))
    np.testing.assert_array_equal(made[~targets], tokens[~targets])
    assert not masked_cells(made)[targets].any()
    assert len(dice.seen) == (calls if targets.any() else 0)
    for earlier, later in zip([complete, *dice.seen], [*dice.seen, made], strict=False):
        untouched = ~masked_cells(earlier) & ~masked_cells(later)
        # a note-off that came to end nothing is no longer there
        untouched[..., PITCHED] &= (earlier[..., PITCHED] != OFF) | (later[..., PITCHED] != HOLD)
        np.testing.assert_array_equal(earlier[untouched], later[untouched])
    for state in dice.seen:
        np.testing.assert_array_equal(state, tidy(state, targets))


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_every_call_that_refines_masks_its_share(calls: int) -> None:
    _, targets = everything()
    dice = Dice()
    run_sampler(dice, refine(np.full_like(targets, 5, np.int64), targets, calls, seeded()))
    np.testing.assert_allclose(shares(dice.seen, targets), [RECIPE.remasked] * calls, atol=0.01)


def test_a_refining_call_leaves_neighbours_of_what_it_masks() -> None:
    """Of one track: never two steps in a row, and no hole of much more than the mean."""
    _, targets = everything()
    targets[..., [Track.MELODY, Track.DRUMS]] = False
    dice = Dice()
    complete = np.full_like(targets, 5, np.int64)
    run_sampler(dice, refine(complete, targets, 2, seeded()))
    steps = np.flatnonzero(masked_cells(dice.seen[-1][0])[:, Track.BASS])
    assert len(steps) == round(80 * RECIPE.remasked)
    assert np.diff(steps).min() >= 0.4 / RECIPE.remasked
    assert np.diff(steps).max() <= 2.5 / RECIPE.remasked
