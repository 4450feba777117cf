"""What breaks on a stage while the band plays, and what an independent recorder heard of it."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.live import clock_faults, processes
from tests.live.midi_server import wait_until
from tests.live.recorder import Event, sounding
from tests.live.stage import Bridge, Stage

SETTLES_S = 20.0
FROZEN_S, SUSPENDED_S = 1.5, 5.0
LONGEST_NOTE_BARS = 1.0
"""The model of these stages plays eighths: what sounds for a bar hangs."""


class Outcome(NamedTuple):
    """After a fault: the longest time without a new note, and how long the longest note was.

    Where nothing can be played as long as the fault lasts, it counts from its end.
    """

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


def kill_brain(_: Stage, bridge: Bridge) -> None:
    os.kill(brain_of(bridge), signal.SIGKILL)


def freeze_brain(_: Stage, bridge: Bridge) -> None:
    os.kill(brain_of(bridge), signal.SIGSTOP)


def kill_engine(_: Stage, bridge: Bridge) -> None:
    os.kill(bridge.wait_for_engine(), signal.SIGKILL)


def freeze_engine(_: Stage, bridge: Bridge) -> None:
    """It hangs for a second and a half."""
    _freeze([bridge.wait_for_engine()], FROZEN_S)


def kill_both(stage: Stage, bridge: Bridge) -> None:
    kill_engine(stage, bridge)
    kill_brain(stage, bridge)


def freeze_owner(_: Stage, bridge: Bridge) -> None:
    """Who owns the ports hangs; what sounds then sounds on until it is back."""
    _freeze([bridge.pid], FROZEN_S)


def suspend(stage: Stage, _: Bridge) -> None:
    """Everything stands, as on a computer whose lid is closed."""
    _freeze(stage.processes(), SUSPENDED_S)


def _freeze(pids: Sequence[int], seconds: float) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)


class Fault(NamedTuple):
    """How it is made to happen, and what the bridge says of it, if that is one line."""

    make: Callable[[Stage, Bridge], None]
    says: str = ""
    stands: bool = False
    """Nothing can be played as long as it lasts."""
    wired: bool = False
    """The clock has to run through a wire."""

    @property
    def ends_brain(self) -> bool:
        return "brain" in self.says


DIED, HANGS = "the brain died: another goes on", "the brain hangs: another goes on"

FAULTS: dict[str, Fault] = {
    "brain killed": Fault(kill_brain, DIED),
    "brain frozen": Fault(freeze_brain, HANGS),
    "engine killed": Fault(kill_engine),
    "engine frozen": Fault(freeze_engine),
    "both killed": Fault(kill_both, DIED),
    "owner frozen": Fault(freeze_owner, stands=True),
    "machine suspended": Fault(suspend, stands=True),
    "clock stopped": Fault(clock_faults.stop_clock, "the clock is gone", stands=True, wired=True),
    "clocks lost": Fault(clock_faults.lose_clocks, wired=True),
    "clock doubled": Fault(clock_faults.double_clock, wired=True),
    "clock shaken": Fault(clock_faults.shake_clock, wired=True),
    "jump": Fault(clock_faults.jump, f"started at bar {clock_faults.JUMPS_TO}", wired=True),
}


def inject(
    fault: str, stage: Stage, bridge: Bridge, bar_s: float, rng: random.Random, port: str = "bass"
) -> Outcome:
    """Let `fault` happen at a random moment of the next bar, and listen for three bars."""
    time.sleep(rng.random() * bar_s)
    before = len(bridge.log().splitlines())
    at_s = time.monotonic()
    FAULTS[fault].make(stage, bridge)
    from_s = time.monotonic() if FAULTS[fault].stands else at_s - bar_s
    time.sleep(3.0 * bar_s + 0.5)
    until_s = time.monotonic() - 0.25  # what has reached the recorder's port is not printed yet
    return Outcome(
        fault,
        longest_silence_s(stage.recorder.on(port), from_s, until_s) / bar_s,
        longest_note_s(stage.recorder.on(port), from_s) / bar_s,
        len(bridge.log().splitlines()) - before,
    )


def longest_silence_s(events: Iterable[Event], from_s: float, until_s: float) -> float:
    """The longest time between these two in which no note began."""
    onsets = [event.time_s for event in events if event.is_onset]
    begins = [at_s for at_s in onsets if from_s <= at_s <= until_s]
    return max(after - before for before, after in pairwise([from_s, *begins, until_s]))


def longest_note_s(events: Iterable[Event], from_s: float) -> float:
    """How long after `from_s` the longest note sounded; one that still does, so far."""
    begun: dict[tuple[int, int], float] = {}
    longest, last_s = 0.0, from_s
    for event in events:
        key, last_s = (event.channel, event.data[1]), max(from_s, event.time_s)
        if event.is_onset:
            begun.setdefault(key, last_s)
        elif event.is_end and key in begun:
            longest = max(longest, last_s - begun.pop(key))
    return max([longest, *(last_s - began for began in begun.values())])


def hung(stage: Stage, port: str = "bass") -> set[tuple[int, int]]:
    """What sounds on `port` although nothing should."""
    return sounding(stage.recorder.on(port))
