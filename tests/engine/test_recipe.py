"""How a model is sampled where nobody says: the values, what follows from them, and junk."""

import json
from typing import Any

import numpy as np
import pytest

from schmubert.engine.denoiser import Logits, recipe_of
from schmubert.engine.diffusion.compose import generate
from schmubert.engine.diffusion.layout import laid_out
from schmubert.engine.diffusion.planning import plan_calls
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import masked_cells
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, MASK, SIZES, TRIO, Track
from schmubert.engine.recipe import RANGES, RECIPE, Recipe

OTHER = Recipe(calls=6, remasked=0.5, refining=1, harmony=3.0, temperature=0.8)


class Told:
    """A denoiser with a recipe, which keeps what it is shown."""

    tracks = TRIO

    def __init__(self, recipe: Recipe | None = None) -> None:
        self.seen: list[Tokens] = []
        if recipe is not None:
            self.recipe = recipe

    def __call__(self, tokens: Tokens) -> Logits:
        self.seen.append(tokens.copy())
        rng = np.random.default_rng(len(self.seen))
        return [
            rng.normal(size=(*tokens.shape[:2], SIZES[track])).astype(np.float32)
            for track in self.tracks
        ]


def masked(recipe: Recipe | None, sampling: Sampling | None = None) -> list[float]:
    """The share that is masked in each call for a piece of four bars."""
    denoise = Told(recipe)
    generate(denoise, 4, np.random.default_rng(0), sampling=sampling or Sampling())
    return [float(masked_cells(state).mean()) for state in denoise.seen]


def test_calls_on_stage_and_of_plans_follow_from_the_share_that_a_call_draws() -> None:
    assert (RECIPE.first_calls, RECIPE.most_calls) == (4, 8)
    assert (OTHER.first_calls, OTHER.most_calls) == (2, 2)
    assert [Recipe(remasked=share).first_calls for share in (1.0, 0.33, 0.05)] == [1, 3, 20]
    assert [RECIPE.planning(calls) for calls in (1, 4, 5, 16)] == [1, 1, 2, 4]
    assert [OTHER.planning(calls) for calls in (1, 2, 3, 16)] == [1, 1, 2, 8]


def test_drafts_double_their_calls_up_to_the_most() -> None:
    assert RECIPE.more_calls(4, 8) == 8
    assert RECIPE.more_calls(4, 7) == 7
    assert RECIPE.more_calls(8, 8) is None
    assert RECIPE.more_calls(9, 2) is None
    assert Recipe(refining=3).more_calls(4, 64) == 12
    for refining in (0, 1):
        assert Recipe(refining=refining).more_calls(4, 64) is None


def test_a_network_that_says_nothing_has_the_usual_recipe() -> None:
    assert recipe_of(Told()) == RECIPE
    assert recipe_of(Told(OTHER)) == OTHER
    assert masked(None) == masked(RECIPE)


def test_a_file_is_sampled_as_the_model_says_unless_somebody_does() -> None:
    usual, others = masked(RECIPE), masked(OTHER)
    assert len(usual) == 16
    assert usual[6:] == pytest.approx([0.25] * 10, abs=0.01)
    assert others == pytest.approx([1.0, 2 / 3, 1 / 3, 0.5, 0.5, 0.5], abs=0.01)
    assert len(masked(OTHER, Sampling(calls=9))) == 9
    said = Sampling(calls=9, temperature=1.5)
    assert said.decided(OTHER) == (9, 1.5)
    assert Sampling().decided(OTHER) == (6, 0.8)


def test_a_temperature_of_the_model_makes_other_music() -> None:
    def piece(recipe: Recipe, sampling: Sampling) -> bytes:
        made = generate(Told(recipe), 4, np.random.default_rng(0), sampling=sampling)
        return made.tokens.tobytes()

    cold = Recipe(temperature=0.1)
    assert piece(cold, Sampling()) == piece(RECIPE, Sampling(temperature=0.1))
    assert piece(cold, Sampling()) != piece(RECIPE, Sampling())
    assert piece(cold, Sampling(temperature=1.0)) == piece(RECIPE, Sampling())


def test_plans_take_a_call_for_each_first_draft() -> None:
    tokens = np.tile(np.asarray(MASK), (1, 256, 1))
    plans = tuple(Track(column) for column in range(len(TRIO), len(BAND_MASK)))
    layout = laid_out(tokens, np.ones_like(tokens, bool), TRIO, plans, COMMON)
    assert plan_calls(layout, 16, COMMON) == 4 + 4 + 4  # for the traits, the chords, the forms
    assert plan_calls(layout, 16, COMMON, OTHER) == 8 + 8 + 8


def test_what_a_file_says_is_read_back() -> None:
    assert Recipe.of_plain(json.loads(json.dumps(OTHER.plain()))) == OTHER
    assert Recipe.of_plain({}) == RECIPE
    assert Recipe.of_plain({"calls": 8, "of a later release": [1]}) == Recipe(calls=8)


JUNK: tuple[tuple[Any, str], ...] = (
    (None, "None is no recipe"),
    ([16, 0.25], "no recipe"),
    ("calls=16", "no recipe"),
    ({"calls": 0}, r"calls 0 is outside 1\.\.1024"),
    ({"calls": 10**300}, "calls 1000.* is outside"),
    ({"calls": 16.5}, "calls 16.5 is no whole number"),
    ({"calls": True}, "calls True is no whole number"),
    ({"calls": None}, "calls None is no whole number"),
    ({"remasked": float("nan")}, "remasked nan is outside"),
    ({"remasked": 0}, "remasked 0 is outside"),
    ({"remasked": "a\n" * 99}, "remasked 'a.* is no number"),
    ({"refining": -1}, r"refining -1 is outside 0\.\.8"),
    ({"harmony": float("inf")}, "harmony inf is outside"),
    ({"temperature": [[]]}, "temperature .* is no number"),
)


@pytest.mark.parametrize(("said", "says"), JUNK)
def test_junk_is_one_line(said: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        Recipe.of_plain(said)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 100


def test_values_are_changed_by_name() -> None:
    assert OTHER.changed("calls=16, remasked=0.25") == Recipe(16, 0.25, 1, 3.0, 0.8)
    assert OTHER.changed("temperature=1") == Recipe(6, 0.5, 1, 3.0, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", f"a recipe has {', '.join(RANGES)}"),
        ("speed=3", "'speed=3': a recipe has calls"),
        ("calls", "'calls': '' is no number"),
        ("calls=many", "'many' is no number"),
        ("calls=0", "calls 0 is outside"),
        ("calls=2.5", "calls 2.5 is no whole number"),
        ("remasked=nan", "remasked nan is outside"),
        ("remasked=2,calls=16", "remasked 2 is outside"),
    ],
)
def test_words_that_change_nothing_are_one_line(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        RECIPE.changed(text)
