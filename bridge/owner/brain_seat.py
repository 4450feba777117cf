"""The brain's place on the stage: whoever dies or hangs there is followed by another at once."""

import contextlib
from collections.abc import Callable, Sequence
from math import inf

from schmubert.bridge.owner.brain_process import Brain, BrainError
from schmubert.bridge.owner.memory import Memory
from schmubert.bridge.owner.vigil import Pauses
from schmubert.bridge.protocol.messages import FromBrain, Kept, Settings, ToBrain
from schmubert.bridge.protocol.process import LEAVE_S

MOST_STILLBORN = 4
"""Brains that die before any has ever worked; then there is nothing to wait for."""
NO_PROCESS_S = 1.0
WAITS_AGAIN_S = 10.0
"""How long after one that waited died, another is let wait."""


class BrainSeat:
    """A brain that decides, and one that waits with all it needs loaded, to follow it.

    What the one knew the other is told, unless several died young: then it may be what they knew
    that they died of. No call waits for a brain.
    """

    def __init__(
        self,
        start: Callable[[], Brain],
        setup: Settings,
        now: float,
        variations: Sequence[Kept] = (),
    ) -> None:
        self.deaths = 0
        """Brains that died or had to be ended."""
        self._start, self._setup = start, setup
        self._memory = Memory()
        self._pauses = Pauses()
        self._waits: Brain | None = None
        self._waits_from_s = 0.0
        self._next_s = inf
        self._worked = False  # any brain, ever
        self._brain: Brain | None = start()
        self._brain.tell(setup)
        for kept in variations:
            self._memory.keep(now, kept)
        if variations:
            self._brain.tell(self._memory.recall())
        self._pauses.began(now)

    def tell(self, now: float, message: ToBrain) -> None:
        """Pass `message` on, and keep it for whoever follows."""
        self._memory.keep(now, message)
        if self._brain is not None:
            self._brain.tell(message)

    def listen(self, now: float) -> Sequence[FromBrain]:
        """What was decided since."""
        if self._waits is not None:
            self._waits.listen()
        if self._brain is None:
            return ()
        decided = self._brain.listen()
        for message in decided:
            self._memory.keep(now, message)
        self._worked |= bool(decided)
        return decided

    def failing(self) -> str | None:
        """What is wrong with the brain; None where nothing is, and where there is none."""
        brain = self._brain
        if brain is None:
            return None
        if not brain.alive:
            return "the brain died"
        return "the brain hangs" if brain.hangs else None

    def clear(self, trouble: str, now: float) -> str | None:
        """End the brain that is in `trouble`. Returns what is to be said of it, if anything.

        Raises BrainError where no brain has ever worked.
        """
        assert self._brain is not None
        self.deaths += 1
        self._brain.close(patience_s=0.0)
        self._brain = None
        pause_s = self._pauses.died(now)
        if not self._worked and self.deaths >= MOST_STILLBORN:
            raise BrainError(
                f"{trouble} {self.deaths} times before it did anything: see what it printed"
            )
        self._next_s = now + pause_s
        if not pause_s:
            return f"{trouble}: another goes on"
        if self._pauses.paused_before:
            return None
        return (
            f"{trouble}, as {self._pauses.in_a_row - 1} before it did: I go on trying, at longer"
            " and longer intervals; the ports stay open"
        )

    def is_free(self, now: float) -> bool:
        """Whether another brain may take the place now."""
        return self._brain is None and now >= self._next_s

    def take(self, now: float) -> bool | None:
        """Another brain takes the place. Returns whether it recalls what the last one knew.

        None where the system gives no process now.
        """
        brain, self._waits = self._waits, None
        if brain is not None and (not brain.alive or brain.hangs):
            brain.close(patience_s=0.0)
            brain = None
        self._pauses.began(now)
        brain = brain or self._started()
        if brain is None:
            self._next_s = now + max(NO_PROCESS_S, self._pauses.died(now))
            return None
        self._brain = brain
        self._waits_from_s = now
        self._brain.tell(self._setup)
        recalls = self._pauses.in_a_row < MOST_STILLBORN - 1
        if recalls:
            self._brain.tell(self._memory.recall())
        else:
            self._memory.forget()
        return recalls

    def prepare(self, now: float) -> None:
        """Let a brain wait, once the one that decides has settled; it takes some milliseconds."""
        waits = self._waits
        if waits is not None and (not waits.alive or waits.hangs):
            waits.close(patience_s=0.0)
            self._waits = None
            self._waits_from_s = now + WAITS_AGAIN_S
        elif waits is None and self._worked and self._brain and now >= self._waits_from_s:
            self._waits = self._started()
            self._waits_from_s = now + WAITS_AGAIN_S

    def _started(self) -> Brain | None:
        with contextlib.suppress(OSError):
            return self._start()
        return None

    def close(self) -> None:
        """End all brains."""
        if self._waits is not None:
            self._waits.close(patience_s=0.0)
        if self._brain is not None:
            self._brain.close(LEAVE_S)
