"""The brain as a process of its own, in real time, that dies and is killed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.actions import GaveUpError
from schmubert.bridge.owner.brain_process import BrainError, BrainProcess
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.report import Report
from schmubert.bridge.protocol.bytes import NOTE_ON
from tests.bridge.owner.test_loop import RIG, SETUP, unended

FAKE_BRAIN = Path(__file__).with_name("fake_brain.py")
PATIENCE_S = 60.0
"""A busy machine takes seconds to start a process; what comes sooner ends the wait."""


def live(
    how: str,
    seconds: float,
    meanwhile: Callable[[list[BrainProcess], list[str]], None] | None = None,
) -> tuple[MemoryPorts, Report, list[str]]:
    """Play with the fake brain as a process, at an own tempo from a first note on.

    It lasts for `seconds`, after `meanwhile` if there is any.
    """
    brains: list[BrainProcess] = []
    lines: list[str] = []

    def start() -> BrainProcess:
        brains.append(BrainProcess((sys.executable, str(FAKE_BRAIN), how)))
        return brains[-1]

    ports = MemoryPorts([(0.4, 0, bytes((NOTE_ON, 60, 90)))])
    ends_s = [] if meanwhile else [time.monotonic() + seconds]

    def happen() -> None:
        if meanwhile is not None:
            try:
                meanwhile(brains, lines)
            finally:
                ends_s.append(time.monotonic() + seconds)

    thread = threading.Thread(target=happen)
    thread.start()
    try:
        result = perform(
            ports,
            RIG,
            SETUP,
            Timing(tempo_bpm=200.0),
            say=lines.append,
            until=lambda now: bool(ends_s) and now > ends_s[0],
            start_brain=start,
        )
    finally:
        thread.join()
    assert all(not brain.alive for brain in brains)
    return ports, result, lines


def wait_for(what: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until_s
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGKILL, "the brain died: another goes on"),
        (signal.SIGSTOP, "the brain hangs: another goes on"),
    ],
)
def test_a_brain_process_that_dies_or_hangs_is_replaced(number: signal.Signals, said: str) -> None:
    back_s: list[float] = []

    def end(brains: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines)
        time.sleep(0.7)
        os.kill(brains[0].pid, number)
        wait_for(lambda: lines.count("here I am") == 2)
        back_s.append(time.monotonic())

    ports, result, lines = live("plays", 1.5, end)
    assert result.deaths == 1
    assert lines.count(said) == 1
    assert unended(ports.sent) == set()
    onsets_s = [at_s for at_s, _, message in ports.sent if message[0] == NOTE_ON]
    assert onsets_s[-1] > back_s[0] + 2 * 60.0 / 200.0, "more than was planned: the new one plays"


def test_the_brain_that_waits_may_die_or_hang_too() -> None:
    def end_both(brains: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines and len(brains) == 2)
        os.kill(brains[1].pid, signal.SIGKILL)
        os.kill(brains[0].pid, signal.SIGKILL)
        wait_for(lambda: lines.count("here I am") == 2)

    _, result, lines = live("plays", 0.1, end_both)
    assert result.deaths in (1, 2), "that it died may be seen only when it has taken over"
    assert lines.count("here I am") == 2


def test_a_note_of_a_killed_brain_lasts_no_longer_than_it_should() -> None:
    ends: list[float] = []

    def kill(brains: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines)
        time.sleep(0.7)
        ends.append(time.monotonic())
        os.kill(brains[0].pid, signal.SIGKILL)

    ports, _, _ = live("holds", 2.0, kill)
    before = [message[0] for at_s, _, message in ports.sent if at_s < ends[0]]
    assert before[-1] == NOTE_ON, "a note sounded when it died"
    after = next(at_s for at_s, _, message in ports.sent if at_s >= ends[0])
    assert after - ends[0] < 2.0 * 60.0 / 200.0, "half a beat after the last that was decided"
    assert unended(ports.sent) == set()


def test_a_brain_that_gives_up_says_why() -> None:
    with pytest.raises(GaveUpError, match="no model at all"):
        live("gives-up", PATIENCE_S)


def test_a_brain_that_dies_at_once_is_an_error() -> None:
    with pytest.raises(BrainError):
        live("dies", PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_show_and_every_note(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    told_s: list[float] = []

    def end(_: list[BrainProcess], lines: list[str]) -> None:
        wait_for(lambda: "heard 60" in lines)
        time.sleep(0.5)
        told_s.append(time.monotonic())
        os.kill(os.getpid(), number)

    ports, result, _ = live("holds", PATIENCE_S, end)
    assert time.monotonic() - told_s[0] < PATIENCE_S / 2
    assert result.note_ons > 0
    assert unended(ports.sent) == set()
    assert signal.getsignal(number) is before
