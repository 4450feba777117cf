import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.clock.jitter import BIN_MS, RECENT_CLOCKS, Jitter, JitterMeter
from schmubert.bridge.clock.midi_clock import Clock, OwnTempo
from tests.bridge.virtual_daw import CLOCK, START

JITTER_S = 256 / 48000
PERIOD_S = 60.0 / 24 / 120.0


def followed(jitter_s: float, beats: int, clock: Clock) -> Clock:
    rng = random.Random(2)
    clock.receive(1.0, START)
    for number in range(24 * beats):
        clock.receive(1.0 + number * PERIOD_S + rng.uniform(-0.5, 0.5) * jitter_s, CLOCK)
    return clock


def test_a_clean_clock_has_none() -> None:
    clock = followed(0.0, 8, Clock())
    assert clock.jitter.recent == Jitter(pytest.approx(0.0, abs=1e-6), pytest.approx(0.0), 180)


def test_jitter_is_measured_as_it_is() -> None:
    """Evenly spread within a cycle: the median is a quarter of it, p95 nearly half."""
    error = followed(JITTER_S, 200, Clock()).jitter.recent
    assert error is not None
    assert error.median_ms == pytest.approx(JITTER_S * 250, rel=0.15)
    assert error.p95_ms == pytest.approx(JITTER_S * 475, rel=0.15)
    assert error.clocks == RECENT_CLOCKS


def test_before_a_beat_of_clocks_nothing_is_known() -> None:
    assert followed(0.0, 1, Clock()).jitter.recent is None
    assert followed(0.0, 40, OwnTempo(120.0)).jitter.recent is None


def test_a_jump_is_no_error() -> None:
    clock = followed(0.0, 8, Clock())
    for at_s in (20.0, 31.37):
        clock.receive(at_s, START)
        for number in range(96):
            clock.receive(at_s + 0.005 + number * PERIOD_S, CLOCK)
    error = clock.jitter.overall
    assert error is not None
    assert error.p95_ms == pytest.approx(0.0, abs=BIN_MS)


@given(st.lists(st.floats(-0.05, 0.05), min_size=24, max_size=RECENT_CLOCKS))
def test_recent_and_overall_agree_where_all_is_recent(offs_s: list[float]) -> None:
    meter = JitterMeter()
    for off_s in offs_s:
        meter.add(off_s)
    recent, overall = meter.recent, meter.overall
    assert recent is not None
    assert overall is not None
    assert overall.median_ms == pytest.approx(recent.median_ms, abs=BIN_MS / 2 + 1e-9)
    assert overall.p95_ms == pytest.approx(recent.p95_ms, abs=BIN_MS / 2 + 1e-9)
    assert overall.clocks == recent.clocks == len(offs_s)
