import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.brain_process import BrainError, BrainProcess
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.owner import GaveUpError
from schmubert.bridge.owner.realtime import RealTime
from schmubert.bridge.owner.report import Report, report_on
from schmubert.bridge.protocol.bytes import NOTE_OFF, NOTE_ON
from schmubert.bridge.protocol.messages import (
    Event,
    Heard,
    Moved,
    Play,
    Say,
    Setup,
    ToBrain,
    ToOwner,
)
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from tests.bridge.session.sessions import VirtualTime
from tests.bridge.virtual_daw import CLOCK, START, STOP

FAKE_BRAIN = Path(__file__).with_name("fake_brain.py")
RIG = rig([input_part("DAW")], [output_part("Bass")], None)
SETUP = Setup(hears=(0,), plays=(1,))
TICK_S = 60.0 / 24.0 / 120.0
BEGAN_S = 100.0


class EveryBeat:
    """A brain in the same process: commits the next beat whenever it hears of one."""

    def __init__(self, log: list[ToBrain], lives: float = float("inf")) -> None:
        self.log = log
        self.lives = lives
        self.said: list[ToOwner] = []

    @property
    def alive(self) -> bool:
        return len(self.log) < self.lives

    def tell(self, message: ToBrain) -> None:
        self.log.append(message)
        if isinstance(message, Moved) and message.rolling:
            beat = float(round(message.at_beat) + 1)
            events = (Event(beat, 40, 90), Event(beat + 0.5, 40, 0), Event(beat + 0.5, 43, 80))
            offs = (Event(beat, 43, 0),)
            self.said.append(Play(message.passage, 1, beat, beat + 1.0, events + offs))

    def listen(self) -> list[ToOwner]:
        said, self.said = self.said, []
        return said

    def close(self, patience_s: float = 1.0) -> None: ...


def song(beats: int, stop: bool = True) -> list[tuple[float, int, bytes]]:
    """A bar of clocks, then Start, clocks and a note on each beat, and Stop."""
    script = [(number * TICK_S, 0, CLOCK) for number in range(24 * (4 + beats))]
    script += [(96 * TICK_S - 0.001, 0, START)]
    for beat in range(beats):
        at_s = (96 + 24 * beat) * TICK_S
        script += [(at_s + 0.001, 0, bytes((NOTE_ON, 60, 90)))]
        script += [(at_s + 0.300, 0, bytes((NOTE_OFF, 60, 0)))]
    if stop:
        script += [((96 + 24 * beats) * TICK_S - 0.001, 0, STOP)]
    return script


def unended(sent: list[tuple[float, int, bytes]]) -> set[tuple[int, int, int]]:
    sounding: set[tuple[int, int, int]] = set()
    for _, port, (status, pitch, _) in sent:
        key = (port, status & 0x0F, pitch)
        if status & 0xF0 == NOTE_ON:
            sounding.add(key)
        else:
            sounding.discard(key)
    return sounding


def played(sent: list[tuple[float, int, bytes]]) -> list[tuple[float, int]]:
    return [(at_s, message[1]) for at_s, _, message in sent if message[0] == NOTE_ON]


def test_a_song_in_virtual_time() -> None:
    passing = VirtualTime(BEGAN_S)
    ports = MemoryPorts(song(8), clock=passing.now)
    log: list[ToBrain] = []
    lines: list[str] = []
    seen: list[ToBrain | ToOwner] = []
    result = perform(
        ports,
        RIG,
        SETUP,
        Timing(),
        say=lines.append,
        until=lambda now: now > 107.0,
        observer=seen.append,
        start_brain=lambda: EveryBeat(log),
        passing=passing,
    )
    notes = played(ports.sent)
    assert len(notes) == result.note_ons == 14
    first_beat_s = 100.0 + 2.0 + 0.5
    for number, (at_s, pitch) in enumerate(notes):
        assert at_s == pytest.approx(first_beat_s + number * 0.25, abs=0.0011)
        assert pitch == (40, 43)[number % 2]
    assert unended(ports.sent) == set()
    assert log[0] == SETUP
    assert len([message for message in log if isinstance(message, Heard)]) == 16
    assert [message for message in seen if not isinstance(message, Play)] == log[1:]
    assert sum(isinstance(message, Play) for message in seen) >= 8
    assert lines[0] == "started at bar 1, beat 1, 120.0 BPM"
    assert lines[-1] == "stopped at bar 2, beat 4", "a Stop just before the downbeat"
    assert not ports.closed


