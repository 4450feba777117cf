"""What breaks on a stage while the band plays, and what an independent recorder heard of it."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.live import processes
from tests.live.midi_server import wait_until
from tests.live.recorder import Event, sounding
from tests.live.stage import Bridge, Stage

SETTLES_S = 20.0
LONGEST_NOTE_BARS = 1.0
"""The model of these stages plays eighths: what sounds for a bar hangs."""


class Outcome(NamedTuple):
    """After a fault: the longest time without a new note, and how long the longest note was."""

    fault: str
    silence_bars: float
    longest_bars: float
    lines: int
    """What the bridge said of it."""

    @property
    def is_good(self) -> bool:
        """The music is back within a bar, and no note hangs."""
        return self.silence_bars <= 1.0 and self.longest_bars < LONGEST_NOTE_BARS


def brain_of(bridge: Bridge) -> int:
    """The brain that decides: the older one, since the other waits to follow it."""
    brains: list[int] = []

    def there() -> bool:
        brains[:] = sorted(bridge.brains(), key=_started)
        return bool(brains)

    wait_until(there, SETTLES_S, "a brain")
    return brains[0]


def is_settled(bridge: Bridge) -> bool:
    """Whether a brain waits to follow the one that decides, and has loaded what it needs."""
    brains = sorted(bridge.brains(), key=_started)
    if len(brains) != 2:
        return False
    try:
        maps = processes.maps_of(brains[1])
    except OSError:
        return False
    return "numpy" in maps and "libzmq" in maps and _sleeps(brains[1])


def _sleeps(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"
    except OSError:
        return False


def _started(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except OSError:
        return 1 << 62


def kill_brain(bridge: Bridge) -> None:
    os.kill(brain_of(bridge), signal.SIGKILL)


def freeze_brain(bridge: Bridge) -> None:
    os.kill(brain_of(bridge), signal.SIGSTOP)


def kill_engine(bridge: Bridge) -> None:
    os.kill(bridge.wait_for_engine(), signal.SIGKILL)


def freeze_engine(bridge: Bridge) -> None:
    """It hangs for a second and a half."""
    engine = bridge.wait_for_engine()
    os.kill(engine, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(engine, signal.SIGCONT)


def kill_both(bridge: Bridge) -> None:
    kill_engine(bridge)
    kill_brain(bridge)


FAULTS: dict[str, Callable[[Bridge], None]] = {
    "brain killed": kill_brain,
    "brain frozen": freeze_brain,
    "engine killed": kill_engine,
    "engine frozen": freeze_engine,
    "both killed": kill_both,
}


def inject(
    fault: str, stage: Stage, bridge: Bridge, bar_s: float, rng: random.Random, port: str = "bass"
) -> Outcome:
    """Let `fault` happen at a random moment of the next bar, and listen for three bars."""
    time.sleep(rng.random() * bar_s)
    before = len(bridge.log().splitlines())
    at_s = time.monotonic()
    FAULTS[fault](bridge)
    time.sleep(3.0 * bar_s + 0.5)
    until_s = time.monotonic() - 0.25  # what has reached the recorder's port is not printed yet
    heard = [event for event in stage.recorder.on(port) if at_s - bar_s <= event.time_s <= until_s]
    return Outcome(
        fault,
        longest_silence_s(heard, at_s, until_s) / bar_s,
        longest_note_s(stage.recorder.on(port), at_s - bar_s) / bar_s,
        len(bridge.log().splitlines()) - before,
    )


def longest_silence_s(heard: Iterable[Event], from_s: float, until_s: float) -> float:
    """The longest time in which no note began."""
    begins = [event.time_s for event in heard if event.is_onset]
    return max(
        (after - before for before, after in pairwise([*(begins or [from_s]), until_s])),
    )


def longest_note_s(events: Iterable[Event], from_s: float) -> float:
    """How long the longest note lasted that sounded after `from_s`; one that still does, so far."""
    begun: dict[tuple[int, int], float] = {}
    longest, last_s = 0.0, from_s
    for event in events:
        key, last_s = (event.channel, event.data[1]), event.time_s
        if event.is_onset:
            begun.setdefault(key, event.time_s)
        elif event.is_end and key in begun:
            lasted_s = event.time_s - begun.pop(key)
            longest = max(longest, lasted_s if event.time_s >= from_s else 0.0)
    return max([longest, *(last_s - began for began in begun.values())])


def hung(stage: Stage, port: str = "bass") -> set[tuple[int, int]]:
    """What sounds on `port` although nothing should."""
    return sounding(stage.recorder.on(port))
