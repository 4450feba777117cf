"""What a player can turn while the band plays: names, units and ranges, and how MIDI moves them.

No NumPy: the port owner reads knobs and pads by this table, the brain turns them into `Knobs`.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from schmubert.bridge.protocol.bytes import ALL_SOUND_OFF, CONTROL_CHANGE, NOTE_ON, begins_note
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.mode import MODES, MOST_TURN_BARS
from schmubert.bridge.protocol.roles import ROLES, Binding
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH, Track

ON = 0.5  # a switch is on from here
SWITCHED = {"on": 1.0, "true": 1.0, "off": 0.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Kind:
    """A control: its range, whether it goes for one role each, and how a pad works it.

    `steps`: only whole values. A `switch` changes over with each hit of a pad and is off or on at
    a knob; a `trigger` acts when it is hit; what is `momentary` is on as long as a pad is held.
    """

    low: float
    high: float
    of_role: bool = False
    steps: bool = False
    switch: bool = False
    trigger: bool = False
    momentary: bool = False

    def at(self, value: int) -> float:
        """Where a MIDI `value` of 0 to 127 turns it to, between both ends of its range."""
        found = self.low + (self.high - self.low) * value / 127.0
        return float(round(found)) if self.steps or self.switch or self.momentary else found


MARKED = ("mark3", "mark4")  # at first

CONTROLS = {
    "temperature": Kind(0.3, 1.5),
    "density": Kind(0.0, 16.0, of_role=True),
    "density1": Kind(0.0, 4.0, of_role=True),
    "density2": Kind(0.0, 4.0, of_role=True),
    "density3": Kind(0.0, 4.0, of_role=True),
    "density4": Kind(0.0, 4.0, of_role=True),
    "lowest": Kind(LOWEST_PITCH, HIGHEST_PITCH, of_role=True, steps=True),
    "highest": Kind(LOWEST_PITCH, HIGHEST_PITCH, of_role=True, steps=True),
    "key": Kind(0, 12, steps=True),
    "harmony": Kind(0.0, 8.0),
    "swing": Kind(0.0, 0.6),
    "shuffle": Kind(0.0, 0.9),
    "humanise": Kind(0.0, 1.0),
    "groove": Kind(0.0, 1.0),
    "mute": Kind(0, 1, of_role=True, switch=True),
    "solo": Kind(0, 1, of_role=True, switch=True),
    "lock": Kind(0, 1, switch=True),
    "mode": Kind(0, len(MODES) - 1, steps=True),
    "bars": Kind(1, MOST_TURN_BARS, steps=True),
    "reroll": Kind(0, 1, momentary=True),
    "mark1": Kind(0, 1, switch=True),
    "mark2": Kind(0, 1, switch=True),
    "mark3": Kind(0, 1, switch=True),
    "mark4": Kind(0, 1, switch=True),
    "phrase-a": Kind(0, 1, trigger=True),
    "phrase-b": Kind(0, 1, trigger=True),
    "next": Kind(0, 1, trigger=True),
    "regenerate": Kind(0, 1, trigger=True),
    "panic": Kind(0, 1, trigger=True),
}
"""Every control. `density` is onsets a bar, `density1` to `density4` in that beat, `lowest` and
`highest` are MIDI pitches, `key` is 0 for any or 1 to 12 for C major (A minor) to B major (G sharp
minor), `harmony` nats that a chord adds to its pitch classes, `swing` and `shuffle` the delay of
odd 16ths and of odd eighths, in 16ths, `humanise` and `groove` amounts; `mode` counts the modes of
`mode.py` from 0, `bars` is the length of turns and phrases, `mark1` to `mark4` are the beats that
`reroll` makes anew."""


def control(target: str, value: float) -> Control:
    """`NAME` or `NAME:ROLE` set to `value`; ValueError names what is wrong with it."""
    name, role = _target(target)
    kind = CONTROLS[name]
    if not kind.low <= value <= kind.high:
        raise ValueError(f"{target} {value:g} is outside {kind.low:g}..{kind.high:g}")
    if kind.steps and value != int(value):
        raise ValueError(f"{target} {value:g} is no whole number")
    return Control(name, float(value), role)


def setting(target: str, word: str) -> Control:
    """`NAME[:ROLE]` set to what `word` says: a number, on or off for a switch, a mode's name."""
    name, _ = _target(target)
    words: Mapping[str, float] = {}
    if name == "mode":
        words = {mode: float(number) for number, mode in enumerate(MODES)}
    elif CONTROLS[name].switch or CONTROLS[name].momentary:
        words = SWITCHED
    try:
        value = words[word.lower()] if word.lower() in words else float(word)
    except ValueError:
        names = f" or one of {', '.join(words)}" if words else ""
        raise ValueError(f"{word!r} is no number{names}") from None
    return control(target, value)


def binding(target: str, source: str) -> Binding:
    """`NAME[:ROLE]` moved by `cc:NUMBER[:CHANNEL]` or `note:NUMBER[:CHANNEL]`; else ValueError.

    `mode:NAME` is a pad that sets this mode, whatever its value.
    """
    name, role, fixed = _bound(target)
    kind, _, rest = source.partition(":")
    statuses = {"cc": CONTROL_CHANGE, "note": NOTE_ON}
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


def target_of(bound: Binding) -> str:
    """What `bound` turns, as `binding` reads it."""
    if bound.value is not None:
        return f"{bound.name}:{MODES[int(bound.value)]}"
    return bound.name if bound.role is None else f"{bound.name}:{Track(bound.role).name.lower()}"


def collisions(bindings: Iterable[Binding]) -> list[str]:
    """A line for every two controls that one knob or pad turns."""
    found = []
    for one, other in combinations(dict.fromkeys(bindings), 2):
        same = (one.status, one.number) == (other.status, other.number)
        if same and (one.channel == other.channel or None in (one.channel, other.channel)):
            source = f"{'note' if one.status == NOTE_ON else 'cc'}:{one.number}"
            if target_of(one) != target_of(other):
                found.append(f"{source} turns both {target_of(one)} and {target_of(other)}")
    return found


class Surface:
    """The knobs and pads of a player: MIDI in, `Control` out. It knows which switches are on."""

    def __init__(self, bindings: Iterable[Binding], controls: Iterable[Control] = ()) -> None:
        self._bindings = tuple(bindings)
        self._on: dict[tuple[str, int | None], bool] = {(name, None): True for name in MARKED}
        self._on |= {
            (control.name, control.role): control.value >= ON
            for control in controls
            if CONTROLS[control.name].switch
        }

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
    return *_target(target), None


def _target(target: str) -> tuple[str, int | None]:
    name, _, word = target.partition(":")
    if name not in CONTROLS:
        near = difflib.get_close_matches(name, CONTROLS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CONTROLS)}"
        raise ValueError(f"no control {name!r}: {hint}")
    if not CONTROLS[name].of_role:
        if word:
            raise ValueError(f"{name} is of the whole band, not of the {word}")
        return name, None
    role = ROLES.get(word.lower())
    if role is None or (name in ("lowest", "highest") and role is Track.DRUMS):
        raise ValueError(f"whose {name}? Write {name}:bass or {name}:melody")
    return name, int(role)