def test_the_end_ends_every_note() -> None:
    passing = VirtualTime(BEGAN_S)
    ports = MemoryPorts(song(8, stop=False), clock=passing.now)
    perform(
        ports,
        RIG,
        SETUP,
        Timing(),
        say=lambda _: None,
        until=lambda now: now > 103.9,
        start_brain=lambda: EveryBeat([]),
        passing=passing,
    )
    assert ports.sent[-1][2][0] == NOTE_OFF
    assert unended(ports.sent) == set()


def test_an_error_ends_every_note_and_is_raised() -> None:
    class Broken(MemoryPorts):
        def poll(self) -> list[tuple[float, int, bytes]]:
            if passing.now() > 103.9:
                raise OSError("the interface was unplugged")
            return super().poll()

    passing = VirtualTime(BEGAN_S)
    ports = Broken(song(8), clock=passing.now)
    with pytest.raises(OSError, match="unplugged"):
        perform(
            ports,
            RIG,
            SETUP,
            Timing(),
            say=lambda _: None,
            start_brain=lambda: EveryBeat([]),
            passing=passing,
        )
    assert played(ports.sent)
    assert unended(ports.sent) == set()


def test_a_dead_brain_is_replaced_and_what_it_left_is_ended() -> None:
    passing = VirtualTime(BEGAN_S)
    ports = MemoryPorts(song(12), clock=passing.now)
    logs: list[list[ToBrain]] = []
    lines: list[str] = []

    def start() -> EveryBeat:
        logs.append([])
        return EveryBeat(logs[-1], lives=10 if len(logs) == 1 else float("inf"))

    result = perform(
        ports,
        RIG,
        SETUP,
        Timing(),
        say=lines.append,
        until=lambda now: now > 109.0,
        start_brain=start,
        passing=passing,
    )
    assert result.deaths == 1
    assert "the brain died" in "".join(lines)
    assert logs[1][0] == SETUP
    assert isinstance(logs[1][1], Moved)
    assert logs[1][1].passage == 1
    gaps = [later - at_s for (at_s, _), (later, _) in pairwise(played(ports.sent))]
    assert max(gaps) < 1.2, "the next beat but one has its notes again"
    assert unended(ports.sent) == set()


def test_a_brain_that_keeps_dying_ends_the_show() -> None:
    passing = VirtualTime(BEGAN_S)
    with pytest.raises(BrainError, match="died 4 times"):
        perform(
            MemoryPorts(song(4), clock=passing.now),
            RIG,
            SETUP,
            Timing(),
            say=lambda _: None,
            start_brain=lambda: EveryBeat([], lives=0),
            passing=passing,
        )


def test_an_error_of_the_observer_is_not_lost() -> None:
    passing = VirtualTime(BEGAN_S)
    with pytest.raises(ZeroDivisionError):
        perform(
            MemoryPorts(song(4), clock=passing.now),
            RIG,
            SETUP,
            Timing(),
            say=lambda _: None,
            until=lambda now: now > 103.0,
            observer=lambda _: 1 // 0,  # type: ignore[arg-type]
            start_brain=lambda: EveryBeat([]),
            passing=passing,
        )


def test_an_offset_moves_every_note() -> None:
    starts = []
    for offset_s in (0.0, -0.02):
        passing = VirtualTime(BEGAN_S)
        ports = MemoryPorts(song(4), clock=passing.now)
        perform(
            ports,
            RIG,
            SETUP,
            Timing(offset_s=offset_s),
            say=lambda _: None,
            until=lambda now: now > 106.0,
            start_brain=lambda: EveryBeat([]),
            passing=passing,
        )
        starts.append(played(ports.sent)[0][0])
    assert starts[1] - starts[0] == pytest.approx(-0.02, abs=0.002)


