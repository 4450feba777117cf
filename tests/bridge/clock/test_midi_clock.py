import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.clock.midi_clock import KEEPS_TIME_S, Clock
from schmubert.bridge.clock.transport import REST_BEATS, PositionUnit
from schmubert.bridge.protocol.bytes import song_position as position
from tests.bridge.clock.players import note_on
from tests.bridge.virtual_daw import CLOCK, CONTINUE, START, STOP


class Daw:
    """Sends to a clock what a DAW would, in virtual time."""

    def __init__(self, clock: Clock, tempo_bpm: float = 120.0) -> None:
        self.clock = clock
        self.tempo_bpm = tempo_bpm
        self.now = 50.0

    @property
    def period_s(self) -> float:
        return 60.0 / 24.0 / self.tempo_bpm

    def send(self, *messages: bytes) -> "Daw":
        for message in messages:
            self.clock.receive(self.now, message)
        return self

    def clocks(self, count: int, jitter_s: float = 0.0, rng: random.Random | None = None) -> "Daw":
        """Send clocks a period apart, the first one now."""
        for _ in range(count):
            late_s = rng.uniform(-0.5, 0.5) * jitter_s if rng else 0.0
            self.clock.receive(self.now + late_s, CLOCK)
            self.now += self.period_s
            self.clock.tick(self.now, idle=False)
        return self

    @property
    def beat(self) -> float:
        """The beat of the latest clock."""
        return self.clock.transport.timeline.beats(self.now - self.period_s)

    def pause(self, seconds: float) -> "Daw":
        for _ in range(round(seconds * 100)):
            self.now += 0.01
            self.clock.tick(self.now, idle=False)
        return self


def running(clocks: int = 96, tempo_bpm: float = 120.0) -> Daw:
    """A DAW that started at beat 0 and has sent so many clocks."""
    return Daw(Clock(), tempo_bpm).send(START).clocks(clocks)


def test_nothing_rolls_at_first() -> None:
    clock = Clock()
    assert clock.waits
    assert not clock.transport.rolling


def test_beat_0_is_the_first_clock_after_start() -> None:
    daw = Daw(Clock()).clocks(96)
    assert not daw.clock.transport.rolling
    assert not daw.clock.waits
    daw.send(START)
    assert not daw.clock.transport.rolling
    daw.clocks(1)
    assert daw.clock.transport.rolling
    assert daw.clock.transport.passage == 1
    assert daw.beat == pytest.approx(0.0, abs=1e-6)
    daw.clocks(36)
    assert daw.beat == pytest.approx(1.5, abs=1e-6)
    assert daw.clock.transport.timeline.tempo_bpm == pytest.approx(120.0)


def test_without_clocks_before_the_start_counts_from_its_first_clock() -> None:
    daw = Daw(Clock(), 90.0).send(START)
    first_s = daw.now
    daw.clocks(30)
    assert daw.clock.transport.rolling
    assert daw.clock.transport.timeline.seconds(0.0) == pytest.approx(first_s, abs=1e-6)


@given(
    st.lists(
        st.sampled_from([CLOCK, START, CONTINUE, STOP, position(0), position(16), position(999)]),
        max_size=80,
    ),
    st.sampled_from(list(PositionUnit)),
    st.sampled_from([None, 100.0]),
)
def test_any_order_of_messages_is_survived(
    messages: list[bytes], unit: PositionUnit, tempo_bpm: float | None
) -> None:
    clock = Clock(tempo_bpm, unit)
    passages = [0]
    for number, message in enumerate(messages):
        clock.receive(number * 0.02, message)
        clock.note(note_on(number * 0.02))
        clock.tick(number * 0.02, idle=False)
        passages.append(clock.transport.passage)
        assert 1.0 < clock.transport.timeline.tempo_bpm < 1000.0
    assert all(old <= new <= old + 2 for old, new in pairwise(passages))


def test_clocks_after_stop_do_not_move_the_position() -> None:
    daw = running(48).send(STOP)
    assert not daw.clock.transport.rolling
    stopped = daw.clock.transport
    daw.clocks(100)
    assert daw.clock.transport == stopped
    daw.send(CONTINUE).clocks(1)
    assert daw.clock.transport.rolling
    assert daw.clock.transport.passage == 2
    assert daw.beat == pytest.approx(2.0, abs=1e-6)


def test_clocks_after_stop_keep_the_tempo_warm() -> None:
    daw = running(48).send(STOP)
    daw.tempo_bpm = 150.0
    daw.clocks(96).send(CONTINUE).clocks(1)
    assert daw.clock.transport.timeline.tempo_bpm == pytest.approx(150.0, rel=0.01)


