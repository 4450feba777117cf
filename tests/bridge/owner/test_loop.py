from collections.abc import Callable
from itertools import pairwise
from math import inf

import pytest

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.brain_process import Brain, BrainError
from schmubert.bridge.owner.loop import Observer, perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.report import Report
from schmubert.bridge.protocol.bytes import NOTE_OFF, NOTE_ON
from schmubert.bridge.protocol.events import Ended, Record
from schmubert.bridge.protocol.messages import (
    Event,
    Heard,
    Moved,
    Play,
    Recall,
    Say,
    Settings,
    ToBrain,
    ToOwner,
)
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from tests.bridge.session.sessions import VirtualTime
from tests.bridge.virtual_daw import CLOCK, START, STOP

RIG = rig([input_part("DAW")], [output_part("Bass")], None)
SETUP = Settings(hears=(0,), plays=(1,))
TICK_S = 60.0 / 24.0 / 120.0
BEGAN_S = 100.0


class EveryBeat:
    """A brain in the same process: commits the next beat whenever it hears of one."""

    def __init__(self, log: list[ToBrain], lives: float = inf) -> None:
        self.log = log
        self.lives = lives
        self.said: list[ToOwner] = []

    @property
    def alive(self) -> bool:
        return len(self.log) < self.lives

    hangs = False

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


def stage(
    ports: MemoryPorts,
    passing: VirtualTime,
    until_s: float = inf,
    *,
    timing: Timing | None = None,
    say: Callable[[str], None] = lambda _: None,
    start_brain: Callable[[], Brain] = lambda: EveryBeat([]),
    observer: Observer | None = None,
) -> Report:
    """Perform in virtual time until then, with a brain that plays on every beat."""
    return perform(
        ports,
        RIG,
        SETUP,
        timing or Timing(),
        say=say,
        until=lambda now: now > until_s,
        observer=observer,
        start_brain=start_brain,
        passing=passing,
    )


def test_a_song_in_virtual_time() -> None:
    passing = VirtualTime(BEGAN_S)
    ports = MemoryPorts(song(8), clock=passing.now)
    log: list[ToBrain] = []
    lines: list[str] = []
    seen: list[ToBrain | ToOwner] = []
    result = stage(
        ports,
        passing,
        107.0,
        say=lines.append,
        observer=seen.append,
        start_brain=lambda: EveryBeat(log),
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
    stage(ports, passing, 103.9)
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
        stage(ports, passing)
    assert played(ports.sent)
    assert unended(ports.sent) == set()


def test_a_dead_brain_is_replaced_by_one_that_recalls_what_it_knew() -> None:
    passing = VirtualTime(BEGAN_S)
    ports = MemoryPorts(song(12), clock=passing.now)
    logs: list[list[ToBrain]] = []
    lines: list[str] = []

    def start() -> EveryBeat:
        logs.append([])
        return EveryBeat(logs[-1], lives=10 if len(logs) == 1 else inf)

    result = stage(ports, passing, 109.0, say=lines.append, start_brain=start)
    assert result.deaths == 1
    assert "the brain died" in "".join(lines)
    assert logs[1][0] == SETUP
    recall, moved = logs[1][1:3]
    assert isinstance(recall, Recall)
    decided = [told.what for told in recall.told if isinstance(told.what, Play)]
    assert [told.what for told in recall.told if told.what not in decided] == logs[0][1:]
    assert len(decided) == sum(isinstance(told, Moved) for told in logs[0])
    assert isinstance(moved, Moved)
    assert moved.passage == 1
    gaps = [later - at_s for (at_s, _), (later, _) in pairwise(played(ports.sent))]
    assert max(gaps) < 0.3, "what it had decided goes on until the next decides"
    assert unended(ports.sent) == set()


def test_a_brain_that_never_works_ends_the_show() -> None:
    passing = VirtualTime(BEGAN_S)
    with pytest.raises(BrainError, match="died 4 times"):
        stage(
            MemoryPorts(song(4), clock=passing.now),
            passing,
            start_brain=lambda: EveryBeat([], lives=0),
        )


def test_an_error_of_the_observer_is_not_lost() -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError

    passing = VirtualTime(BEGAN_S)
    with pytest.raises(ZeroDivisionError):
        stage(MemoryPorts(song(4), clock=passing.now), passing, 103.0, observer=fails)


def test_what_fails_beside_the_music_silences_nothing_else() -> None:
    def fails(_: object) -> None:
        failures.append(0)
        raise ZeroDivisionError

    failures: list[int] = []
    lines: list[str] = []
    seen: list[Record] = []
    passing = VirtualTime(BEGAN_S)
    brain = EveryBeat([])
    brain.said.append(Say("bar 2: I come in"))
    with pytest.raises(ZeroDivisionError):
        perform(
            MemoryPorts(song(4), clock=passing.now),
            RIG,
            SETUP,
            Timing(),
            say=lines.append,
            until=lambda now: now > 103.0,
            observer=fails,
            witness=seen.append,
            start_brain=lambda: brain,
            passing=passing,
        )
    assert len(failures) == 1, "what failed is called no more"
    assert "bar 2: I come in" in lines
    assert isinstance(seen[-1].what, Ended)


def test_an_offset_moves_every_note() -> None:
    starts = []
    for offset_s in (0.0, -0.02):
        passing = VirtualTime(BEGAN_S)
        ports = MemoryPorts(song(4), clock=passing.now)
        stage(ports, passing, 106.0, timing=Timing(offset_s=offset_s))
        starts.append(played(ports.sent)[0][0])
    assert starts[1] - starts[0] == pytest.approx(-0.02, abs=0.002)


def test_what_the_brain_says_is_a_line() -> None:
    passing = VirtualTime(BEGAN_S)
    brain = EveryBeat([])
    brain.said.append(Say("bar 2: I come in"))
    lines: list[str] = []
    stage(
        MemoryPorts(clock=passing.now), passing, 100.1, say=lines.append, start_brain=lambda: brain
    )
    assert lines == ["bar 2: I come in"]
