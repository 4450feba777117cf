"""An engine goes by its model's recipe where an ask does not say, and by the ask where it does."""

from typing import Any

import msgspec
import numpy as np
import pytest

from schmubert.engine.music.vocabulary import MASK, TRIO
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.service import server, wire
from schmubert.engine.service.jobs import Jobs, stacked
from schmubert.engine.service.limits import Limits
from schmubert.engine.service.pace import Pace
from tests.engine.service.stage import Stage, window

OTHER = Recipe(remasked=0.5, refining=3, temperature=0.1)


def ask(**said: Any) -> wire.Request:
    tokens, fill = window()
    return wire.Request(0, wire.pack(tokens), wire.pack_cells(fill), 6e4, seed=1, **said)


def answers(
    recipe: Recipe, limits: Limits | None = None, **said: Any
) -> tuple[list[float], list[wire.Draft]]:
    """What share of the targets is masked in each call, and the drafts."""
    jobs = Jobs(TRIO, Pace(), np.random.default_rng(0), limits=limits or Limits(), recipe=recipe)
    request, denoise = ask(**said), Stage().denoise
    targets = window()[1]
    jobs.take(b"a", request, 0.0, 0.0)
    shares, drafts = [], []
    while batch := jobs.batch(0.0):
        state = stacked(list(batch.values()))
        shares.append(float((state[0] == np.asarray(MASK))[targets].mean()))
        drafts += [draft for _, draft in jobs.advance(batch, denoise(state), 0.001, 0.0)]
    return shares, drafts


def test_the_recipe_says_how_many_calls_drafts_take_and_what_they_mask() -> None:
    shares, drafts = answers(RECIPE)
    assert [draft.calls for draft in drafts] == [4, 8]
    assert shares == pytest.approx([1.0, 0.75, 0.5, 0.25, *[0.25] * 8], abs=0.02)
    shares, drafts = answers(OTHER)
    assert [draft.calls for draft in drafts] == [2, 6]
    assert shares == pytest.approx([1.0, 0.5, *[0.5] * 6], abs=0.02)


def test_what_an_ask_says_goes_before_the_recipe() -> None:
    _, drafts = answers(OTHER, first_calls=3, most_calls=20)
    assert [draft.calls for draft in drafts] == [3, 9, 20]
    cold = [draft.tokens.data for draft in answers(OTHER)[1]]
    assert cold == [draft.tokens.data for draft in answers(OTHER, temperature=0.1)[1]]
    assert cold != [draft.tokens.data for draft in answers(OTHER, temperature=1.0)[1]]


def test_a_recipe_takes_no_more_calls_than_the_engine_grants() -> None:
    assert [draft.calls for draft in answers(RECIPE, Limits(calls=6))[1]] == [4, 6]
    assert [draft.calls for draft in answers(RECIPE, Limits(calls=3))[1]] == [3]


def test_an_engine_says_the_recipe_of_its_model() -> None:
    class Model:
        name, runtime, tracks, meters = "m", "none", TRIO, ()
        recipe = OTHER

    about = server.welcome(Model(), 1.0)  # type: ignore[arg-type]
    assert about.recipe == OTHER
    heard = wire.Welcome(6, "0", "m", (0, 1, 2), "none", 1.0, recipe=OTHER)
    assert wire.decode_to_client(wire.encode(heard)) == heard


@pytest.mark.parametrize(
    "recipe",
    [
        {"calls": 10**6},
        {"remasked": float("nan")},
        {"refining": -1},
        {"harmony": 1e9},
        {"calls": "x"},
        3,
    ],
)
def test_an_engine_that_lies_about_its_recipe_is_not_believed(recipe: Any) -> None:
    plain = msgspec.msgpack.decode(wire.encode(wire.Welcome(6, "0", "m", (0,), "none", 1.0)))
    with pytest.raises(ValueError, match="no message that this client knows"):
        wire.decode_to_client(msgspec.msgpack.encode({**plain, "recipe": recipe}))


def test_an_engine_of_before_says_none() -> None:
    plain = msgspec.msgpack.decode(wire.encode(wire.Welcome(6, "0", "m", (0,), "none", 1.0)))
    del plain["recipe"]
    welcome = wire.decode_to_client(msgspec.msgpack.encode(plain))
    assert isinstance(welcome, wire.Welcome)
    assert welcome.recipe == RECIPE