def test_a_report_reads_as_a_line() -> None:
    text = str(report_on(3, 1, 0, [0.001, 0.002, 0.01]))
    assert text == (
        "3 notes played, 1 came too late and were left out; sent after their time by"
        " 2.00 ms (p50), 10.00 (p99), 10.00 (max)"
    )
    assert str(report_on(0, 0, 0, [])) == "nothing was played"


# In real time, with the brain as a process


def live(
    how: str,
    seconds: float,
    meanwhile: Callable[[list[BrainProcess], list[str]], None] = lambda *_: None,
) -> tuple[MemoryPorts, Report, list[str]]:
    """Play for so long with the fake brain as a process, at an own tempo from a first note."""
    brains: list[BrainProcess] = []
    lines: list[str] = []

    def start() -> BrainProcess:
        brains.append(BrainProcess((sys.executable, str(FAKE_BRAIN), how)))
        return brains[-1]

    ports = MemoryPorts([(0.4, 0, bytes((NOTE_ON, 60, 90)))])
    thread = threading.Thread(target=meanwhile, args=(brains, lines))
    thread.start()
    until_s = time.monotonic() + seconds
    try:
        result = perform(
            ports,
            RIG,
            SETUP,
            Timing(tempo_bpm=200.0),
            say=lines.append,
            until=lambda now: now > until_s,
            start_brain=start,
        )
    finally:
        thread.join()
    assert all(not brain.alive for brain in brains)
    return ports, result, lines


def wait_for(what: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10.0
    while not what():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_a_killed_brain_process_is_replaced() -> None:
    def kill(brains: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines)
        time.sleep(0.7)
        os.kill(brains[0].pid, signal.SIGKILL)

    ports, result, lines = live("plays", 3.0, kill)
    assert result.deaths == 1
    assert lines.count("here I am") == 2
    assert any("the brain died" in line for line in lines)
    assert unended(ports.sent) == set()
    dead_s = [at_s for at_s, _, message in ports.sent if message[0] == NOTE_ON]
    assert dead_s[-1] > time.monotonic() - 1.0, "the new one plays"


def test_a_note_of_a_killed_brain_is_ended_at_once() -> None:
    ends: list[float] = []

    def kill(brains: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines)
        time.sleep(0.7)
        ends.append(time.monotonic())
        os.kill(brains[0].pid, signal.SIGKILL)

    ports, _, _ = live("holds", 4.0, kill)
    before = [message[0] for at_s, _, message in ports.sent if at_s < ends[0]]
    assert before[-1] == NOTE_ON, "a note sounded when it died"
    after = next(at_s for at_s, _, message in ports.sent if at_s >= ends[0])
    assert after - ends[0] < 0.1
    assert unended(ports.sent) == set()


def test_a_brain_that_gives_up_says_why() -> None:
    with pytest.raises(GaveUpError, match="no model at all"):
        live("gives-up", 10.0)


def test_a_brain_that_dies_at_once_is_an_error() -> None:
    with pytest.raises(BrainError):
        live("dies", 10.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_show_and_every_note(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def end(_: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines)
        time.sleep(0.5)
        os.kill(os.getpid(), number)

    began_s = time.monotonic()
    ports, result, _ = live("holds", 30.0, end)
    assert time.monotonic() - began_s < 10.0
    assert result.note_ons > 0
    assert unended(ports.sent) == set()
    assert signal.getsignal(number) is before


def test_waiting_exactly_is_exact() -> None:
    passing = RealTime()
    late_s = []
    for _ in range(30):
        at_s = passing.now() + 0.005
        passing.wait_until(at_s, exactly=True)
        late_s.append(passing.now() - at_s)
    assert min(late_s) >= 0.0
    assert sorted(late_s)[15] < 0.001


def test_what_the_brain_says_is_a_line() -> None:
    passing = VirtualTime(BEGAN_S)
    brain = EveryBeat([])
    brain.said.append(Say("bar 2: I come in"))
    lines: list[str] = []
    perform(
        MemoryPorts(clock=passing.now),
        RIG,
        SETUP,
        Timing(),
        say=lines.append,
        until=lambda now: now > 100.1,
        start_brain=lambda: brain,
        passing=passing,
    )
    assert lines == ["bar 2: I come in"]
