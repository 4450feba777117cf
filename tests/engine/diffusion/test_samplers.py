"""The laws of every sampler, and what sets `confidence` and `remasking` apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.recipe import SAMPLER
from schmubert.engine.diffusion.samplers import (
    FILL_POWER,
    REMAKING_CALLS,
    REMASKED,
    SAMPLERS,
    refine,
)
from schmubert.engine.diffusion.unmasking import masked_cells, run_sampler, tidy
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, SIZES, TRIO, Track

NAMES = st.sampled_from(sorted(SAMPLERS))


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
    wanted = draw(hnp.arrays(np.bool_, shape))
    unknown = draw(hnp.arrays(np.bool_, shape))
    events = np.random.default_rng(0).integers(np.asarray(SIZES), size=shape)
    return np.where(wanted | unknown, np.asarray(MASK), events), wanted


@given(tasks(), NAMES, st.integers(1, 20), st.integers(0, 2**32), st.sampled_from([0.5, 1.0]))
@settings(deadline=None, max_examples=40)
def test_laws_of_every_sampler(
    task: tuple[Tokens, Mask], name: str, calls: int, seed: int, temperature: float
) -> None:
    tokens, wanted = task
    given_tokens = tokens.copy()

    def once() -> tuple[Tokens, list[Tokens]]:
        dice = Dice()
        rng = np.random.default_rng(seed)
        return run_sampler(dice, SAMPLERS[name](tokens, wanted, calls, rng, temperature)), dice.seen

    filled, seen = once()
    # every cell wanted is filled and no other changes, the caller's tokens least of all
    np.testing.assert_array_equal(tokens, given_tokens)
    assert not masked_cells(filled)[wanted].any()
    np.testing.assert_array_equal(filled[~wanted], tokens[~wanted])
    # no other cell is touched on the way, and what is shown is masked in cells wanted alone
    for state in seen:
        np.testing.assert_array_equal(state[~wanted], tokens[~wanted])
    assert len(seen) <= calls
    assert bool(seen) == bool(wanted.any())
    # the same seed gives the same result
    again, _ = once()
    np.testing.assert_array_equal(filled, again)


@given(tasks(), NAMES)
@settings(deadline=None, max_examples=30)
def test_one_call_draws_everything_at_once(task: tuple[Tokens, Mask], name: str) -> None:
    tokens, wanted = task
    dice = Dice()
    run_sampler(dice, SAMPLERS[name](tokens, wanted, 1, np.random.default_rng(0)))
    assert len(dice.seen) == int(wanted.any())
    for state in dice.seen:
        np.testing.assert_array_equal(state, tokens)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_guide_is_asked_before_every_draw(name: str) -> None:
    def only_holds(_: Tokens, logits: Logits) -> Logits:
        return [np.where(np.arange(a.shape[-1]) == HOLD, a, -np.inf) for a in logits]

    tokens = np.tile(np.asarray(MASK), (1, 16, 1))
    run = SAMPLERS[name](
        tokens, np.ones_like(tokens, bool), 6, np.random.default_rng(0), 0.7, only_holds
    )
    assert (run_sampler(Dice(), run) == HOLD).all()


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_model_of_two_tracks_is_sampled_too(name: str) -> None:
    tracks = (Track.BASS, Track.DRUMS)
    tokens = np.tile([MASK[track] for track in tracks], (1, 16, 1))
    rng = np.random.default_rng(0)
    every = np.ones_like(tokens, bool)
    run = SAMPLERS[name](tokens, every, 8, rng, 0.7, tracks=tracks)
    filled = run_sampler(Dice(tracks), run)
    assert (filled < np.asarray([MASK[track] for track in tracks])).all()


def test_the_default_is_one_of_them() -> None:
    assert SAMPLER in SAMPLERS


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
    sampler = SAMPLERS["confidence"]
    run_sampler(sure, sampler(tokens, np.ones_like(tokens, bool), 12, np.random.default_rng(0)))
    second, fifth = masked_cells(sure.seen[1][0]), masked_cells(sure.seen[4][0])
    assert (~second).sum() == 4
    assert not second[4:8, Track.BASS].any()
    assert (~fifth).sum() == 16
    assert not fifth[:, Track.BASS].any()


def shares(seen: list[Tokens], wanted: Mask) -> list[float]:
    return [float(masked_cells(state)[wanted].mean()) for state in seen]


def everything(steps: int = 80) -> tuple[Tokens, Mask]:
    tokens = np.tile(np.asarray(MASK), (1, steps, 1))
    return tokens, np.ones_like(tokens, bool)


def test_remasking_fills_ever_faster_and_then_remakes_ever_less() -> None:
    tokens, wanted = everything()
    dice = Dice()
    run_sampler(dice, SAMPLERS["remasking"](tokens, wanted, 16, np.random.default_rng(0)))
    fill = 16 - REMAKING_CALLS
    filling = [1 - (call / fill) ** FILL_POWER for call in range(fill)]
    expected = [*filling, *np.linspace(*REMASKED, REMAKING_CALLS)]
    assert np.all(np.diff(np.diff(filling)) < 0)
    assert np.all(np.diff(expected[fill:]) < 0)
    np.testing.assert_allclose(shares(dice.seen, wanted), expected, atol=0.01)


@given(tasks(), st.integers(1, 6), st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_remaking_changes_only_what_it_masked_and_ends_complete(
    task: tuple[Tokens, Mask], calls: int, seed: int
) -> None:
    tokens, wanted = task
    complete = np.where(wanted, 5, tokens)
    dice = Dice()
    made = run_sampler(dice, refine(complete, wanted, calls, np.random.default_rng(seed)))
    np.testing.assert_array_equal(made[~wanted], tokens[~wanted])
    assert not masked_cells(made)[wanted].any()
    assert len(dice.seen) == (calls if wanted.any() else 0)
    for earlier, later in zip([complete, *dice.seen], [*dice.seen, made], strict=False):
        untouched = ~masked_cells(earlier) & ~masked_cells(later)
        # a note-off that came to end nothing is no longer there
        untouched[..., PITCHED] &= (earlier[..., PITCHED] != OFF) | (later[..., PITCHED] != HOLD)
        np.testing.assert_array_equal(earlier[untouched], later[untouched])
    for state in dice.seen:
        np.testing.assert_array_equal(state, tidy(state, wanted))


def test_one_remaking_call_draws_three_tenths_anew() -> None:
    _, wanted = everything()
    dice = Dice()
    run_sampler(
        dice, refine(np.full_like(wanted, 5, np.int64), wanted, 1, np.random.default_rng(0))
    )
    np.testing.assert_allclose(shares(dice.seen, wanted), [0.3], atol=0.01)


def test_a_remaking_call_leaves_neighbours_of_what_it_masks() -> None:
    """A tenth of a track: never two steps in a row, and no hole of much more than ten."""
    _, wanted = everything()
    wanted[..., [Track.MELODY, Track.DRUMS]] = False
    dice = Dice()
    complete = np.full_like(wanted, 5, np.int64)
    run_sampler(dice, refine(complete, wanted, 2, np.random.default_rng(0)))
    steps = np.flatnonzero(masked_cells(dice.seen[-1][0])[:, Track.BASS])
    assert len(steps) == 8
    assert np.diff(steps).min() >= 4
    assert np.diff(steps).max() <= 25
