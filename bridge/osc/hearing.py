"""What messages of OSC turn, bounded however many come."""

from collections.abc import Iterable

from schmubert.bridge.protocol.controls import CONTROLS, Control, id_of
from schmubert.bridge.protocol.held import Held
from schmubert.bridge.protocol.messages import Charted

HITS_A_S, HITS_AT_ONCE = 50.0, 100.0
SILENT_S = 10.0
"""A device that holds a pad, and sends nothing for so long, is gone."""


class Allowance:
    """How many of something may come: `at_once`, and then so many `a_s`."""

    def __init__(self, a_s: float, at_once: float) -> None:
        self._a_s, self._at_once = a_s, at_once
        self._left, self._looked_s = at_once, 0.0

    def allows(self, now: float) -> bool:
        """Whether one more may, which it then did."""
        self._left = min(self._at_once, self._left + (now - self._looked_s) * self._a_s)
        self._looked_s = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Hearing:
    """What is turned and written by messages: of a fader, and of charts, the last word, of hits no
    more than anybody hits. What a device holds that falls silent is let go.
    """

    def __init__(self) -> None:
        self._held = Held()
        self._signs: dict[str, float] = {}  # the latest of each device that holds something
        self._hits = Allowance(HITS_A_S, HITS_AT_ONCE)
        self._waiting: dict[object, Control | Charted] = {}

    def hear(self, wishes: Iterable[Control | Charted], now: float, device: str = "") -> None:
        """Take in what a message of `device` turns or writes."""
        for control in wishes:
            if isinstance(control, Charted):
                self._waiting["chart"] = control
                continue
            kind = CONTROLS[control.name]
            if not (kind.trigger or kind.momentary):
                self._waiting.pop(id_of(control), None)  # what is turned last comes last
                self._waiting[id_of(control)] = control
            elif self._hits.allows(now) or not control.value:
                self._waiting[len(self._waiting), control] = control
                self._held.turned(control, device)

    def sign(self, device: str, now: float) -> None:
        """`device` sent something, whatever it was."""
        self._signs.pop(device, None)
        if self._held.holds(device):
            self._signs[device] = now

    def silent(self, now: float) -> list[tuple[str, list[Control]]]:
        """The devices that have gone silent, each with what it held, which is turned by that."""
        gone = [one for one, sign_s in self._signs.items() if now - sign_s > SILENT_S]
        found = []
        for device in gone:
            del self._signs[device]
            found.append((device, self._held.let_go(device)))
            self._waiting |= {(len(self._waiting), one): one for one in found[-1][1]}
        return found

    def take(self) -> list[Control | Charted]:
        """What was turned and written since the last call, in its order."""
        found = list(self._waiting.values())
        self._waiting.clear()
        return found
