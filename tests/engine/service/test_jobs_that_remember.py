"""Drafts of a model that goes on from what it has seen: what they cost, and who is in time."""

import pytest

from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.service.job import Job
from tests.engine.service.stage import Arrival, Stage, alone, ask, linear, window
from tests.engine.service.test_jobs_with_plans import METERS, PLANS, request


def test_the_window_is_seen_once_and_then_its_open_bars_alone() -> None:
    drafts = alone(Stage(remembers=True).play(Arrival(0.0, b"a", ask(0, *window(), 1000.0))))
    assert [draft.calls for draft in drafts] == [4, 8, 16]
    first, second, third = 10 + 3 * 2.5, 8 * 2.5, 16 * 2.5
    spent = [first, first + second, first + second + third]
    assert [draft.spent_ms for draft in drafts] == pytest.approx(spent)


def test_a_call_is_learnt_by_how_much_it_looks_at() -> None:
    stage = Stage(remembers=True)
    stage.play(Arrival(0.0, b"a", ask(0, *window(), 1000.0)))
    assert stage.pace.mean_s(256) == pytest.approx(linear(256, 1))
    assert stage.pace.mean_s(64) == pytest.approx(linear(64, 1))


def test_more_players_are_in_time_than_if_all_was_seen_anew() -> None:
    arrivals = [Arrival(0.0, bytes([k]), ask(0, *window(), 100.0)) for k in range(5)]
    anew, once = Stage(), Stage(remembers=True)
    anew.play(*arrivals)
    once.play(*arrivals)
    assert len(anew.refused) == 3
    assert not once.refused


def test_harmony_takes_a_look_of_its_own() -> None:
    job = Job(request(), TRIO, 0.0, 5, METERS, PLANS)
    job.begin(0.01, 0.0)
    calls, whole, open_cells = job.calls_left, job.steps, job.steps // 2

    def cells(steps: int) -> float:
        return float(steps)

    assert job.first_bar == 0
    assert job.left_s(cells, remembers=False) == calls * whole
    assert job.left_s(cells, remembers=True) == 2 * whole + (calls - 2) * open_cells


def test_an_ask_goes_on_from_the_one_before() -> None:
    """It looks at its open bars alone, and so do those of a bar later."""
    stage = Stage(remembers=True)
    asks = [Arrival(float(k), b"a", ask(k, *window(), 1000.0, seed=None)) for k in range(2)]
    first, second = (
        [sent.draft.spent_ms for sent in stage.play(one) if sent.draft.number == 0] for one in asks
    )
    assert first == pytest.approx([10 + 3 * 2.5])
    assert second == pytest.approx([4 * 2.5])


def test_another_player_goes_on_from_nothing() -> None:
    stage = Stage(remembers=True)
    asks = [Arrival(float(k), bytes([k]), ask(k, *window(), 1000.0, seed=None)) for k in range(2)]
    drafts = [alone(stage.play(one))[0] for one in asks]
    assert [draft.spent_ms for draft in drafts] == pytest.approx([10 + 3 * 2.5] * 2)


def test_an_ask_with_a_seed_has_the_same_answer_whatever_was_asked_before() -> None:
    stage = Stage(remembers=True)
    asks = [Arrival(float(k), b"a", ask(7, *window(), 1000.0)) for k in range(2)]
    drafts = [alone(stage.play(one))[0] for one in asks]
    assert drafts[0].tokens == drafts[1].tokens
    assert drafts[0].spent_ms == pytest.approx(drafts[1].spent_ms)


def test_what_was_seen_of_a_player_who_is_gone_is_forgotten() -> None:
    stage = Stage(remembers=True)
    one = ask(0, *window(), 1000.0, seed=None)
    stage.play(Arrival(0.0, b"a", one))
    stage.jobs.forget(b"a")
    assert alone(stage.play(Arrival(9.0, b"a", one)))[0].spent_ms == pytest.approx(10 + 3 * 2.5)
