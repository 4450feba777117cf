"""Seconds of stage work without MIDI: how late notes would leave, how soon the engine answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from schmubert.bridge.owner.realtime import RealTime, Time, undisturbed, wait_for_next
from schmubert.bridge.protocol.messages import GiveUp
from schmubert.engine.diffusion.defaults import WINDOW_BARS
from schmubert.engine.diffusion.horizon import Horizon, horizon_at
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import HOLD, TRIO, Track, onset_token
from schmubert.engine.service.wire import Draft, Failed, Request, Welcome

STEP_S = 0.125  # a 16th at 120 BPM, whatever cell it is
PATIENCE_S = 20.0  # for a model to be loaded
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
COMING_BARS = 3
"""How much of the window lies ahead."""


class Link(Protocol):
    """The way to an engine; no call waits."""

    @property
    def address(self) -> str:
        """Where the engine is."""

    def ask(self, request: Request) -> None:
        """Send a request."""

    def receive(self, now: float) -> Sequence[object]:
        """What the engine answered since, and what there is to say of it."""


@dataclass(frozen=True)
class DryRun:
    """Lateness of the turns of the loop at each cell, and times to first drafts, all in ms.

    `asked` is how many times the engine was asked.
    """

    late_ms: list[float]
    first_ms: list[float]
    asked: int


@dataclass(frozen=True)
class StageWindow:
    """What a bridge asks about: the window, and from which cell on it needs each role."""

    about: Horizon
    needed: dict[Track, int]
    now_step: int

    def commit_at(self, step: int) -> float:
        """When cell `step` becomes final, in seconds from now."""
        return (step - self.now_step) * STEP_S


def meet(link: Link, passing: Time | None = None) -> Welcome:
    """The engine's own words, once it answers; ValueError says why it does not."""
    passing = passing or RealTime()
    until_s = passing.now() + PATIENCE_S
    while passing.now() < until_s:
        for answer in link.receive(passing.now()):
            if isinstance(answer, Welcome):
                return answer
            if isinstance(answer, GiveUp):
                raise ValueError(answer.reason)
        passing.wait_until(passing.now() + 0.05, exactly=False)
    raise ValueError(f"no engine answers at {link.address}")


def stage_window(window_bars: int = WINDOW_BARS, meter: Meter = COMMON) -> StageWindow:
    """What is asked about beat after beat: bass and drums to a melody heard up to now."""
    tape = np.zeros((window_bars * meter.steps, len(TRIO)), np.int64)
    tape[:: meter.cells] = [onset_token(60), onset_token(36), 1]
    tape[:: meter.cells, Track.MELODY] = [
        onset_token(SCALE[beat * 5 % len(SCALE)]) for beat in range(len(tape) // meter.cells)
    ]
    assert (tape[1 :: meter.cells] == HOLD).all()
    now_step = (window_bars - COMING_BARS) * meter.steps
    needed = dict.fromkeys((Track.BASS, Track.DRUMS), now_step + meter.cells)
    about = horizon_at(tape, now_step, [Track.MELODY], needed, window_bars=window_bars, meter=meter)
    return StageWindow(about, needed, now_step)


def requests_in(seconds: float, meter: Meter = COMMON) -> int:
    """How many requests so many seconds of stage work in `meter` may take."""
    return _steps(seconds, meter) // meter.cells + 1


def stage_work(
    link: Link,
    requests: Iterable[Request],
    seconds: float,
    progress: Callable[[float], None] = lambda _: None,
    passing: Time | None = None,
    meter: Meter = COMMON,
) -> DryRun:
    """Wake at each cell as the owner of the ports does, and ask each beat as the brain does.

    There are at least `requests_in(seconds, meter)` of the `requests`. `progress` is told the
    seconds that have passed, after each bar.
    """
    passing = passing or RealTime()
    steps, coming = _steps(seconds, meter), iter(requests)
    late_ms: list[float] = []
    first_ms: list[float] = []
    under_way: tuple[int, float] | None = None
    asked = 0
    with undisturbed():
        begin_s = passing.now() + STEP_S
        while len(late_ms) < steps:
            now, step = passing.now(), len(late_ms)
            due_s = begin_s + step * STEP_S
            if now >= due_s:
                late_ms.append(1000.0 * (now - due_s))
                if step % meter.cells == 0 and under_way is None:
                    request = next(coming)
                    under_way, asked = (request.seq, passing.now()), asked + 1
                    link.ask(request)
                if step % meter.steps == 0:
                    progress(now - begin_s)
                continue
            for answer in link.receive(now):
                if isinstance(answer, Failed):
                    raise ValueError(f"the engine cannot answer: {answer.reason}")
                if isinstance(answer, Draft) and under_way and answer.seq == under_way[0]:
                    first_ms.append(1000.0 * (passing.now() - under_way[1]))
                    under_way = None
            wait_for_next(passing, passing.now(), due_s)
    return DryRun(late_ms, first_ms, asked)


def _steps(seconds: float, meter: Meter) -> int:
    return max(meter.steps, round(seconds / STEP_S))
