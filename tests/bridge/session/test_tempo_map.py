from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.session.tempo_map import (
    GRID_S,
    SETTLES_QUARTERS,
    STANDS_S,
    TICKS_PER_QUARTER,
    Places,
    TempoMap,
)
from schmubert.engine.music.meter import COMMON

TICK_S = 0.6 / TICKS_PER_QUARTER  # half a tick at 50 BPM is the coarsest here


def run(
    passage: int, tempos: list[float], from_beat: float = 0.0, at_s: float = 100.0
) -> list[Moved]:
    """A start, and a message on every beat, each beat in a tempo of its own."""
    moved = [Moved(passage, True, from_beat, at_s, tempos[0])]
    for number, tempo_bpm in enumerate(tempos, 1):
        at_s += 60.0 / tempo_bpm
        moved.append(Moved(passage, True, from_beat + number, at_s, tempo_bpm))
    return moved


def stop(last: Moved, after_s: float = 0.0) -> Moved:
    beat = last.at_beat + after_s * last.tempo_bpm / 60.0
    return Moved(last.passage, False, beat, last.at_s + after_s, last.tempo_bpm)


def tempo_map(moved: list[Moved], offset_s: float = 0.0, first_s: float | None = None) -> TempoMap:
    """The whole map of what the transport did; `first_s` is when the first note sounds."""
    places = Places(COMMON, offset_s)
    if first_s is not None:
        places.sound(first_s)
    reached = [place for one in moved for place in places.move(one)] or [places.begin()]
    grid = TempoMap(reached[0], COMMON)
    for place in reached[1:]:
        grid.reach(place)
    assert places.latest is not None
    grid.finish(places.latest.bpm)
    return grid


def seconds(grid: TempoMap, tick: int) -> float:
    """When `tick` sounds."""
    begins, us, clock = [one for one in grid.tempos if one.tick <= tick][-1]
    return grid.seconds(clock + (tick - begins) * us)


def bpms(grid: TempoMap) -> list[float]:
    return [round(60e6 / us, 2) for _, us, _ in grid.tempos]


@given(st.lists(st.floats(50.0, 240.0), min_size=1, max_size=40), st.floats(0.0, 30.0))
def test_beats_of_the_file_are_those_of_the_transport(tempos: list[float], before_s: float) -> None:
    moved = run(1, tempos)
    grid = tempo_map(moved, first_s=100.0 - before_s)
    start = grid.tick(100.0)
    assert start % (4 * TICKS_PER_QUARTER) == 0, "the first bar line is the song's"
    assert grid.zero_s <= 100.0 - before_s + 1e-9
    for one in moved:
        tick = start + round(one.at_beat) * TICKS_PER_QUARTER
        assert seconds(grid, tick) == pytest.approx(one.at_s, abs=GRID_S + 1e-4)


@given(
    st.lists(st.floats(50.0, 240.0), min_size=1, max_size=20),
    st.lists(st.floats(0.0, 60.0), max_size=20),
)
def test_ticks_and_seconds_agree(tempos: list[float], offsets: list[float]) -> None:
    grid = tempo_map(run(1, tempos), first_s=95.0)
    for offset in offsets:
        at_s = grid.zero_s + offset
        assert seconds(grid, grid.tick(at_s)) == pytest.approx(at_s, abs=TICK_S + 1e-6)
    ticks = [grid.tick(grid.zero_s + offset) for offset in sorted(offsets)]
    assert ticks == sorted(ticks)


def test_a_steady_clock_that_trembles_is_one_round_tempo() -> None:
    beat_s = 60.0 / 97.0
    moved = [
        Moved(1, True, float(beat), 10.0 + beat * beat_s + 0.0004 * (-1) ** beat, 97.0 + beat % 3)
        for beat in range(200)
    ]
    assert bpms(tempo_map(moved)) == [97.0]


