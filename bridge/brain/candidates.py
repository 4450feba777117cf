"""Candidates for a bar: the player may hear another of the latest drafts than the newest."""

from collections.abc import Sequence

from schmubert.bridge.brain.plan import Plan
from schmubert.engine.music.meter import STEPS_PER_BAR


class Candidates:
    """Counts how many candidates further the player wants to go, and keeps the one of this bar."""

    def __init__(self, bar_steps: int = STEPS_PER_BAR) -> None:
        self._bar_steps = bar_steps
        self._wanted = 0
        self._bar = -1
        self._plan: Plan | None = None

    def forget(self) -> None:
        """No candidate is chosen."""
        self._plan = None

    def next(self) -> None:
        """The player wants the next candidate, from the next downbeat on."""
        self._wanted += 1

    def at(self, step: int) -> Plan | None:
        """The candidate chosen for the bar of `step` of the tape."""
        return self._plan if self._bar == step // self._bar_steps else None

    def choose(self, bar_line: int, plans: Sequence[Plan]) -> tuple[int, int] | None:
        """Choose among `plans` for the bar at `bar_line`, if that is wanted: (number, how many).

        Number 0 is what would be played anyway; it is the only one where there are no others.
        """
        wanted, self._wanted, self._plan = self._wanted, 0, None
        if not wanted:
            return None
        if len(plans) < 2:
            return 0, 1
        number = wanted % len(plans)
        self._bar, self._plan = bar_line // self._bar_steps, plans[number]
        return number, len(plans)
