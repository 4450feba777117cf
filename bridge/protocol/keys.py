"""The keys of a computer keyboard that turn controls, as one table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schmubert.bridge.protocol.controls import CONTROLS, NAMED, ON, VARIATIONS, Control, control
from schmubert.bridge.protocol.mode import MODES
from schmubert.engine.music.vocabulary import Track

HELP_KEY = "?"
ON_A_LINE = 4


@dataclass(frozen=True, slots=True)
class Key:
    """What a key turns: `target` as `--bind` names it. A value goes on `by` so much, if any."""

    target: str
    by: float = 0.0


KEYS: Mapping[str, Key] = {
    "f": Key("fill"),
    "b": Key("break"),
    "i": Key("intro"),
    "e": Key("ending"),
    "s": Key("stop"),
    "c": Key("start-on-chord"),
    **{str(n): Key(f"variation-{letter}") for n, letter in enumerate(VARIATIONS, 1)},
    "k": Key("keep"),
    "+": Key("intensity", 0.1),
    "-": Key("intensity", -0.1),
    "o": Key("follow"),
    "n": Key("next"),
    "r": Key("regenerate"),
    "l": Key("lock"),
    "m": Key("mode", 1.0),
    "y": Key("style", 1.0),
    "t": Key("tap"),
    ".": Key("tempo", 1.0),
    ",": Key("tempo", -1.0),
    ">": Key("transpose", 1.0),
    "<": Key("transpose", -1.0),
    **{f"{role.name[0]}": Key(f"mute:{role.name.lower()}") for role in Track if role <= 2},
    "C": Key("mute:chords"),
    "N": Key("next-song"),
    "p": Key("panic"),
}
"""Every key by what it types: letters as their words begin, capitals are roles."""


class Standing:
    """How controls stand, for a key to go on from there; `controls` are set at first."""

    def __init__(self, controls: Iterable[Control] = (), mode: str = MODES[0]) -> None:
        self._stands: dict[tuple[str, int | None], float] = {("mode", None): MODES.index(mode)}
        for one in controls:
            self.turned(one)

    def turned(self, control: Control) -> None:
        """`control` was turned, by whatever."""
        self._stands[control.name, control.role] = control.value

    def typed(self, text: str) -> Control | None:
        """What the key that types `text` turns now; None where it is none of `KEYS`."""
        key = KEYS.get(text)
        if key is None:
            return None
        one = control(key.target, max(1.0, CONTROLS[key.target.partition(":")[0]].low))
        kind = CONTROLS[one.name]
        if kind.trigger:
            return one
        place = one.name, one.role
        at_first = max(0.0, kind.low) if kind.at_first is None else kind.at_first
        stands = self._stands.get(place, at_first)
        if one.name == "tempo" and place not in self._stands:
            return None  # it is another's
        if kind.switch:
            return Control(one.name, float(stands < ON), one.role)
        value = round(stands + key.by, 3)
        if kind.unit in NAMED:
            value %= len(NAMED[kind.unit])
        return Control(one.name, min(kind.high, max(kind.low, value)), one.role)


def keys_help() -> list[str]:
    """The keys as lines."""
    words = [f"{key} {one.target}{_sign(one.by)}" for key, one in KEYS.items()]
    rows = range(0, len(words), ON_A_LINE)
    return ["   ".join(f"{word:<18}" for word in words[row : row + ON_A_LINE]).rstrip()
            for row in rows]  # fmt: skip


def _sign(by: float) -> str:
    return "" if not by else " up" if by > 0 else " down"