def test_continue_goes_on_at_the_song_position() -> None:
    daw = running(48).send(STOP).send(position(32), position(64)).clocks(17)
    daw.send(CONTINUE).clocks(25)
    assert daw.beat == pytest.approx(17.0, abs=1e-6)


def test_start_forgets_the_song_position() -> None:
    daw = running(48).send(STOP).send(position(64), START).clocks(13)
    assert daw.beat == pytest.approx(0.5, abs=1e-6)


def test_a_song_position_in_passing_is_a_jump() -> None:
    daw = running(48).send(position(16))
    assert daw.clock.armed_s == daw.now
    daw.clocks(1)
    assert daw.clock.transport.passage == 2
    assert daw.clock.transport.rolling
    assert daw.beat == pytest.approx(4.0, abs=1e-6)


def test_a_song_position_that_says_where_we_are_is_none() -> None:
    daw = running(48).send(position(8)).clocks(24)
    assert daw.clock.transport.passage == 1
    assert daw.beat == pytest.approx(71 / 24, abs=1e-6)


def test_position_and_continue_while_rolling_are_one_jump() -> None:
    daw = running(48).send(position(0), CONTINUE).clocks(1)
    assert daw.clock.transport.passage == 2
    assert daw.beat == pytest.approx(0.0, abs=1e-6)


def test_continue_while_rolling_changes_nothing() -> None:
    daw = running(48).send(CONTINUE).clocks(1)
    assert daw.clock.transport.passage == 1
    assert daw.beat == pytest.approx(2.0, abs=1e-6)


def test_positions_in_clocks_are_told_at_the_first_stop() -> None:
    daw = running(24 * 13).send(STOP).send(position(24 * 13))
    assert daw.clock.unit is PositionUnit.CLOCKS
    daw.send(CONTINUE).clocks(1)
    assert daw.beat == pytest.approx(13.0, abs=1e-6)
    daw.send(STOP, position(96), CONTINUE).clocks(1)
    assert daw.beat == pytest.approx(4.0, abs=1e-6)


def test_ardour_tells_its_unit_by_the_quarter_at_which_it_goes_on() -> None:
    """As Ardour 7.3 was seen to do: stopped after 207 clocks, it goes on at clock 216."""
    daw = running(207).send(STOP).pause(1.2).send(position(216), CONTINUE).clocks(1)
    assert daw.clock.unit is PositionUnit.CLOCKS
    assert daw.beat == pytest.approx(9.0, abs=1e-6)


def test_positions_in_sixteenths_are_told_at_the_first_stop() -> None:
    daw = running(24 * 13).send(STOP).send(position(4 * 13))
    assert daw.clock.unit is PositionUnit.SIXTEENTHS


@pytest.mark.parametrize(
    ("unit", "per_beat"), [(PositionUnit.CLOCKS, 24), (PositionUnit.SIXTEENTHS, 4)]
)
@pytest.mark.parametrize("beats", [5, 12])
def test_the_unit_is_told_wherever_in_the_song_it_began(
    unit: PositionUnit, per_beat: int, beats: int
) -> None:
    """Who rehearses from the chorus on never sends Start."""
    daw = Daw(Clock()).clocks(48).send(position(33 * per_beat), CONTINUE).clocks(24 * beats)
    assert daw.clock.unit is PositionUnit.AUTO
    daw.send(STOP).pause(1.0).send(position((33 + beats) * per_beat))
    assert daw.clock.unit is unit
    daw.send(CONTINUE).clocks(1)
    assert daw.beat == pytest.approx(33.0 + beats, abs=1e-6)


def test_a_run_too_short_tells_no_unit() -> None:
    daw = running(24).send(STOP).send(position(24))
    assert daw.clock.unit is PositionUnit.AUTO


@pytest.mark.parametrize("count", [0, 16, 500])
def test_a_position_elsewhere_tells_no_unit(count: int) -> None:
    daw = running(24 * 13).send(STOP).send(position(count))
    assert daw.clock.unit is PositionUnit.AUTO


def test_a_unit_that_was_given_is_kept() -> None:
    daw = Daw(Clock(unit=PositionUnit.CLOCKS)).send(position(96), CONTINUE).clocks(13)
    assert daw.beat == pytest.approx(4.5, abs=1e-6)


