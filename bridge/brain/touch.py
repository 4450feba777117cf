"""The player's touch: how loud, how early and how late the latest notes were."""

from collections import deque

from schmubert.engine.music.meter import STEPS_PER_BAR

LOUDNESS_NOTES = 32  # that make the player's mean loudness
FEEL_NOTES = 64  # that make the player's feel
UNHEARD_VELOCITY = 80.0


class Touch:
    """Remembers how the latest notes were played; a bar has `bar_steps`."""

    def __init__(self, bar_steps: int = STEPS_PER_BAR) -> None:
        self._bar = bar_steps
        self._velocities: deque[int] = deque(maxlen=LOUDNESS_NOTES)
        self._notes: deque[tuple[int, float, int]] = deque(maxlen=FEEL_NOTES)
        """For each note its place in the bar, how late it came in cells, and its velocity."""

    def note_on(self, step: int, late: float, velocity: int) -> None:
        """A note was written in `step`, though it was played `late` cells after it."""
        self._velocities.append(velocity)
        self._notes.append((step % self._bar, late, velocity))

    @property
    def mean_velocity(self) -> float:
        """The player's loudness of late, 1 to 127."""
        if not self._velocities:
            return UNHEARD_VELOCITY
        return sum(self._velocities) / len(self._velocities)

    @property
    def feel(self) -> tuple[list[float], list[float]]:
        """The player's delays in cells and factors of loudness, [steps], 0 and 1 where unheard."""
        delays, factors = [0.0] * self._bar, [1.0] * self._bar
        for place in {place for place, _, _ in self._notes}:
            here = [(late, loud) for at, late, loud in self._notes if at == place]
            delays[place] = sum(late for late, _ in here) / len(here)
            factors[place] = sum(loud for _, loud in here) / len(here) / self.mean_velocity
        return delays, factors
