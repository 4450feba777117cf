from schmubert.bridge.clock.jitter import Jitter
from schmubert.bridge.owner.report import report_on


def test_a_report_reads_as_a_line() -> None:
    text = str(report_on(3, 1, 0, [0.001, 0.002, 0.01]))
    assert text == (
        "3 notes played, 1 came too late and were left out; sent after their time by"
        " 2.00 ms (p50), 10.00 (p99), 10.00 (max)"
    )
    assert str(report_on(0, 0, 0, [])) == "nothing was played"


def test_it_tells_of_the_clock_where_one_came() -> None:
    line = str(report_on(3, 0, 0, [0.0], Jitter(1.31, 2.49, 400)))
    assert line.endswith("; clocks off the line by 1.3 ms (median), 2.5 (p95)")
    assert "clocks" not in str(report_on(3, 0, 0, [0.0]))
