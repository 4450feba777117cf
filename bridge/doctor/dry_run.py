"""Seconds of stage work without MIDI: how late notes would leave, how soon the engine answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from schmubert.bridge.brain.dialogue import Dialogue
from schmubert.bridge.brain.engine_link import EngineLink
from schmubert.bridge.brain.settings import Settings
from schmubert.bridge.owner.live import POLL_S, RealTime, Time, undisturbed
from schmubert.bridge.protocol.messages import GiveUp
from schmubert.engine.diffusion.horizon import horizon_at
from schmubert.engine.diffusion.recipe import WINDOW_BARS
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import HOLD, Track, onset_token
from schmubert.engine.service.wire import Constraints, Draft, Failed, Request, Welcome

STEP_S = 0.125  # a 16th at 120 BPM
PATIENCE_S = 20.0  # for a model to be loaded
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@dataclass(frozen=True)
class Trial:
    """Lateness of the turns of the loop at each 16th, and times to first drafts, all in ms.

    `asked` is how many times the engine was asked.
    """

    late_ms: list[float]
    first_ms: list[float]
    asked: int


def meet(link: EngineLink, passing: Time | None = None) -> Welcome:
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


def stage_asks(welcome: Welcome, count: int, window_bars: int = WINDOW_BARS) -> list[Request]:
    """What a bridge asks for beat after beat: bass and drums to a melody heard up to now."""
    tape = np.zeros((window_bars * STEPS_PER_BAR, len(Track)), np.int64)
    tape[::STEPS_PER_BEAT] = [onset_token(60), onset_token(36), 1]
    tape[::STEPS_PER_BEAT, Track.MELODY] = [
        onset_token(SCALE[beat * 5 % len(SCALE)]) for beat in range(len(tape) // STEPS_PER_BEAT)
    ]
    assert (tape[1::STEPS_PER_BEAT] == HOLD).all()
    now_step = (window_bars - 3) * STEPS_PER_BAR
    wanted = {Track.BASS: now_step + STEPS_PER_BEAT, Track.DRUMS: now_step + STEPS_PER_BEAT}
    about = horizon_at(tape, now_step, [Track.MELODY], wanted, window_bars=window_bars)
    settings = Settings(plays=tuple(wanted), window_bars=window_bars)
    dialogue = Dialogue(settings)
    dialogue.welcome(welcome)

    def commit_at(step: int) -> float:
        return (step - now_step) * STEP_S

    return [
        dialogue.ask(about, wanted, 0.0, commit_at, settings.temperature, Constraints())
        for _ in range(count)
    ]


def stage_work(
    link: EngineLink,
    welcome: Welcome,
    seconds: float,
    progress: Callable[[float], None] = lambda _: None,
    passing: Time | None = None,
) -> Trial:
    """Wake at each 16th as the owner of the ports does, and ask each beat as the brain does.

    `progress` is told the seconds that have passed, after each bar.
    """
    passing = passing or RealTime()
    steps = max(STEPS_PER_BAR, round(seconds / STEP_S))
    asks = iter(stage_asks(welcome, steps // STEPS_PER_BEAT + 1))
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
                if step % STEPS_PER_BEAT == 0 and under_way is None:
                    ask = next(asks)
                    under_way, asked = (ask.seq, passing.now()), asked + 1
                    link.ask(ask)
                if step % STEPS_PER_BAR == 0:
                    progress(now - begin_s)
                continue
            for answer in link.receive(now):
                if isinstance(answer, Failed):
                    raise ValueError(f"the engine cannot answer: {answer.reason}")
                if isinstance(answer, Draft) and under_way and answer.seq == under_way[0]:
                    first_ms.append(1000.0 * (passing.now() - under_way[1]))
                    under_way = None
            next_poll_s = passing.now() + POLL_S
            passing.wait_until(min(due_s, next_poll_s), exactly=due_s <= next_poll_s)
    return Trial(late_ms, first_ms, asked)
