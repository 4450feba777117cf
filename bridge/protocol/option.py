"""An option: what a player may choose, described once, where the field stands that holds it.

    bars: Annotated[int, Option("How long a turn is.", low=1, high=8)] = 4

This line is the name, the type, the range, the default and the help of `--bars`. Click, the reader
of presets, the check of the value and the page of commands are all made from it.
"""

import inspect
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import Annotated, Any

NONE = type(None)


@dataclass(frozen=True, slots=True)
class Option:
    """How a field is chosen; the fields from `field` on are read off where it stands.

    `name` is without dashes, and the field's own if it is empty. `low` and `high` are in the range.
    `read` makes a value of a word, ValueError where it cannot. `place` is "file" or "folder" for a
    path, which `exists` already if that is said. What is not `in_preset` no preset may hold.
    `alone` is the word that is meant where the option stands without one. Where a word names no
    file, `meant` says what else it may have been for, if anything.
    """

    help: str
    name: str = ""
    metavar: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    read: Callable[[str], Any] | None = None
    place: str = ""
    alone: str = ""
    exists: bool = False
    meant: Callable[[str], str | None] | None = None
    in_preset: bool = True
    field: str = ""
    kind: type = str
    default: Any = None
    required: bool = False
    repeatable: bool = False

    def check(self, value: Any) -> None:
        """ValueError where `value` is out of the range, or none of the choices."""
        if value is None and self.default is None:
            return
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.field} {value!r} is none of {', '.join(self.choices)}")
        low = -sys.float_info.max if self.low is None else self.low
        high = sys.float_info.max if self.high is None else self.high
        if self.kind in (int, float) and not low <= value <= high:  # NaN is in no range
            raise ValueError(f"{self.field} {value} is outside {low:.19g}..{high:.19g}")


@cache
def options_of(holder: type) -> tuple[Option, ...]:
    """The options that the fields of `holder` are, in their order."""
    signature = inspect.signature(holder).parameters
    found = []
    for field, hint in typing.get_type_hints(holder, include_extras=True).items():
        if typing.get_origin(hint) is not Annotated:
            continue
        held, *notes = typing.get_args(hint)
        for option in (note for note in notes if isinstance(note, Option)):
            found.append(_placed(option, field, held, signature[field].default))
    return tuple(found)


def check(value: object) -> None:
    """ValueError where an option that `value` holds is out of its range."""
    holder: type = type(value)
    for option in options_of(holder):
        option.check(getattr(value, option.field))


def _placed(option: Option, field: str, held: Any, default: Any) -> Option:
    """`option` with what is read off its field of type `held`."""
    repeatable = typing.get_origin(held) is tuple
    kinds = [kind for kind in typing.get_args(held) or (held,) if kind not in (NONE, ...)]
    choices = option.choices
    if issubclass(kinds[0], Enum) and option.read is None:
        choices = tuple(str(each.value) for each in kinds[0])
    required = default is inspect.Parameter.empty
    return replace(
        option,
        name=option.name or field.replace("_", "-"),
        choices=choices,
        field=field,
        kind=kinds[0],
        default=None if required else default,
        required=required,
        repeatable=repeatable,
    )
