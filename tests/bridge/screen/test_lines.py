"""Status lines: they tell of the last bars, and of them alone."""

from msgspec.structs import replace

from schmubert.bridge.protocol.events import Followed, Happening, Record, Sent, Tick
from schmubert.bridge.protocol.messages import Answered, InKey, Moved
from schmubert.bridge.screen.lines import BARS, StatusLines


def bars(status: StatusLines, *each: Happening, count: int = BARS) -> list[str]:
    """What is told in `count` bars of 2 s in which `each` happens."""
    lines = []
    for bar in range(count):
        moved = [Moved(0, True, 4.0 * bar + beat, 2.0 * bar, 120.0) for beat in (0, 1)]
        for what in [*each, *moved]:
            line = status.see(Record(2.0 * bar, what))
            lines += [] if line is None else [line]
    return lines


def answered(number: int, took_ms: float, late: bool = False) -> Answered:
    return Answered(1, 0.0, number, 8, took_ms, 340.0, late, False, 0.0, (0, 1, 2), b"")


def test_a_line_tells_of_replies_drops_lateness_and_jitter() -> None:
    status = StatusLines()
    happens = (answered(0, 52.0), answered(1, 300.0, late=True), Tick(3), Followed(1.0, 1.44))
    sent = Sent(0, b"\x90\x24\x40", -0.5)
    assert bars(status, *happens, count=BARS - 1) == []
    (line,) = bars(status, *happens, sent, count=1)
    assert line == (
        "reply 52 (p99) of 340 ms, 0 late of 16; dropped 3; sent +500.00 ms (p99);"
        " jitter 1.44 ms (p95)"
    )


def test_the_chord_is_told_that_the_band_goes_by() -> None:
    a_minor = 2 + 9 * 7 + 1
    guessed = replace(answered(0, 52.0), chords=bytes([a_minor]), sure=bytes([182]))
    assert "dropped 0; chord Am 71%" in bars(StatusLines(), guessed)[0]
    b_flat_minor = replace(guessed, chords=bytes([a_minor + 7]))
    assert "chord Bbm 71%" in bars(StatusLines(), InKey(8), b_flat_minor)[0]
    assert "chord A#m 71%" in bars(StatusLines(), InKey(11), b_flat_minor)[0]
    told = replace(guessed, sure=bytes([255]))
    assert bars(StatusLines(), told)[0].endswith("; chord Am")


def test_what_was_told_is_not_told_again() -> None:
    status = StatusLines()
    bars(status, answered(0, 400.0, late=True))
    assert bars(status, answered(0, 52.0))[0].startswith("reply 52 (p99) of 340 ms, 0 late of 16")
    assert bars(status, Tick(1), Tick()) == ["no reply; dropped 1"]


def test_bars_of_a_short_loop_count_too_and_a_stop_does_not() -> None:
    status = StatusLines()
    for number in range(BARS - 1):
        assert status.see(Record(0.0, Moved(number, True, 0.0, 0.0, 120.0))) is None
    assert status.see(Record(0.0, Moved(20, False, 0.0, 0.0, 120.0))) is None
    assert status.see(Record(0.0, Moved(21, True, 0.0, 0.0, 120.0))) is not None
