"""Knobs and pads: which of them turns which control, and what a message of theirs turns."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

from schmubert.bridge.protocol.bytes import ALL_SOUND_OFF, CONTROL_CHANGE, NOTE_ON, begins_note
from schmubert.bridge.protocol.controls import CONTROLS, ON, Control, marked, target_in
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.roles import Binding
from schmubert.engine.music.meter import BEATS_PER_BAR
from schmubert.engine.music.vocabulary import Track


def binding(target: str, source: str) -> Binding:
    """`NAME[:ROLE]` moved by `cc:NUMBER[:CHANNEL]` or `note:NUMBER[:CHANNEL]`; else ValueError.

    `mode:NAME` is a pad that sets this mode, whatever its value.
    """
    statuses = {"cc": CONTROL_CHANGE, "note": NOTE_ON}
    if target.partition(":")[0] in statuses:
        raise ValueError(f"the control comes first, as in fill={target}")
    name, role, fixed = _bound(target)
    kind, _, rest = source.partition(":")
    numbers = rest.split(":")
    if kind not in statuses or len(numbers) > 2 or not all(part.isdecimal() for part in numbers):
        raise ValueError(f"{source!r} is no knob or pad: write cc:21, note:36 or cc:21:1")
    number = int(numbers[0])
    if number > 127:
        raise ValueError(f"{number} in {source!r} is outside 0..127")
    channel = int(numbers[1]) - 1 if len(numbers) == 2 else None
    if channel is not None and not 0 <= channel < 16:
        raise ValueError(f"channel {channel + 1} in {source!r} is outside 1..16")
    return Binding(name, role, statuses[kind], number, channel, fixed)


def bindable(target: str) -> str:
    """`target`, if it can be bound; ValueError otherwise."""
    binding(target, "note:0")
    return target


def target_of(bound: Binding) -> str:
    """What `bound` turns, as `binding` reads it."""
    if bound.value is not None:
        return f"{bound.name}:{MODES[int(bound.value)]}"
    return bound.name if bound.role is None else f"{bound.name}:{Track(bound.role).name.lower()}"


def source_of(bound: Binding) -> str:
    """The knob or pad of `bound`, as `binding` reads it."""
    channel = "" if bound.channel is None else f":{bound.channel + 1}"
    return f"{'note' if bound.status == NOTE_ON else 'cc'}:{bound.number}{channel}"


def collisions(bindings: Iterable[Binding]) -> list[str]:
    """A line for every two controls that one knob or pad turns."""
    found = []
    for one, other in combinations(dict.fromkeys(bindings), 2):
        same = (one.status, one.number) == (other.status, other.number)
        if same and (one.channel == other.channel or None in (one.channel, other.channel)):
            source = source_of(replace(one, channel=None))
            if target_of(one) != target_of(other):
                found.append(f"{source} turns both {target_of(one)} and {target_of(other)}")
    return found


class Surface:
    """The knobs and pads of a player: MIDI in, `Control` out. It knows which switches are on.

    At first marks of a bar of so many `beats` are, and what `controls` set.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        controls: Iterable[Control] = (),
        beats: int = BEATS_PER_BAR,
    ) -> None:
        self._bindings = tuple(bindings)
        self._on: dict[tuple[str, int | None], bool] = {
            (f"mark{beat + 1}", None): True for beat in marked(beats)
        }
        self._on |= {
            (control.name, control.role): control.value >= ON
            for control in controls
            if CONTROLS[control.name].switch
        }

    def stands(self, control: Control) -> None:
        """Note how a switch stands, wherever it was turned: a pad changes it over from there."""
        if CONTROLS[control.name].switch:
            self._on[control.name, control.role] = control.value >= ON

    def turned(self, message: bytes) -> list[Control] | None:
        """What a channel message of three bytes turns; None where it is no knob's or pad's."""
        meant = {  # what is bound twice would switch over and back
            (bound.name, bound.role, bound.value): bound
            for bound in self._bindings
            if bound.meant_by(message)
        }
        if not meant:
            return None
        found = []
        for bound in meant.values():
            kind, key = CONTROLS[bound.name], (bound.name, bound.role)
            is_knob = bound.status == CONTROL_CHANGE and not kind.trigger
            hit = begins_note(message)
            if bound.status == CONTROL_CHANGE:
                hit = message[2] > 0 or message[1] >= ALL_SOUND_OFF  # those say 0 and mean it
            if not (is_knob or hit or kind.momentary):
                continue
            if bound.value is not None:
                if not hit:
                    continue
                value = bound.value
            elif kind.trigger:
                value = 1.0
            elif kind.momentary:
                value = float(hit if bound.status == NOTE_ON else message[2] >= 64)
            elif kind.switch and not is_knob:
                value = float(not self._on.get(key, False))
            else:  # of a pad too: the harder it is hit the more
                value = kind.at(message[2])
            if kind.switch:
                self._on[key] = value >= ON
            found.append(Control(bound.name, value, bound.role))
        return found


def _bound(target: str) -> tuple[str, int | None, float | None]:
    """The name, role and fixed value of what is bound."""
    name, _, word = target.partition(":")
    if name == "mode" and word:
        if word not in MODES:
            raise ValueError(f"no mode {word!r}: there are {', '.join(MODES)}")
        return name, None, float(MODES.index(word))
    return *target_in(target), None
