from math import inf

import pytest

from schmubert.bridge.owner.realtime import POLL_S, RealTime, wait_for_next
from tests.bridge.session.sessions import VirtualTime


@pytest.mark.live
def test_waiting_exactly_is_exact() -> None:
    passing = RealTime()
    late_s = []
    for _ in range(30):
        at_s = passing.now() + 0.005
        passing.wait_until(at_s, exactly=True)
        late_s.append(passing.now() - at_s)
    assert min(late_s) >= 0.0
    assert sorted(late_s)[15] < 0.001


@pytest.mark.parametrize(
    ("due_in_s", "waits_s"), [(POLL_S / 2, POLL_S / 2), (POLL_S * 3, POLL_S), (inf, POLL_S)]
)
def test_one_polls_while_nothing_is_due(due_in_s: float, waits_s: float) -> None:
    passing = VirtualTime(50.0)
    wait_for_next(passing, 50.0, 50.0 + due_in_s)
    assert passing.now() == pytest.approx(50.0 + waits_s)
