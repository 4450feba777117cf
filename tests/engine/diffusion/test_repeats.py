"""Forms are promises: a bar that is played again is the same, and a new one is not."""

from functools import partial

import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.layout import laid_out
from schmubert.engine.diffusion.planning import kept, plan_run
from schmubert.engine.diffusion.repeats import FIRST_AGAIN, sources, with_forms
from schmubert.engine.diffusion.samplers import SAMPLERS, refine
from schmubert.engine.diffusion.unmasking import TokenSampler, run_sampler
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.plans import form_columns, with_unknown_plans
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND,
    BAND_MASK,
    BAND_SIZES,
    FIRST_ONSET,
    FORMS,
    HOLD,
    MASK,
    NEW,
    OFF,
    RESTS,
    TRIO,
    Track,
    onset_token,
)
from schmubert.engine.recipe import Recipe

PLANS = BAND[len(TRIO) :]
DRUMS, FORM = BAND.index(Track.DRUMS), BAND.index(Track.DRUMS_FORM)
WALTZ = Meter(3)


def even(tokens: Tokens) -> Logits:
    return [np.zeros((*tokens.shape[:2], size), np.float32) for size in BAND_SIZES]


def dull(tokens: Tokens, nats: float = 12.0) -> Logits:
    """Nearly sure that nothing begins, in any cell."""
    logits = even(tokens)
    for of_column in logits:
        of_column[..., 0] = nats
    return logits


def window(bars: int, forms: dict[int, int], meter: Meter = COMMON, batch: int = 1) -> Tokens:
    """Drums that nobody knows, with the forms of some bars said."""
    trio = np.zeros((batch, bars * meter.steps, 3), np.int64)
    trio[..., Track.DRUMS] = MASK[Track.DRUMS]
    tokens = with_unknown_plans(trio, TRIO, PLANS, meter)
    for bar, form in forms.items():
        tokens[:, bar * meter.steps, FORM] = form
    return tokens


def of_drums(tokens: Tokens) -> np.ndarray:
    targets = np.zeros(tokens.shape, bool)
    targets[..., DRUMS] = True
    return targets


@pytest.mark.parametrize("meter", [COMMON, WALTZ], ids=str)
def test_a_bar_that_is_played_again_has_the_cells_of_the_first(meter: Meter) -> None:
    tokens = window(4, {1: FIRST_AGAIN, 2: NEW, 3: FIRST_AGAIN + 1}, meter)
    found = sources(tokens, of_drums(tokens), BAND, meter)[0, :, DRUMS].reshape(4, -1)
    first = np.arange(meter.steps)
    np.testing.assert_array_equal(found, [first, first, first + 2 * meter.steps, first])


def test_what_nobody_knows_is_not_played_again() -> None:
    tokens = window(2, {1: FIRST_AGAIN})
    targets = of_drums(tokens)
    targets[:, : COMMON.steps] = False
    found = sources(tokens, targets, BAND, COMMON)[0, :, DRUMS]
    np.testing.assert_array_equal(found, np.arange(2 * COMMON.steps))


def test_cells_that_are_known_stay_in_a_bar_that_is_played_again() -> None:
    tokens = window(2, {1: FIRST_AGAIN})
    targets = of_drums(tokens)
    targets[:, COMMON.steps : COMMON.steps + 4] = False
    found = sources(tokens, targets, BAND, COMMON)[0, COMMON.steps :, DRUMS]
    np.testing.assert_array_equal(found, [*range(16, 20), *range(4, 16)])


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_every_sampler_keeps_what_forms_promise(sampler: str) -> None:
    tokens = window(8, {})
    targets = np.zeros((1, tokens.shape[1], 3), bool)
    targets[..., Track.DRUMS] = True
    layout = laid_out(tokens[..., :3], targets, TRIO, PLANS, COMMON)
    rng = np.random.default_rng(3)
    token_sampler = TokenSampler(rng, tracks=BAND)
    planned = run_sampler(even, plan_run(layout, 8, token_sampler))
    drawn, keeping = kept(layout, planned, token_sampler)
    made = run_sampler(dull, SAMPLERS[sampler](planned, drawn, 8, keeping))
    again = run_sampler(dull, refine(made, drawn, 4, keeping))
    for played in (made, again):
        forms = form_columns(played[..., :3], COMMON)[0, :: COMMON.steps, Track.DRUMS]
        said = planned[0, :: COMMON.steps, FORM]
        promised = said >= NEW
        sounds = forms != RESTS
        np.testing.assert_array_equal(forms[promised & sounds], said[promised & sounds])
        assert sounds[said == NEW].all(), "what is new is heard"


