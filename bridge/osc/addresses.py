"""OSC addresses: those by which controls are turned, and those at which a session is told.

`density:bass` of `--set` and `--bind` is `/schmubert/density/bass` here, in its own units.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any, NamedTuple

from schmubert.bridge.protocol.controls import CONTROLS, ON, Control, Kind, control, setting
from schmubert.bridge.protocol.messages import Charted, chart_in
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.surface import bindable
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import Track

PREFIX = "/schmubert/"
SUBSCRIBE, UNSUBSCRIBE = f"{PREFIX}subscribe", f"{PREFIX}unsubscribe"
CHART, SAID = f"{PREFIX}chart", f"{PREFIX}said"
MOST_ADDRESS, MOST_CHOICES = 128, 64
"""Characters of an address, and addresses that its `{bass,drums}` may stand for."""
CHOICE = re.compile(r"\{([^{}]*)\}")


class NothingTurnedError(ValueError):
    """Nothing is turned at `address`; what is meant is only looked for where that is said."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._address = address[:MOST_ADDRESS]

    def __str__(self) -> str:
        near = difflib.get_close_matches(self._address, ADDRESSES, 1)
        hint = f"did you mean {near[0]}?" if near else "docs/commands.md lists them"
        return f"nothing is turned at {self._address!r}: {hint}"


class Told(NamedTuple):
    """What a session tells at `address`: which arguments, and what they are."""

    address: str
    arguments: str
    help: str


TOLD = (
    Told("transport/playing", "int", "1 while the music runs, 0 while it stands."),
    Told("transport/bar", "int", "The bar, from 1."),
    Told("transport/beat", "int", "The beat in the bar, from 1; sent on the beat."),
    Told("transport/tempo", "float", "Quarters a minute."),
    Told("transport/meter", "string", "The metre: `4/4`, `6/8`."),
    Told("transport/clock", "string", "Who tells the time; empty before anybody has."),
    Told("chart", "string", "The chart that was written; empty where there is none."),
    Told("chord/now", "string, int", "The chord that sounds, and how sure it is in per cent."),
    Told("chord/next", "string, int", "The chord that follows it, likewise."),
    Told("chord/in", "int", "In how many beats that one comes; 0 where none is known."),
    Told("heard/key", "string", "The key that the band is held to, or hears (then with a `?`)."),
    Told("section/now", "string", "`intro`, `fill`, `break`, `ending` and so on, or nothing."),
    Told("section/next", "string", "The section that is to come, or nothing."),
    Told("section/variation", "string", "The variation that is played, or nothing."),
    Told("loudness/ROLE", "float", "How loud the role of the band plays, 0 to 1."),
    Told("loudness/you", "float", "How loud you play, 0 to 1."),
    Told("reply/took", "float", "How long the latest reply took, in ms."),
    Told("reply/budget", "float", "Within what it would have been in time, in ms."),
    Told("reply/late", "int", "How many of the latest hundred replies were late."),
    Told("said", "string", "A line that the bridge says."),
    Told("CONTROL", "float", "How a control stands, wherever it was turned, in its own unit."),
    Told("CONTROL/ROLE", "float", "The same of a control of a role."),
    Told("text/CONTROL", "string", "What that is called, where it has a name: `trade`, `Am`."),
)
"""What a session tells, below `PREFIX`."""


def address_of(target: str) -> str:
    """The address of `NAME` or `NAME:ROLE`."""
    return PREFIX + target.replace(":", "/")


def _targets() -> Iterator[str]:
    for name, kind in CONTROLS.items():
        for track in Track if kind.of_role else [None]:
            target = name if track is None else f"{name}:{track.name.lower()}"
            try:
                yield bindable(target)
            except ValueError:  # not of this role
                continue
    yield from (f"mode:{mode}" for mode in MODES)


ADDRESSES = {address_of(target): target for target in _targets()}
"""The target of each address at which something is turned."""


def turned(address: str, arguments: Sequence[Any]) -> list[Control]:
    """What a message turns; ValueError says what is wrong with it.

    `address` may be a pattern of OSC: `/schmubert/mute/*`, `/schmubert/level/{bass,drums}`. A pad
    that is let go, which says 0 where only a hit counts, turns nothing.
    """
    found = (_turned(target, arguments) for target in _meant(address))
    return [one for one in found if one is not None]


def written(arguments: Sequence[Any], meter: Meter) -> Charted:
    """The chart that a message to `CHART` writes, none without an argument; else ValueError."""
    if len(arguments) > 1 or not all(isinstance(one, str) for one in arguments):
        raise ValueError(f'{CHART} takes a chart in quotes, as in "Am F C G", or nothing')
    try:
        return chart_in("".join(arguments), meter)
    except ValueError as error:
        raise ValueError(f"{CHART}: {error}") from error


def _meant(address: str) -> list[str]:
    """The targets that `address` means."""
    if address in ADDRESSES:
        return [ADDRESSES[address]]
    if len(address) <= MOST_ADDRESS:
        patterns = _choices(address)
        found = [ADDRESSES[one] for one in ADDRESSES if any(_fits(one, each) for each in patterns)]
        if found:
            return found
    raise NothingTurnedError(address)


def _choices(pattern: str) -> list[str]:
    """What the `{one,other}` in `pattern` stand for, no more than `MOST_CHOICES`."""
    done: list[str] = []
    waiting = [pattern]
    while waiting and len(done) + len(waiting) <= MOST_CHOICES:
        one = waiting.pop()
        choice = CHOICE.search(one)
        if choice is None:
            done.append(one)
        else:
            words = choice[1].split(",")
            waiting += [f"{one[: choice.start()]}{word}{one[choice.end() :]}" for word in words]
    return done


def _fits(address: str, pattern: str) -> bool:
    """Whether `address` fits `pattern`, in which no wildcard stands for a slash."""
    parts, wanted = address.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _turned(target: str, arguments: Sequence[Any]) -> Control | None:
    name, _, word = target.partition(":")
    kind, fixed = CONTROLS[name], name == "mode" and word
    hits = kind.trigger or fixed
    if not hits and len(arguments) != 1:
        raise ValueError(f"{address_of(target)} takes one number, not {len(arguments)}")
    if not hits:
        return _set(target, kind, arguments[0])
    if arguments and _number(target, arguments[0]) < ON:
        return None
    return control(name, float(MODES.index(word))) if fixed else control(target, 1.0)


def _set(target: str, kind: Kind, value: Any) -> Control:
    """A control set to a number, or to what a name says."""
    if isinstance(value, str):
        return setting(target, value)
    number = _number(target, value)
    if kind.switch or kind.momentary:
        number = float(number >= ON) if kind.low <= number <= kind.high else number
    elif kind.steps and isfinite(number):
        number = float(round(number))  # a fader of a tablet knows no steps
    return control(target, number)


def _number(target: str, value: Any) -> float:
    """`value` as it is written: a float of OSC has 32 bits, and .6 would be more than .6."""
    if isinstance(value, bool | int | float):
        return float(f"{float(value):.7g}")
    raise ValueError(f"{address_of(target)} takes a number, not {type(value).__name__}")
