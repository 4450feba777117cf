"""The engine's decisions in virtual time: a stage with a denoiser whose slowness is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track
from schmubert.engine.recipe import RECIPE
from schmubert.engine.service.wire import Constraints
from tests.engine.service.stage import Arrival, Cost, Stage, alone, ask, linear, window


def test_a_minimal_draft_comes_first_and_better_ones_follow() -> None:
    drafts = alone(Stage().play(Arrival(1.0, b"a", ask(3, *window(), 1000.0))))
    assert [(d.seq, d.number, d.calls, d.last) for d in drafts] == [
        (3, 0, 4, False),
        (3, 1, 8, False),
        (3, 2, 16, True),
    ]
    assert [d.spent_ms for d in drafts] == pytest.approx([40.0, 120.0, 280.0])


def test_drafts_stop_before_the_budget_ends() -> None:
    stage = Stage()
    drafts = alone(stage.play(Arrival(0.0, b"a", ask(0, *window(), 250.0))))
    assert [(d.calls, d.last) for d in drafts] == [(4, False), (8, True)]
    assert stage.now == pytest.approx(0.120)


def test_the_minimal_draft_is_made_even_without_time() -> None:
    drafts = alone(Stage().play(Arrival(0.0, b"a", ask(0, *window(), 0.0))))
    assert [(d.number, d.calls, d.last) for d in drafts] == [(0, 4, True)]


def test_what_is_asked_in_first_and_most_calls_counts() -> None:
    drafts = alone(
        Stage().play(Arrival(0.0, b"a", ask(0, *window(), 1e4, first_calls=6, most_calls=40)))
    )
    assert [d.calls for d in drafts] == [6, 12, 24, 40]
    drafts = alone(
        Stage().play(Arrival(0.0, b"a", ask(0, *window(), 1e4, first_calls=9, most_calls=2)))
    )
    assert [(d.calls, d.last) for d in drafts] == [(9, True)]


def test_no_draft_is_made_that_cannot_be_better() -> None:
    # five cells: the second draft takes them one by one already
    tokens, fill = window()
    fill[:] = False
    fill[-5:, Track.BASS] = True
    drafts = alone(Stage().play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4, most_calls=64))))
    assert [(d.calls, d.last) for d in drafts] == [(4, False), (5, True)]


def test_an_ask_for_nothing_is_answered_at_once() -> None:
    tokens, fill = window()
    stage = Stage()
    (sent,) = stage.play(Arrival(2.0, b"a", ask(5, tokens, fill & False, 100.0)))
    assert (sent.at_s, sent.draft.seq, sent.draft.calls, sent.draft.last) == (2.0, 5, 0, True)
    np.testing.assert_array_equal(sent.tokens, tokens)
    assert not stage.batches


def test_a_slow_spell_ends_the_drafts_in_time_with_the_latest_once_more() -> None:
    stage = Stage()
    usual = stage.cost
    stage.cost = lambda steps, batch: usual(steps, batch) * (6.0 if stage.now > 0.05 else 1.0)
    drafts = alone(stage.play(Arrival(0.0, b"a", ask(0, *window(), 150.0))))
    assert [(d.number, d.calls, d.last) for d in drafts] == [(0, 4, False), (0, 4, True)]
    assert drafts[0].tokens == drafts[1].tokens
    assert stage.now <= 0.150 + 6 * 0.010


@settings(deadline=None)
@given(
    budget_ms=st.floats(0, 600),
    first_calls=st.integers(1, 8),
    most_calls=st.integers(1, 32),
    freezes_ms=st.lists(st.floats(-50, 400), min_size=16, max_size=16).map(tuple) | st.just(()),
    jitter=st.lists(st.floats(0.3, 3.0), min_size=1, max_size=9),
    masked=hnp.arrays(np.bool_, (64, 3)),
    wanted=hnp.arrays(np.bool_, (64, 3)),
)
def test_laws_of_every_answer(
    budget_ms: float,
    first_calls: int,
    most_calls: int,
    freezes_ms: tuple[float, ...],
    jitter: list[float],
    masked: Mask,
    wanted: Mask,
) -> None:
    tokens = np.where(masked, np.asarray(MASK), 30)
    fill = masked & wanted
    stage = Stage()
    stage.cost = lambda steps, batch: (
        0.010 * batch * steps / 64 * jitter[len(stage.batches) % len(jitter)]
    )
    request = ask(
        0,
        tokens,
        fill,
        budget_ms,
        first_calls=first_calls,
        most_calls=most_calls,
        freezes_ms=freezes_ms,
    )
    sent = stage.play(Arrival(0.0, b"a", request))
    assert [each.draft.last for each in sent] == [False] * (len(sent) - 1) + [True]
    for each in sent:
        # every cell wanted is filled and no other changes
        np.testing.assert_array_equal(each.tokens == np.asarray(MASK), masked & ~fill)
        np.testing.assert_array_equal(each.tokens[~fill], tokens[~fill])
    for earlier, later in pairwise(sent):
        # what is frozen stays
        if freezes_ms:
            frozen = np.repeat(freezes_ms, 4) / 1000 <= later.at_s
            np.testing.assert_array_equal(earlier.tokens[frozen], later.tokens[frozen])
        if later.draft.number == earlier.draft.number:
            assert later.draft.last
            np.testing.assert_array_equal(earlier.tokens, later.tokens)
        else:
            assert later.draft.number == earlier.draft.number + 1
        assert later.draft.calls <= max(first_calls, most_calls)
    # the budget holds: but for the minimal draft, and for the call in which it ran out
    if len(sent) > 1:
        slowest_s = 0.010 * max(jitter)
        assert sent[-1].at_s <= max(sent[0].at_s, budget_ms / 1000) + slowest_s


def test_generated_offs_end_something_and_given_ones_stay() -> None:
    tokens, fill = window()
    tokens[:8, Track.BASS] = OFF
    sent = Stage().play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4)))
    for each in sent:
        assert (each.tokens[:8, Track.BASS] == OFF).all()
        line = each.tokens[-64:, Track.BASS]
        sounding = False
        for event in line:
            assert event != OFF or sounding
            if event != HOLD:
                sounding = event != OFF
        assert (line == OFF).any()


def test_later_drafts_are_made_around_what_is_frozen() -> None:
    seen: list[Tokens] = []

    class Watched(Stage):
        def denoise(self, tokens: Tokens) -> Logits:
            seen.append(tokens[0].copy())
            return super().denoise(tokens)

    tokens, fill = window()
    freezes_ms = (0.0,) * 48 + tuple(30.0 + 40.0 * beat for beat in range(16))
    sent = Watched().play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4, freezes_ms=freezes_ms)))
    # the first draft is whole, though some beats freeze before it ends
    np.testing.assert_array_equal(seen[0], tokens)
    # the second ends at 120 ms: beats of 30, 70 and 110 ms are given to it as they were sent
    second, first = seen[4:12], sent[0].tokens
    for state in second:
        given = slice(192, 192 + 12)
        np.testing.assert_array_equal(state[given, 1:], first[given, 1:])
    # the rest is made of the first draft, of which each call masks a share again
    masked = [state[204:, 1:] == np.asarray(MASK[1:]) for state in second]
    np.testing.assert_array_equal(second[0][204:, 1:][~masked[0]], first[204:, 1:][~masked[0]])
    assert [of.mean() for of in masked] == pytest.approx([RECIPE.remasked] * 8, abs=0.02)


def test_a_remade_draft_hangs_on_the_seed_and_not_on_the_time_it_takes() -> None:
    def drafts(seed: int, cost: Cost) -> list[Tokens]:
        request = ask(0, *window(), 6e4, seed=seed)
        return [each.tokens for each in Stage(cost).play(Arrival(0.0, b"a", request))]

    def slow(steps: int, batch: int) -> float:
        return 7.0 * linear(steps, batch)

    quickly, slowly, other = drafts(3, linear), drafts(3, slow), drafts(4, linear)
    np.testing.assert_array_equal(quickly, slowly)
    assert all((one != two).any() for one, two in zip(quickly, other, strict=True))


def test_every_draft_does_as_the_ask_wishes() -> None:
    constraints = Constraints(densities={Track.BASS: 2.0}, registers={Track.BASS: (33, 45)})
    request = ask(0, *window(), 10_000.0, constraints=constraints)
    drafts = Stage().play(Arrival(0.0, b"a", request))
    assert [each.draft.calls for each in drafts] == [4, 8, 16]
    for each in drafts:
        bass = each.tokens[192:, Track.BASS]
        pitches = bass[bass > OFF] + 19
        assert ((pitches >= 33) & (pitches <= 45)).all()
        assert 1.0 <= len(pitches) / 4 <= 3.0  # a bar


def test_what_freezes_while_a_draft_is_late_stays_too() -> None:
    stage = Stage()
    usual = stage.cost
    stage.cost = lambda steps, batch: usual(steps, batch) * (2.0 if stage.now > 0.045 else 1.0)
    # the second draft is to end at 120 ms and ends at 190: the beats of 150 ms freeze between
    freezes_ms = (0.0,) * 48 + (150.0,) * 4 + (500.0,) * 12
    request = ask(0, *window(), 250.0, freezes_ms=freezes_ms)
    first, second = stage.play(Arrival(0.0, b"a", request))
    assert second.at_s == pytest.approx(0.190)
    np.testing.assert_array_equal(first.tokens[192:208], second.tokens[192:208])
    assert (first.tokens[208:] != second.tokens[208:]).any()
