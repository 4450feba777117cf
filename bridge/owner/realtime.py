"""Time as it passes, and a thread that nothing holds up: sleep, spin, priority, no garbage."""

import contextlib
import gc
import os
import sys
import time
from collections.abc import Iterator
from typing import Protocol

POLL_S = 0.001
SPIN_S = 0.0004  # a sleep ends up to this late on an idle machine
PRIORITY = 40  # of SCHED_FIFO: below audio servers, above everything else
SWITCH_S = 0.0005  # how soon a thread that prints makes room for the music


class Time(Protocol):
    """What a loop lives in."""

    def now(self) -> float:
        """Monotonic seconds."""

    def wait_until(self, at_s: float, exactly: bool) -> None:
        """Return at `at_s`; `exactly` is worth some work of the processor."""


class RealTime:
    """Time as it passes."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wait_until(self, at_s: float, exactly: bool) -> None:
        """Sleep until `at_s`; `exactly`, wake a little before and spin the rest."""
        left_s = at_s - time.monotonic()
        if exactly:
            left_s -= SPIN_S
        if left_s > 0.0:
            time.sleep(left_s)
        while exactly and time.monotonic() < at_s:
            pass


def wait_for_next(passing: Time, now: float, due_s: float) -> None:
    """Wait, as seen at `now`, until `due_s`, or until it is time to poll if that comes first."""
    next_poll_s = now + POLL_S
    passing.wait_until(min(due_s, next_poll_s), exactly=due_s <= next_poll_s)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """No garbage collection, and real-time priority for this thread where the system allows."""
    switch_s = sys.getswitchinterval()
    collects = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    before = _raise_priority()
    try:
        yield
    finally:
        if before is not None:
            with contextlib.suppress(OSError):  # without rights, "reset on fork" stays
                os.sched_setscheduler(0, *before)
        sys.setswitchinterval(switch_s)
        gc.unfreeze()
        if collects:
            gc.enable()


def _raise_priority() -> "tuple[int, os.sched_param] | None":
    """Give this thread, not its children, real-time priority. Returns what it had before."""
    if not sys.platform.startswith("linux"):
        return None
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(PRIORITY))
    except OSError:  # not allowed to: most players' machines work well without
        return None
    return before
