import math
import random
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.clock.pulse import FASTEST_S, SLOWEST_S, Pulse

JITTER_S = 256 / 48000  # arrivals come in the cycles of an audio server


def clocks(tempi_bpm: Iterable[float], starts_s: float = 1000.0) -> Iterator[float]:
    """When clocks fall that come at `tempi_bpm`, one a clock."""
    at_s = starts_s
    for tempo_bpm in tempi_bpm:
        at_s += 60.0 / 24.0 / tempo_bpm
        yield at_s


def errors_ms(tempi_bpm: list[float], seed: int) -> tuple[list[float], list[float]]:
    """Where the pulse puts each clock against where it fell, in ms, and the tempo it tells."""
    rng, pulse = random.Random(seed), Pulse()
    off_ms, told_bpm = [], []
    for at_s in clocks(tempi_bpm):
        pulse.hear(at_s + rng.uniform(-0.5, 0.5) * JITTER_S)
        off_ms.append((pulse.at_s - at_s) * 1000.0)
        told_bpm.append(60.0 / 24.0 / (pulse.period_s or math.inf))
    return off_ms, told_bpm


def p95(values: Iterable[float]) -> float:
    ordered = sorted(abs(value) for value in values)
    return ordered[int(0.95 * len(ordered))]


@pytest.mark.parametrize("tempo_bpm", [60.0, 97.3, 120.0, 181.0])
def test_a_steady_clock_is_held_within_a_millisecond(tempo_bpm: float) -> None:
    off_ms = [off for seed in range(4) for off in errors_ms([tempo_bpm] * 600, seed)[0][48:]]
    assert p95(off_ms) < 1.0


@pytest.mark.parametrize("tempo_bpm", [60.0, 97.3, 120.0, 181.0])
def test_a_clock_cut_to_cycles_is_held_within_a_millisecond(tempo_bpm: float) -> None:
    pulse, off_ms = Pulse(), []
    for at_s in clocks([tempo_bpm] * 600):
        pulse.hear((math.floor(at_s / JITTER_S) + 0.5) * JITTER_S)
        off_ms.append((pulse.at_s - at_s) * 1000.0)
    assert p95(off_ms[48:]) < 1.0


@pytest.mark.parametrize(("before", "after"), [(100, 140), (140, 100), (120, 60), (60, 180)])
def test_a_change_of_tempo_is_followed_within_a_beat(before: float, after: float) -> None:
    off_ms, off_bpm = [], []
    for seed in range(40):
        off, told = errors_ms([before] * 200 + [after] * 24, seed)
        off_ms.append(off[-1])
        off_bpm.append(told[-1] / after - 1.0)
    assert p95(off_ms) < 2.0
    assert p95(off_bpm) < 0.015


def test_a_ritardando_is_followed() -> None:
    ramp = [140.0] * 200 + [140.0 - 40.0 * n / 384 for n in range(384)] + [100.0] * 200
    off_ms = [off for seed in range(3) for off in errors_ms(ramp, seed)[0][200:]]
    assert p95(off_ms) < 4.0


def test_a_steady_clock_is_never_taken_for_a_change() -> None:
    rng, pulse = random.Random(1), Pulse()
    for number, at_s in enumerate(clocks([120.0] * 3000)):
        pulse.hear(at_s + rng.uniform(-0.5, 0.5) * JITTER_S)
        assert pulse.heard == min(number + 1, 192)


def test_after_a_pause_the_tempo_is_still_known() -> None:
    pulse = Pulse()
    for at_s in clocks([90.0] * 100):
        pulse.hear(at_s)
    pulse.restart()
    pulse.hear(5000.0)
    assert pulse.period_s == pytest.approx(60.0 / 24.0 / 90.0)
    assert pulse.at_s == 5000.0
    assert pulse.expected_s == pytest.approx(5000.0 + 60.0 / 24.0 / 90.0)


@given(st.lists(st.floats(0.0, 100.0), min_size=2, max_size=100).map(sorted))
def test_any_arrivals_give_a_tempo_in_range(arrivals: list[float]) -> None:
    pulse = Pulse()
    for at_s in arrivals:
        pulse.hear(at_s)
    assert pulse.period_s is not None
    assert FASTEST_S <= pulse.period_s <= SLOWEST_S
    assert math.isfinite(pulse.at_s)
