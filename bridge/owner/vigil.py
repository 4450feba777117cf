"""How long a brain may be silent, and how soon after one that died the next may come."""

ASK_EVERY_S = 0.1
PATIENCE_S = 0.75
"""A brain answers within 20 ms (300 of 300) where fifteen processes share two cores. One that is
ended though it would have answered costs little: another goes on from the same tape at once."""
START_PATIENCE_S = 20.0
"""For the first answer: Python and NumPy are loaded, which takes 5 s on such a machine."""
LONGEST_TURN_S = 0.05
FREE_DEATHS, LIVED_S = 3, 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


class Heartbeat:
    """Whether a brain that is asked again and again whether it is there answers, see `beat`.

    Only such time counts in which the owner itself was there to hear: a machine that was
    suspended, or an owner that was held up, makes no brain a silent one.
    """

    def __init__(self, now: float) -> None:
        self._turn_s = now
        self._ask_s = now
        self._silent_s = 0.0
        self._patience_s = START_PATIENCE_S

    def beat(self, now: float) -> bool:
        """Time passes; whether the brain is to be asked now."""
        self._silent_s += min(max(0.0, now - self._turn_s), LONGEST_TURN_S)
        self._turn_s = now
        if now < self._ask_s:
            return False
        self._ask_s = now + ASK_EVERY_S
        return True

    def answered(self) -> None:
        """It is there."""
        self._silent_s, self._patience_s = 0.0, PATIENCE_S

    @property
    def works(self) -> bool:
        """Whether it has ever answered."""
        return self._patience_s != START_PATIENCE_S

    @property
    def stopped(self) -> bool:
        """It has been silent for too long."""
        return self._silent_s > self._patience_s


class Pauses:
    """Brains that die soon after they began, one after the other, come at longer intervals."""

    def __init__(self) -> None:
        self.in_a_row = 0
        """Brains that died young since the last that lived for `LIVED_S`."""
        self.paused_before = False
        """Whether the last that died was not the first after which there was a pause."""
        self._began_s = 0.0

    def began(self, now: float) -> None:
        """A brain takes its place."""
        self._began_s = now

    def lives(self, now: float) -> bool:
        """Whether the one that has it has lived for `LIVED_S`."""
        return now - self._began_s >= LIVED_S

    def died(self, now: float) -> float:
        """It died; returns the seconds until the next may begin."""
        self.paused_before = self.in_a_row > FREE_DEATHS
        self.in_a_row = 1 if self.lives(now) else self.in_a_row + 1
        if self.in_a_row <= FREE_DEATHS:
            return 0.0
        return min(FIRST_PAUSE_S * 2.0 ** (self.in_a_row - FREE_DEATHS - 1), LONGEST_PAUSE_S)
