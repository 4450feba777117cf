import pickle

import pytest

from schmubert.bridge.clock.jitter import Jitter
from schmubert.bridge.owner.report import BIN_MS, Lateness, report_on


def test_a_report_reads_as_a_line() -> None:
    text = str(report_on(3, 1, 0, Lateness([0.001, 0.002, 0.01])))
    assert text == (
        "3 notes played, 1 came too late and were left out; sent after their time by"
        " 2.00 ms (p50), 10.00 (p99), 10.00 (max)"
    )
    assert str(report_on(0, 0, 0, Lateness())) == "nothing was played"


def test_it_tells_of_the_clock_where_one_came() -> None:
    line = str(report_on(3, 0, 0, Lateness([0.0]), Jitter(1.31, 2.49, 400)))
    assert line.endswith("; clocks off the line by 1.3 ms (median), 2.5 (p95)")
    assert "clocks" not in str(report_on(3, 0, 0, Lateness([0.0])))


def test_lateness_takes_the_same_room_however_much_is_sent() -> None:
    late = Lateness(number % 500 / 100_000.0 for number in range(200_000))
    assert abs(late.quantile_ms(0.5) - 2.5) <= BIN_MS
    assert abs(late.quantile_ms(0.99) - 4.95) <= BIN_MS
    assert late.most_ms == pytest.approx(4.99)
    assert len(pickle.dumps(late)) < 10_000
