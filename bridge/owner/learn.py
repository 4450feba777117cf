"""MIDI learn: the player turns a knob or hits a pad, and it is bound to a control."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from schmubert.bridge.owner.ports import Ports
from schmubert.bridge.owner.realtime import POLL_S, RealTime
from schmubert.bridge.protocol.bytes import CONTROL_CHANGE, NOTE_ON, begins_note
from schmubert.bridge.protocol.controls import CONTROLS

LAST_CONTROLLER = 119  # those above are channel mode messages
TURNED = 2
"""A knob has been turned when it has had so many values; one alone may be an accident."""


def learned(
    ports: Ports, targets: Sequence[str], say: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Wait for what is to turn each of `targets`, and give it: the target and its source.

    `say` gets a line that tells the player what to show.
    """
    learner, passing = Learner(), RealTime()
    waiting: deque[bytes] = deque()  # what comes at once may be for several
    for target in targets:
        say(f"{target}: turn the knob or hit the pad for it")
        source = None
        while source is None:
            if not waiting:
                passing.wait_until(passing.now() + POLL_S, exactly=False)
                waiting.extend(message for _, _, message in ports.poll())
            else:
                source = learner.hear(target, waiting.popleft())
        yield target, source


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
