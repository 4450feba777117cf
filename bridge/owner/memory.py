"""What owner and brain told each other of late, for a brain that takes the place of another."""

from collections import deque

from schmubert.bridge.protocol.controls import CONTROLS
from schmubert.bridge.protocol.messages import (
    Charted,
    Control,
    FromBrain,
    Heard,
    InSection,
    Kept,
    Moved,
    Pedal,
    Play,
    Recall,
    Silence,
    ToBrain,
    Told,
)

MOST = 2000
"""Messages: a minute of a busy band at 240 BPM, three minutes of one at 120."""


KEPT = (Moved, Heard, Pedal, Control, Charted, Play, Silence, InSection, Kept)


class Memory:
    """The last `MOST` messages from which a brain makes its tape, as plain data.

    Of what is older it keeps how knobs and pedals were left, the latest chart and section, and
    variations.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._told: deque[Told] = deque()
        self._left: dict[tuple[str, int | None], Told] = {}

    def keep(self, at_s: float, message: ToBrain | FromBrain) -> None:
        """`message` was told or decided at `at_s`."""
        if not isinstance(message, KEPT):
            return
        self._told.append(Told(at_s, message))
        while len(self._told) > self._most:
            self._leave(self._told.popleft())

    def recall(self) -> Recall:
        """All that is remembered, oldest first."""
        return Recall((*self._left.values(), *self._told))

    def forget(self) -> None:
        """Remember nothing of what was."""
        self._told.clear()
        self._left.clear()

    def _leave(self, told: Told) -> None:
        what = told.what
        if isinstance(what, Pedal):
            self._left["pedal", what.role] = told
        elif isinstance(what, Control) and not CONTROLS[what.name].trigger:
            self._left[what.name, what.role] = told
        elif isinstance(what, Charted):
            self._left["chart", None] = told
        elif isinstance(what, Kept):
            self._left[what.name, None] = told
        elif isinstance(what, InSection):
            self._left["section", None] = told
