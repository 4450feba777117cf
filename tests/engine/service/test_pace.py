import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.service.pace import UNMEASURED_S, Pace

SECONDS = st.floats(1e-4, 10.0)


@given(SECONDS)
def test_what_always_takes_the_same_is_expected_to(took_s: float) -> None:
    pace = Pace()
    for _ in range(100):
        pace.learn(256, 1, took_s)
    assert pace.mean_s(256) == pytest.approx(took_s)
    assert pace.cautious_s(256) == pytest.approx(took_s, rel=1e-6)


@given(st.lists(SECONDS, min_size=1, max_size=50))
def test_an_estimate_lies_among_what_was_seen_and_caution_above(took: list[float]) -> None:
    pace = Pace()
    for took_s in took:
        pace.learn(64, 2, took_s)
    assert min(took) * 0.999 <= pace.mean_s(64, 2) <= max(took) * 1.001
    assert pace.cautious_s(64, 2) > pace.mean_s(64, 2)


@given(SECONDS, SECONDS)
def test_a_change_of_pace_is_learnt(before_s: float, after_s: float) -> None:
    pace = Pace()
    for _ in range(10):
        pace.learn(256, 1, before_s)
    for _ in range(150):
        pace.learn(256, 1, after_s)
    assert pace.mean_s(256) == pytest.approx(after_s, rel=0.01, abs=1e-6)


@given(SECONDS, st.integers(1, 256), st.integers(1, 8))
def test_an_unseen_size_takes_its_share_of_the_nearest(
    took_s: float, beats: int, batch: int
) -> None:
    pace = Pace()
    pace.learn(256, 1, took_s)
    assert pace.mean_s(4 * beats, batch) == pytest.approx(took_s * 4 * beats * batch / 256)


def test_the_nearest_size_is_the_one_that_counts() -> None:
    pace = Pace()
    pace.learn(64, 1, 0.002)
    pace.learn(1024, 1, 0.064)
    assert pace.mean_s(128) == pytest.approx(0.004)
    assert pace.mean_s(512) == pytest.approx(0.032)
    assert pace.mean_s(512, 2) == pytest.approx(0.064)


def test_before_any_call_a_guess_has_to_do() -> None:
    assert Pace().mean_s(256) == UNMEASURED_S
    assert Pace().cautious_s(256) > UNMEASURED_S
