"""MIDI learn: the player turns a knob or hits a pad, and it is bound to a control."""

from schmubert.bridge.protocol.bytes import CONTROL_CHANGE, NOTE_ON, begins_note
from schmubert.bridge.protocol.controls import CONTROLS

LAST_CONTROLLER = 119  # those above are channel mode messages
TURNED = 2
"""A knob has been turned when it has had so many values; one alone may be an accident."""


class Learner:
    """Listens for what is to turn one control after the other."""

    def __init__(self) -> None:
        self._values: dict[str, set[int]] = {}
        self._taken: set[str] = set()

    def hear(self, target: str, message: bytes) -> str | None:
        """The source of `target`, as `--bind` names it, where `message` is or completes one.

        A pad is known by its note-on, a knob by its second value, and a switch that sends control
        changes by being pressed. What has been learned already is no news.
        """
        if len(message) != 3:
            return None
        status, number, value = message
        kind, channel = status & 0xF0, status & 0x0F
        source = f"{'note' if kind == NOTE_ON else 'cc'}:{number}:{channel + 1}"
        if source in self._taken:
            return None
        if kind == NOTE_ON:
            done = begins_note(message)
        elif kind == CONTROL_CHANGE and number <= LAST_CONTROLLER:
            values = self._values.setdefault(source, set())
            values.add(value)
            pressed = _acts_at_once(target) and value >= 64
            done = pressed or len(values) >= TURNED
        else:
            return None
        if not done:
            return None
        self._taken.add(source)
        self._values.clear()
        return source


def _acts_at_once(target: str) -> bool:
    name, _, word = target.partition(":")
    control = CONTROLS[name]
    return control.switch or control.trigger or control.momentary or (name == "mode" and bool(word))
