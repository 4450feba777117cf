import math

import msgspec
import numpy as np
import pytest

from schmubert.bridge.brain.dialogue import PATIENCE_S, Dialogue
from schmubert.bridge.protocol.messages import Say
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.diffusion.horizon import horizon_at
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.recipe import Recipe
from schmubert.engine.service import wire

PLAYED = {Track.BASS: 20}


def ask(dialogue: Dialogue, now: float = 1.0) -> wire.Request:
    """Ask at step 16 about the bass from step 20 on; a step lasts 0.1 s, lead is none."""
    about = horizon_at(np.zeros((16, 3), np.int64), 16, {Track.MELODY}, PLAYED)
    return dialogue.ask(
        about, PLAYED, now, lambda step: 1.0 + (step - 16) * 0.1, 0.9, wire.Constraints()
    )


def draft(to: wire.Request, number: int = 0, token: int = 30, last: bool = False) -> wire.Draft:
    tokens = np.full((to.tokens.steps, to.tokens.tracks), token)
    return wire.Draft(to.seq, number, 1, wire.pack(tokens), 1.0, last)


def bass(dialogue: Dialogue) -> int:
    assert dialogue.plan is not None
    return int(dialogue.plan.tokens[40, Track.BASS])


def test_a_request_says_by_when() -> None:
    asked = ask(Dialogue(Settings(first_calls=3, most_calls=9, temperature=0.9)))
    assert asked.budget_ms == pytest.approx(396.0)
    assert asked.freezes_ms[:6] == pytest.approx((0, 0, 0, 0, 0, 400.0))
    assert asked.freezes_ms[6] == pytest.approx(800.0)
    assert len(asked.freezes_ms) * 4 == asked.tokens.steps
    assert (asked.first_calls, asked.most_calls, asked.temperature) == (3, 9, 0.9)
    assert asked.seed is None
    fill = wire.unpack_cells(asked.targets, asked.tokens.steps, 3)
    assert fill[20:, Track.BASS].all()
    assert fill.sum() == asked.tokens.steps - 20


def test_a_seed_gives_every_request_its_own() -> None:
    dialogue, again = Dialogue(Settings(seed=7)), Dialogue(Settings(seed=7))
    seeds = [ask(dialogue).seed for _ in range(3)]
    assert len(set(seeds)) == 3
    assert [ask(again).seed for _ in range(3)] == seeds


def test_the_latest_draft_wins_in_whatever_order_they_come() -> None:
    dialogue = Dialogue(Settings())
    first, second = ask(dialogue), ask(dialogue)
    assert not dialogue.free
    dialogue.draft(draft(first, 0, 31), 1.1)
    assert bass(dialogue) == 31
    assert not dialogue.free, "the second is still under way"
    dialogue.draft(draft(second, 1, 42), 1.1)
    assert dialogue.free
    for late in (draft(second, 0, 41), draft(first, 1, 32)):
        dialogue.draft(late, 1.2)
        assert bass(dialogue) == 42


def test_a_draft_may_take_longer_than_the_next_request() -> None:
    dialogue = Dialogue(Settings())
    oldest, *_ = [ask(dialogue) for _ in range(5)]
    dialogue.draft(draft(oldest), 1.4)
    assert bass(dialogue) == 30


def test_first_and_last_drafts_are_measured() -> None:
    dialogue = Dialogue(Settings())
    asked = ask(dialogue, 1.0)
    dialogue.draft(draft(asked), 1.05)
    dialogue.draft(draft(asked, 1), 1.1)
    dialogue.draft(draft(asked, 2, last=True), 1.2)
    assert dialogue.latency.first_s == pytest.approx(0.05)
    assert dialogue.latency.full_s == pytest.approx(0.2)


def test_what_was_forgotten_is_not_planned() -> None:
    dialogue = Dialogue(Settings())
    asked = ask(dialogue)
    dialogue.forget()
    assert dialogue.free
    assert dialogue.draft(draft(asked), 1.1) == []
    assert dialogue.plan is None


def test_a_role_left_out_is_not_planned() -> None:
    dialogue = Dialogue(Settings())
    asked = ask(dialogue)
    dialogue.leave_out([Track.BASS])
    dialogue.draft(draft(asked), 1.1)
    assert dialogue.plan is not None
    assert not dialogue.plan.reaches(Track.BASS, 40)


def test_patience_ends() -> None:
    dialogue = Dialogue(Settings())
    assert dialogue.lost_at == math.inf
    asked = ask(dialogue, 5.0)
    assert dialogue.lost_at == 5.0 + PATIENCE_S
    assert dialogue.unanswered("so what") == [Say("the engine does not answer: so what")]
    assert dialogue.unanswered("so what") == []
    assert dialogue.free
    assert dialogue.draft(draft(asked), 9.0) == [Say("the engine is back")]
    assert bass(dialogue) == 30


WELCOME = wire.Welcome(1, "0", "m", (0, 1, 2), "r", 10.0)


def test_what_the_player_does_not_say_is_left_to_the_engines_model() -> None:
    dialogue = Dialogue(Settings())
    asked = ask(dialogue)
    assert (asked.first_calls, asked.most_calls) == (None, None)
    dialogue.welcome(msgspec.structs.replace(WELCOME, recipe=Recipe(remasked=0.1, harmony=3.0)))
    assert dialogue.latency.first_s == pytest.approx(0.104)
    assert dialogue.recipe.harmony == 3.0
    said = Dialogue(Settings(first_calls=3))
    said.welcome(msgspec.structs.replace(WELCOME, recipe=Recipe(remasked=0.1)))
    assert said.latency.first_s == pytest.approx(0.034)


def test_a_welcome_again_changes_nothing_another_engine_does() -> None:
    dialogue = Dialogue(Settings(first_calls=4))
    dialogue.welcome(WELCOME)
    assert dialogue.latency.first_s == pytest.approx(0.044)
    asked = ask(dialogue)
    dialogue.welcome(WELCOME)
    assert not dialogue.free
    assert dialogue.ended("so what") == [Say("the engine has ended: so what")]
    ask(dialogue)
    dialogue.welcome(WELCOME)
    assert dialogue.free, "the new one was never asked"
    assert dialogue.draft(draft(asked), 1.1) == [Say("the engine is back")]
    assert dialogue.plan is None


def test_nonsense_and_refusals_are_said_once() -> None:
    dialogue = Dialogue(Settings())
    asked = ask(dialogue)
    wrong = wire.Draft(asked.seq, 0, 1, wire.pack(np.zeros((16, 2), np.int64)), 1.0, True)
    assert [say.text for say in dialogue.draft(wrong, 1.1)] == [
        "the engine's answer is of no use: 2 tracks of 3"
    ]
    assert dialogue.draft(wrong, 1.1) == []
    asked = ask(dialogue)
    assert dialogue.failed(wire.Failed(asked.seq - 1, "old"), 1.2) != []
    assert not dialogue.free
    assert dialogue.failed(wire.Failed(asked.seq, "old"), 1.3) == []
    assert dialogue.free


def test_a_full_engine_that_answers_now_and_then_is_not_told_of_each_time() -> None:
    dialogue = Dialogue(Settings())
    said = []
    for second in range(100):
        asked = ask(dialogue)
        if second % 3:
            said += dialogue.draft(draft(asked), float(second))
        else:
            said += dialogue.failed(wire.Failed(asked.seq, "it is full"), float(second))
    assert said == [Say("the engine cannot answer: it is full")] * 4
