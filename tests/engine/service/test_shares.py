"""What players had of an engine, how fast they send, and what an engine grants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.service.limits import Limits
from schmubert.engine.service.shares import HALVES_AFTER_S, Rates, Shares
from schmubert.engine.service.turns import Turn, spare_s, to_refuse
from tests.engine.service.stage import ask, window


def test_work_counts_half_after_a_while() -> None:
    shares = Shares()
    shares.charge(b"a", 4.0, 1.0)
    assert shares.of(b"a", 1.0) == 4.0
    assert shares.of(b"a", 1.0 + HALVES_AFTER_S) == pytest.approx(2.0)
    shares.forget(b"a")
    assert shares.of(b"a", 1.0) == 0.0


def test_to_come_back_wins_nothing() -> None:
    shares = Shares()
    for client, seconds in ((b"a", 4.0), (b"b", 2.0)):
        shares.charge(client, seconds, 0.0)
    shares.enter(b"new", 0.0)
    assert shares.of(b"new", 0.0) == 3.0
    shares.enter(b"a", 0.0)
    assert shares.of(b"a", 0.0) == 4.0


def test_a_burst_is_read_and_then_so_many_a_second() -> None:
    rates = Rates(10.0, most=5)
    assert sum(rates.allows(b"a", 0.0) for _ in range(100)) == 20
    assert sum(rates.allows(b"a", number / 100) for number in range(1000)) in (99, 100)
    assert rates.allows(b"b", 0.0)
    for stranger in range(100):
        assert rates.allows(b"%d" % stranger, 10.0)
    assert len(rates._left) == 5


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"first_calls": 65}, "first_calls 65 is more than the 64 of this engine"),
        ({"most_calls": 4096}, "most_calls 4096 is more than the 64 of this engine"),
    ],
)
def test_more_calls_than_granted_are_refused(others: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Limits().check(ask(0, *window(), 1000.0, **others))


def test_a_budget_and_a_window_are_limited_too() -> None:
    Limits().check(ask(0, *window(1024), 60_000.0))
    with pytest.raises(ValueError, match="budget_ms 60001 is more than the 60000 of this engine"):
        Limits().check(ask(0, *window(), 60_001.0))
    with pytest.raises(ValueError, match="more than the 8 bars of this engine"):
        Limits(bars=8).check(ask(0, *window(256), 1000.0))


TURNS = st.lists(
    st.builds(
        Turn,
        client=st.binary(min_size=1, max_size=4),
        due_s=st.floats(0.0, 3.0),
        left_s=st.floats(0.001, 1.0),
        margin_s=st.floats(0.0, 0.1),
        used_s=st.floats(0.0, 5.0),
        place_s=st.floats(0.0, 3.0),
    ),
    max_size=20,
    unique_by=lambda turn: turn.client,
)


@given(TURNS)
def test_who_is_kept_is_in_time_and_one_always_is(turns: list[Turn]) -> None:
    refused = to_refuse(turns, 0.0)
    kept = [turn for turn in turns if turn not in refused]
    assert bool(kept) == bool(turns)
    if len(kept) > 1:
        assert spare_s(kept, 0.0) >= -1e-9
    assert to_refuse(kept, 0.0) == []


@given(TURNS)
def test_nobody_is_refused_where_all_can_be_in_time(turns: list[Turn]) -> None:
    if spare_s(turns, 0.0) >= 0.0:
        assert to_refuse(turns, 0.0) == []


def test_of_many_alike_those_who_had_most_are_refused() -> None:
    used = np.random.default_rng(0).permutation(10) / 10
    turns = [Turn(b"%d" % n, 0.5, 0.1, used_s=float(used[n])) for n in range(10)]
    refused = to_refuse(turns, 0.0)
    assert sorted(turn.used_s for turn in refused) == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])