def test_a_lost_clock_is_bridged_and_then_held() -> None:
    daw = running(96).pause(KEEPS_TIME_S - 0.1)
    assert daw.clock.transport.rolling
    daw.pause(0.3)
    assert not daw.clock.transport.rolling
    held_at = daw.clock.transport.timeline.at_beat
    assert held_at == pytest.approx(4.0 + 2 * KEEPS_TIME_S, abs=0.1)


def test_it_is_said_that_the_clock_is_lost_until_it_or_stop_comes() -> None:
    daw = running(96).pause(KEEPS_TIME_S + 0.1)
    assert daw.clock.lost
    daw.clocks(1)
    assert not daw.clock.lost
    daw.pause(KEEPS_TIME_S + 0.1).send(STOP)
    assert not daw.clock.lost


def test_a_start_whose_clocks_come_much_later_is_a_start() -> None:
    daw = running(96).send(START).pause(KEEPS_TIME_S + 0.1)
    assert not daw.clock.transport.rolling
    daw.clocks(1)
    assert daw.beat == pytest.approx(0.0, abs=1e-6)


def test_a_clock_lost_at_once_after_the_first_start_is_counted_on() -> None:
    daw = Daw(Clock()).send(START).clocks(5).pause(KEEPS_TIME_S + 0.1).clocks(20)
    assert daw.beat == pytest.approx(24 / 24, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_tempo_of_three_clocks_is_no_tempo(seed: int) -> None:
    """Some DAWs begin to send clocks just before Start: two in jitter say any tempo."""
    rng = random.Random(seed)
    daw = Daw(Clock()).clocks(3, 0.0053, rng).send(START)
    first_s = daw.now
    daw.clocks(3, 0.0053, rng)
    assert not daw.clock.transport.rolling
    daw.clocks(20, 0.0053, rng)
    line = daw.clock.transport.timeline
    assert line.tempo_bpm == pytest.approx(120.0, rel=0.03)
    assert line.seconds(0.0) == pytest.approx(first_s, abs=0.015)


def test_a_clock_that_comes_back_in_time_finds_the_beat_kept() -> None:
    daw = running(96).pause(1.0).clocks(13)
    assert daw.clock.transport.passage == 1
    assert daw.beat == pytest.approx(6.5, abs=0.05)


def test_own_tempo_starts_bar_1_at_the_first_note() -> None:
    clock = Clock(tempo_bpm=100.0)
    assert not clock.waits
    clock.note(note_on(7.0))
    assert clock.transport.rolling
    assert clock.transport.timeline.beats(7.6) == pytest.approx(1.0)
    clock.note(note_on(8.0))
    assert clock.transport.passage == 1


def test_own_tempo_waits_for_a_first_note_again_after_a_rest() -> None:
    clock = Clock(tempo_bpm=120.0)
    clock.note(note_on(0.0))
    rest_s = REST_BEATS / 2.0
    clock.tick(rest_s + 1.0, idle=False)
    assert clock.transport.rolling
    clock.tick(rest_s + 1.0, idle=True)
    assert not clock.transport.rolling
    clock.note(note_on(30.0))
    assert clock.transport.passage == 2
    assert clock.transport.timeline.beats(30.0) == 0.0


def test_midi_clock_rules_over_the_own_tempo() -> None:
    clock = Clock(tempo_bpm=100.0)
    clock.note(note_on(49.0))
    daw = Daw(clock, 140.0).send(START).clocks(48)
    assert clock.transport.passage == 2
    assert clock.transport.timeline.tempo_bpm == pytest.approx(140.0)
    daw.send(STOP)
    clock.note(note_on(daw.now))
    assert not clock.transport.rolling, "the clock of the DAW still comes"


def test_a_note_without_clock_or_tempo_starts_nothing() -> None:
    clock = Clock()
    clock.note(note_on(1.0))
    assert not clock.transport.rolling
    assert clock.waits


@pytest.mark.parametrize("seed", range(5))
def test_beats_are_where_the_daw_has_them_in_jitter(seed: int) -> None:
    rng = random.Random(seed)
    daw = Daw(Clock(), 118.0).clocks(30, 0.0053, rng).send(START)
    first_s = daw.now
    daw.clocks(1, 0.0053, rng)
    off_ms = []
    for number in range(1, 400):
        daw.clocks(1, 0.0053, rng)
        true_s = first_s + number * daw.period_s
        off_ms.append(abs(daw.clock.transport.timeline.seconds(number / 24) - true_s) * 1000.0)
    off_ms.sort()
    assert off_ms[int(0.95 * len(off_ms))] < 1.0