def test_a_change_of_tempo_stands_where_it_was() -> None:
    grid = tempo_map(run(1, [100.0] * 8 + [140.0] * 8))
    assert [(tick // TICKS_PER_QUARTER, round(60e6 / us)) for tick, us, _ in grid.tempos] == [
        (0, 100),
        (8, 140),
    ]


def test_a_ritardando_is_followed_beat_by_beat() -> None:
    tempos = [120.0 - 4 * beat for beat in range(12)]
    assert bpms(tempo_map(run(1, tempos))) == pytest.approx(tempos, abs=0.5)


def test_a_loop_on_the_beat_goes_on_in_time() -> None:
    moved = run(1, [120.0] * 16)
    moved += run(2, [120.0] * 16, from_beat=4.0, at_s=moved[-1].at_s + 0.004)
    grid = tempo_map(moved)
    assert all(abs(60e6 / us - 120.0) < 3.0 for _, us, _ in grid.tempos)
    second = grid.tick(moved[-1].at_s)
    assert second == 32 * TICKS_PER_QUARTER


def test_after_a_stop_the_next_start_is_on_a_bar_line_again() -> None:
    first = run(1, [120.0] * 9)
    for rest_s in (1.1, 13.37, 200.0):
        end = stop(first[-1], 0.25)
        start_s = end.at_s + rest_s
        grid = tempo_map([*first, end, *run(2, [90.0] * 8, from_beat=17.0, at_s=start_s)])
        start = grid.tick(start_s)
        assert start == pytest.approx(
            TICKS_PER_QUARTER * (1 + 4 * round((start / TICKS_PER_QUARTER - 1) / 4)), abs=1
        ), "beat 17 is the second of its bar"
        assert seconds(grid, start) == pytest.approx(start_s, abs=GRID_S + 1e-4)
        slow = [bpm for bpm in bpms(grid) if not 30.0 < bpm < 260.0]
        assert slow == [], "the rest is told in a tempo that one can read"


def test_a_quick_stop_and_start_is_a_jump() -> None:
    first = run(1, [120.0] * 8)
    end = stop(first[-1])
    grid = tempo_map([*first, end, *run(2, [120.0] * 4, from_beat=0.0, at_s=end.at_s + 0.010)])
    assert grid.tick(end.at_s + 2.01) == pytest.approx(12 * TICKS_PER_QUARTER, abs=25)


def test_an_offset_is_taken_back() -> None:
    moved = run(1, [120.0] * 4)
    late = [Moved(m.passage, m.rolling, m.at_beat, m.at_s - 0.02, m.tempo_bpm) for m in moved]
    assert tempo_map(late, offset_s=-0.02).zero_s == pytest.approx(tempo_map(moved).zero_s)


def test_nothing_rolled() -> None:
    grid = tempo_map([], first_s=5.0)
    assert grid.tick(6.0) == 2 * TICKS_PER_QUARTER
    assert tempo_map([]).tick(0.5) == TICKS_PER_QUARTER
    assert tempo_map([Moved(0, False, 3.0, 2.0, 90.0)], first_s=5.0).tick(4.0) == 0


def test_tempos_stand_in_order() -> None:
    moved = run(1, [61.0, 200.0, 77.7] * 5)
    grid = tempo_map([*moved, *run(2, [99.0] * 5, 2.5, moved[-1].at_s + 0.3)])
    assert all(a.tick < b.tick for a, b in pairwise(grid.tempos))
    assert all(a.clock < b.clock for a, b in pairwise(grid.tempos))


@given(st.lists(st.floats(50.0, 240.0), min_size=1, max_size=80), st.lists(st.integers(0, 79)))
def test_what_is_settled_stays(tempos: list[float], stops: list[int]) -> None:
    """A tick that was told while the music went on is that of the whole map."""
    moved: list[Moved] = []
    for number, tempo_bpm in enumerate(tempos):
        at_s = moved[-1].at_s if moved else 100.0
        if number in stops:
            moved.append(stop(moved[-1], 0.3)) if moved else None
            at_s += 7.0
        moved += run(number + 1, [tempo_bpm] * 3, from_beat=float(number), at_s=at_s)
    places, grid = Places(COMMON), None
    told: list[tuple[float, int]] = []
    for one in moved:
        for place in places.move(one):
            if grid is None:
                grid = TempoMap(place, COMMON)
            else:
                grid.reach(place)
        assert grid is not None
        told += [(s, grid.tick(s)) for s in (one.at_s - 9.9, one.at_s) if s <= grid.settled_s]
    whole = tempo_map(moved)
    assert [whole.tick(at_s) for at_s, _ in told] == [tick for _, tick in told]


def test_little_waits() -> None:
    """What is not settled is no longer than a tempo takes to become round."""
    places = Places(COMMON)
    first, *moved = run(1, [120.0] * 200)
    (place,) = places.move(first)
    grid = TempoMap(place, COMMON)
    for one in moved:
        for place in places.move(one):
            grid.reach(place)
        if one.at_beat >= SETTLES_QUARTERS:
            assert grid.settled_s == pytest.approx(one.at_s, abs=GRID_S)
    end = stop(moved[-1])
    assert not list(places.move(end))
    for _ in range(3):
        (place,) = places.wait(places.latest.at_s + STANDS_S + 0.1)
        grid.reach(place)
        assert grid.settled_s == pytest.approx(place.at_s, abs=GRID_S)
    assert grid.tempos == [(0, 500000, 0)]
