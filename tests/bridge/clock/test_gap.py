"""What follows a gap in the clocks tells whether they were lost, came late, or the DAW stood."""

import math
import random
from collections.abc import Callable

import pytest

from schmubert.bridge.clock import midi_clock
from schmubert.bridge.clock.gap import STEADY
from schmubert.bridge.clock.midi_clock import KEEPS_TIME_S, Clock
from schmubert.bridge.protocol.bytes import CLOCK, CONTINUE, START, STOP, song_position
from tests.bridge.clock.players import note_on

CYCLE_S = 256 / 48000
GAPS_S = (0.4, 1.0, 1.7, 2.6, 3.0)
Arrival = Callable[[float], float]


def clean(_: random.Random) -> Arrival:
    return lambda at_s: at_s


def in_cycles(rng: random.Random) -> Arrival:
    phase_s = rng.random() * CYCLE_S
    return lambda at_s: (math.floor((at_s - phase_s) / CYCLE_S) + 1) * CYCLE_S + phase_s


class Stage:
    """A DAW and the clock that follows it; `position` is the DAW's, in clocks, of its next."""

    def __init__(self, tempo_bpm: float, arrival: Arrival, bars: int = 3) -> None:
        self.clock = Clock()
        self.period_s = 60.0 / 24 / tempo_bpm
        self.arrival = arrival
        self.now = 100.0
        self.position = 0
        self.passages: list[int] = []
        self.clock.receive(self.now, bytes((START,)))
        self.send(bars * 96)

    def send(self, count: int) -> "Stage":
        for _ in range(count):
            self._hear(self.arrival(self.now))
            self.now += self.period_s
            self.position += 1
        return self

    def lose(self, seconds: float) -> "Stage":
        """The DAW goes on, and its clocks are lost."""
        count = round(seconds / self.period_s)
        self.now += count * self.period_s
        self.position += count
        self._pass()
        return self

    def delay(self, seconds: float) -> "Stage":
        """The DAW goes on, and its clocks come at once when the time is over."""
        count = round(seconds / self.period_s)
        self.now += count * self.period_s
        self.position += count
        self._pass()
        for number in range(count):
            self._hear(self.now - 0.004 + 0.004 * number / count)
        return self

    def stand(self, seconds: float) -> "Stage":
        """The DAW stands still, and goes on from where it stood."""
        self.now += seconds
        self._pass()
        return self

    def _pass(self) -> None:
        """Time passes till just before the next clock."""
        at_s = self.clock._clocked_s
        while at_s < self.now - 0.02:
            at_s += 0.01
            self.clock.tick(at_s, idle=False)

    def _hear(self, at_s: float) -> None:
        self.clock.tick(at_s, idle=False)
        self.clock.receive(at_s, bytes((CLOCK,)))
        self.passages.append(self.clock.transport.passage)

    @property
    def off_clocks(self) -> float:
        """How far the music is from where the DAW has it, in clocks."""
        assert self.clock.transport.rolling
        beat = self.clock.transport.timeline.beats(self.arrival(self.now))
        return beat * 24 - self.position


def stages(arrival: Callable[[random.Random], Arrival]) -> list[Stage]:
    rng = random.Random(5)
    return [Stage(rng.choice((90.0, 120.0, 137.0)), arrival(rng)) for _ in GAPS_S]


@pytest.mark.parametrize("arrival", [clean, in_cycles])
def test_lost_clocks_are_counted_and_the_music_goes_on(
    arrival: Callable[[random.Random], Arrival],
) -> None:
    for stage, gap_s in zip(stages(arrival), GAPS_S, strict=True):
        stage.lose(gap_s).send(STEADY + 48)
        assert abs(stage.off_clocks) < 0.5, gap_s
        assert stage.clock.transport.passage == (1 if gap_s <= KEEPS_TIME_S else 2)


