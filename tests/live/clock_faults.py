"""What goes wrong with a clock: it stops, comes twice, trembles, or jumps."""

import time

from tests.live.stage import Bridge, Stage

STOPPED_S, SHORTLY_S = 3.0, 0.7
SPOILED_S = 4.0
JITTER_MS = 20.0
JUMPS_TO = 9  # the bar


def _for_a_while(word: str, seconds: float, stage: Stage) -> None:
    assert stage.wire is not None
    stage.wire.be(word)
    time.sleep(seconds)
    stage.wire.be("good")


def stop_clock(stage: Stage, _: Bridge) -> None:
    """The clock is cut off for longer than the band keeps the time by itself."""
    _for_a_while("cut", STOPPED_S, stage)


def lose_clocks(stage: Stage, _: Bridge) -> None:
    """Some of its clocks are lost."""
    _for_a_while("cut", SHORTLY_S, stage)


def double_clock(stage: Stage, _: Bridge) -> None:
    """Each clock comes twice, as from two cables."""
    _for_a_while("double", SPOILED_S, stage)


def shake_clock(stage: Stage, _: Bridge) -> None:
    """Each clock comes up to 20 ms late."""
    _for_a_while(f"jitter {JITTER_MS:g}", SPOILED_S, stage)


def jump(stage: Stage, _: Bridge) -> None:
    """The transport jumps while it rolls."""
    assert stage.wire is not None
    stage.wire.be(f"jump {16 * (JUMPS_TO - 1)}")
