from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.clock.clock_out import ClockOut
from schmubert.bridge.clock.midi_clock import Clock, OwnTempo
from schmubert.bridge.clock.transport import Transport
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.bytes import song_position as position
from schmubert.bridge.protocol.messages import Heard, Moved
from schmubert.bridge.protocol.roles import Part, rig
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import Track
from tests.bridge.virtual_daw import CLOCK, CONTINUE, START, STOP

RIG = rig([Part("Keys", Track.MELODY)], [Part("Bass", Track.BASS, 0)], None, send_clock="Sync")
STANDS = Transport(0, False, Timeline(0.0, 0.0, 120.0))
PERIOD_S = 60.0 / 24 / 120.0


def rolls(passage: int, at_beat: float, at_s: float, tempo_bpm: float = 120.0) -> Transport:
    return Transport(passage, True, Timeline(at_beat, at_s, tempo_bpm))


def messages(sends: list[Send]) -> list[bytes]:
    return [send.message for send in sends]


def run(clock_out: ClockOut, transport: Transport, from_s: float, to_s: float) -> list[Send]:
    """Ask when it wants to be asked."""
    sends, now = clock_out.due(from_s, transport), from_s
    while (now := clock_out.next_s(transport)) <= to_s:
        sends += clock_out.due(now, transport)
    return sends


def test_clocks_come_evenly_while_the_music_stands() -> None:
    sends = run(ClockOut(1), STANDS, 5.0, 7.0)
    assert set(messages(sends)) == {CLOCK}
    assert {send.port for send in sends} == {1}
    times = [send.wanted_s or 0.0 for send in sends]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([PERIOD_S] * 96)


def test_a_start_is_told_with_the_clock_of_beat_0() -> None:
    clock_out = ClockOut(0)
    clock_out.due(5.0, STANDS)
    sends = run(clock_out, rolls(1, 0.0, 5.03), 5.03, 6.0)
    assert messages(sends[:3]) == [START, CLOCK, CLOCK]
    assert [send.wanted_s for send in sends[1:]] == pytest.approx(
        [5.03 + n * PERIOD_S for n in range(len(sends) - 1)]
    )


def test_a_stop_leaves_the_clocks_even() -> None:
    clock_out, rolling = ClockOut(0), rolls(1, 0.0, 5.0)
    sends = run(clock_out, rolling, 5.0, 6.0)
    standing = Transport(1, False, Timeline(rolling.timeline.beats(6.01), 6.01, 120.0))
    sends += run(clock_out, standing, 6.01, 7.0)
    assert messages(sends).count(STOP) == 1
    times = [send.wanted_s or 0.0 for send in sends if send.message == CLOCK]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([PERIOD_S] * (len(times) - 1))


def test_a_place_inside_the_song_is_told_as_its_next_sixteenth() -> None:
    sends = ClockOut(0).due(9.3, rolls(1, 6.1, 9.0))
    assert messages(sends)[:2] == [position(25), CONTINUE]
    assert sends[2].message == CLOCK
    assert sends[2].wanted_s == pytest.approx(9.0 + 0.15 / 2)


def test_a_jump_is_stop_position_and_continue_and_the_end_is_stop() -> None:
    clock_out = ClockOut(0)
    run(clock_out, rolls(1, 0.0, 5.0), 5.0, 6.99)
    assert messages(clock_out.due(7.0, rolls(2, 8.0, 7.0))) == [STOP, position(32), CONTINUE, CLOCK]
    assert messages(clock_out.finish()) == [STOP]
    assert messages(clock_out.due(7.01, Transport(2, False, Timeline(8.0, 7.0, 120.0)))) == [STOP]
    assert clock_out.finish() == []


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=40), st.floats(30.0, 300.0))
def test_no_clock_of_a_passage_is_left_out_however_late_it_is_asked(
    waits_s: list[float], tempo_bpm: float
) -> None:
    clock_out, now, clocks = ClockOut(0), 1.0, 0
    transport = rolls(1, 0.0, 1.0, tempo_bpm)
    for wait_s in waits_s:
        now += wait_s
        clocks += messages(clock_out.due(now, transport)).count(CLOCK)
    assert clocks == pytest.approx((now - 1.0) * tempo_bpm / 60.0 * 24 + 0.5, abs=0.51)


def test_a_bridge_that_follows_follows_it() -> None:
    """Law: who hears the clock that is sent is where the sender is."""
    sender = Owner(RIG, OwnTempo(133.0), Scheduler(RIG.plays))
    follower = Clock()
    now = 3.0

    def do(actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                assert action.port == RIG.clock_out
                follower.receive(now, action.message)

    for milliseconds in range(6000):
        now = 3.0 + milliseconds / 1000.0
        do(sender.tick(now))
        if milliseconds == 700:
            do(sender.receive(now, 0, b"\x90\x3c\x50"))
    assert follower.transport.rolling
    line = sender.clock.transport.timeline
    assert follower.transport.timeline.tempo_bpm == pytest.approx(133.0, rel=0.002)
    # it is asked every millisecond here, so each clock comes up to one late
    assert follower.transport.timeline.beats(now) == pytest.approx(line.beats(now), abs=0.003)
    do(sender.finish())
    assert not follower.transport.rolling


def test_internal_time_hears_no_clock() -> None:
    owner = Owner(RIG, OwnTempo(90.0), Scheduler(RIG.plays))
    for number in range(96):
        owner.receive(1.0 + number * PERIOD_S, 0, CLOCK)
    assert owner.receive(4.0, 0, START) == []
    told = [a.message for a in owner.receive(5.0, 0, b"\x90\x3c\x50") if isinstance(a, Tell)]
    assert told == [Moved(1, True, 0.0, 5.0, 90.0), Heard(5.0, int(Track.MELODY), 60, 80)]
    owner.receive(5.1, 0, STOP)
    assert owner.clock.transport.rolling