@pytest.mark.parametrize("arrival", [clean, in_cycles])
def test_clocks_that_come_late_in_a_burst_are_each_counted_once(
    arrival: Callable[[random.Random], Arrival],
) -> None:
    for stage, gap_s in zip(stages(arrival), GAPS_S, strict=True):
        stage.delay(gap_s).send(STEADY + 48)
        assert abs(stage.off_clocks) < 0.5, gap_s
        assert stage.clock.transport.passage == (1 if gap_s <= KEEPS_TIME_S else 2)
        assert stage.clock.transport.timeline.tempo_bpm * stage.period_s * 24 / 60 == (
            pytest.approx(1.0, rel=0.01)
        )


@pytest.mark.parametrize("arrival", [clean, in_cycles])
@pytest.mark.parametrize("phase", [0.3, 0.5, 0.7])
def test_where_the_daw_stood_still_the_music_goes_back_to_it(
    arrival: Callable[[random.Random], Arrival], phase: float
) -> None:
    for stage, gap_s in zip(stages(arrival), GAPS_S, strict=True):
        stage.stand((round(gap_s / stage.period_s) + phase) * stage.period_s).send(STEADY + 48)
        assert abs(stage.off_clocks) < 0.5, gap_s
        assert stage.clock.transport.passage == 2


@pytest.mark.parametrize("arrival", [clean, in_cycles])
def test_a_daw_that_stands_still_again_and_again_is_followed(
    arrival: Callable[[random.Random], Arrival],
) -> None:
    """Also where it does so before the last time is settled."""
    (stage, *_) = stages(arrival)
    for between in (200, 60, 5, 100, 5):
        stage.stand((70 + 0.45) * stage.period_s).send(between)
    stage.send(48)
    assert abs(stage.off_clocks) < 0.5


def test_until_it_is_known_the_music_goes_on() -> None:
    stage = Stage(120.0, clean(random.Random(1)))
    line = stage.clock.transport.timeline
    stage.stand(1.01).send(STEADY - 1)
    assert stage.clock.transport.timeline == line
    stage.send(1)
    assert stage.clock.transport.passage == 2


def test_a_daw_that_stands_for_long_is_waited_for() -> None:
    stage = Stage(120.0, clean(random.Random(1)))
    stage.stand(KEEPS_TIME_S + 3.01)
    assert stage.clock.lost
    stage.send(STEADY - 1)
    assert not stage.clock.transport.rolling
    stage.send(1)
    assert abs(stage.off_clocks) < 0.1


@pytest.mark.parametrize("gap_s", [1.005, 3.005])
def test_what_a_message_says_after_a_gap_goes_before_what_clocks_tell(gap_s: float) -> None:
    stage = Stage(120.0, clean(random.Random(1)))
    stage.stand(gap_s).send(3)
    for message in (bytes((STOP,)), song_position(64), bytes((CONTINUE,))):
        stage.clock.receive(stage.now - 0.001, message)
    stage.position = 16 * 24
    stage.send(30)
    assert abs(stage.off_clocks) < 0.5


def test_a_stop_in_a_gap_is_a_stop() -> None:
    stage = Stage(120.0, clean(random.Random(1)))
    stage.stand(3.005)
    stage.clock.receive(stage.now, bytes((STOP,)))
    stage.send(STEADY + 5)
    assert not stage.clock.transport.rolling
    stage.clock.receive(stage.now, bytes((CONTINUE,)))
    stage.position = 3 * 96
    stage.send(3)
    assert abs(stage.off_clocks) < 0.1


def test_an_own_tempo_goes_on_until_clocks_are_back() -> None:
    stage = Stage(120.0, clean(random.Random(1)))
    stage.clock.tempo_bpm = 90.0
    stage.stand(5.0)
    stage.clock.note(note_on(stage.now))
    assert stage.clock.transport.timeline.tempo_bpm == 90.0
    stage.send(20)
    assert stage.clock.transport.timeline.tempo_bpm == pytest.approx(120.0, rel=0.01)
    assert midi_clock.State.ROLLING is stage.clock.state
