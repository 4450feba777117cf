"""What the machine played: a grid that grows as it plays and forgets what is long gone."""

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.tape import unknown
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, Track


class Played:
    """The machine's own part of the tape, MASK where it did not play; room for `keep` steps.

    A bar has `bar_steps`.
    """

    def __init__(self, keep: int, bar_steps: int = STEPS_PER_BAR) -> None:
        self.first_step = 0
        """The first step that is remembered, a bar line."""
        self._keep, self._bar = keep, bar_steps
        self._rows = unknown(keep)

    @property
    def rows(self) -> Tokens:
        """[steps, 3] from `first_step` on, not to be written to."""
        return self._rows

    def write(self, role: Track, from_step: int, cells: NDArray[np.int64]) -> None:
        """The machine plays `cells` [steps] in `role`, from `from_step` on."""
        row = from_step - self.first_step
        missing = row + len(cells) - len(self._rows)
        if missing > 0:
            self._rows = np.concatenate([self._rows, unknown(missing + self._keep)])
        self._rows[row : row + len(cells), role] = cells

    def erase(self, role: Track, from_step: int) -> None:
        """From `from_step` on the machine does not play `role` after all."""
        self._rows[max(0, from_step - self.first_step) :, role] = MASK[role]

    def erase_all(self, from_step: int) -> None:
        """From `from_step` on the machine plays nothing after all."""
        self._rows[max(0, from_step - self.first_step) :] = MASK

    def forget_before(self, step: int) -> None:
        """Steps before bar line `step` are not remembered."""
        self._rows = self._rows[step - self.first_step :]
        self.first_step = step

    def anything(self, from_step: int, to_step: int) -> bool:
        """Whether the machine played anything in these steps."""
        rows = slice(max(0, from_step - self.first_step), max(0, to_step - self.first_step))
        return bool((self._rows[rows] != np.asarray(MASK)).any())

    def between(self, from_step: int, to_step: int) -> Tokens:
        """What the machine played in these steps, all of which are remembered: [steps, 3]."""
        rows = self._rows[from_step - self.first_step : to_step - self.first_step]
        return np.concatenate([rows, unknown(to_step - from_step - len(rows))])

    def cells(self, role: Track, from_step: int, to_step: int) -> NDArray[np.int64]:
        """What the machine played in `role`: [steps], fewer where it has not played so far."""
        rows = self._rows[max(0, from_step - self.first_step) : to_step - self.first_step, role]
        return known_part(rows, role)

    def latest_bar(self, role: Track, before_step: int) -> NDArray[np.int64]:
        """What the machine played last in each cell of a bar: [steps], MASK where it has not."""
        bar = np.full(self._bar, MASK[role], np.int64)
        end = max(0, before_step - self.first_step)
        for row, cell in enumerate(self._rows[:end, role].tolist()):
            if cell != MASK[role]:
                bar[row % self._bar] = cell
        return bar


def known_part(cells: NDArray[np.int64], role: Track) -> NDArray[np.int64]:
    """A copy of `cells` [steps] of `role` up to the first that is not known."""
    unknown_steps = np.flatnonzero(cells == MASK[role])
    return np.array(cells[: unknown_steps[0] if len(unknown_steps) else len(cells)])