def test_no_form_names_the_farther_of_two_bars_that_are_the_same() -> None:
    tokens = window(10, {0: NEW, 1: FIRST_AGAIN, 2: RESTS, 3: NEW}, batch=500)
    targets = np.zeros(tokens.shape, bool)
    targets[:, 4 * COMMON.steps :: COMMON.steps, FORM] = True
    sampler = TokenSampler(np.random.default_rng(0), tracks=BAND)
    tokens = with_forms(tokens, targets, np.arange(4, 10), even(tokens), sampler)
    forms = tokens[:, :: COMMON.steps, FORM]
    assert not (forms == BAND_MASK[Track.DRUMS_FORM]).any()
    assert set(forms[:, 4]) == {RESTS, NEW, 0, FIRST_AGAIN, FIRST_AGAIN + 2}  # -2 rests, -4 is -3
    one_back = forms[:, 5] == FIRST_AGAIN
    assert (forms[one_back, 6] != FIRST_AGAIN + AGAIN.index(2)).all()


def test_no_form_is_drawn_that_what_is_known_of_its_bar_contradicts() -> None:
    tokens = window(3, {0: NEW, 1: NEW}, batch=200)
    mask, step = BAND_MASK[Track.DRUMS], COMMON.steps
    tokens[:, : 2 * step, DRUMS] = 0
    tokens[:, (0, step + 4), DRUMS] = 1
    tokens[:, 2 * step :, DRUMS] = mask
    tokens[:, 2 * step, DRUMS] = 1  # as in the first bar, but not as in the second
    targets = np.zeros(tokens.shape, bool)
    targets[:, 2 * step, FORM] = True
    sampler = TokenSampler(np.random.default_rng(0), tracks=BAND)
    drawn = with_forms(tokens, targets, np.arange(2, 3), even(tokens), sampler)
    possible = {0, NEW, FIRST_AGAIN + AGAIN.index(2)}
    assert set(drawn[:, 2 * step, FORM].tolist()) == possible


def test_a_part_that_is_asked_for_plays_as_often_as_in_all_that_was_learned_from() -> None:
    tokens = window(10, {}, batch=20)
    targets = np.zeros(tokens.shape, bool)
    targets[:, :: COMMON.steps, FORM] = True
    resting = even(tokens)
    resting[BAND.index(Track.DRUMS_FORM)][..., RESTS] = 50.0

    def rests(tokens: Tokens, sounding: float) -> np.ndarray:
        sampler = TokenSampler(
            np.random.default_rng(0), tracks=BAND, recipe=Recipe(sounding=sounding)
        )
        drawn = with_forms(tokens, targets, np.arange(10), resting, sampler)
        return (drawn[:, :: COMMON.steps, FORM] == RESTS).sum(axis=1)

    assert (rests(tokens, 0.0) == 10).all()
    assert (rests(tokens, 0.5) == 5).all()
    assert (rests(tokens, 0.33) == 6).all()
    targets[:, : 8 * COMMON.steps] = False
    resting_long = window(10, dict.fromkeys(range(8), RESTS), batch=20)
    assert (rests(resting_long, 0.5) == 10).all(), "nobody asked for those bars"


def test_a_new_bar_through_which_a_note_is_held_is_left_as_it_is() -> None:
    bass, bar = BAND.index(Track.BASS), COMMON.steps
    trio = np.zeros((1, 3 * bar, 3), np.int64)
    trio[0, 0, Track.BASS] = onset_token(40)
    trio[0, bar:, Track.BASS] = MASK[Track.BASS]
    tokens = with_unknown_plans(trio, TRIO, PLANS, COMMON)
    tokens[0, ::bar, BAND.index(Track.BASS_FORM)] = [NEW, NEW, RESTS]
    targets = np.zeros(tokens.shape, bool)
    targets[0, bar : 2 * bar, bass] = True
    token_sampler = TokenSampler(np.random.default_rng(0), tracks=BAND)
    layout = laid_out(tokens[..., :3], targets[..., :3], TRIO, PLANS, COMMON)
    drawn, keeping = kept(layout._replace(notes=targets), tokens, token_sampler)

    def made(first: int) -> np.ndarray:
        known = tokens.copy()
        known[0, 0, bass] = first
        played = run_sampler(
            partial(dull, nats=50.0), SAMPLERS["balanced"](known, drawn, 4, keeping)
        )
        return played[0, bar : 2 * bar, bass]

    assert (made(onset_token(40)) == HOLD).all()
    assert (made(OFF) >= FIRST_ONSET).sum() == 1, "nothing was held, so a note begins"


def test_a_network_without_forms_promises_nothing() -> None:
    tokens = np.zeros((1, 32, 3), np.int64)
    targets = np.ones(tokens.shape, bool)
    layout = laid_out(tokens, targets, TRIO, (), COMMON)
    drawn, keeping = kept(layout, tokens, TokenSampler(np.random.default_rng(0)))
    np.testing.assert_array_equal(drawn, targets)
    np.testing.assert_array_equal(keeping.copied(tokens), tokens)
    assert FORMS[0] not in TRIO
