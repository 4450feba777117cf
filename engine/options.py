"""Kinds of numbers in options, and options of every command that loads a model.

Nothing here loads one, or NumPy.
"""

import os
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click

from schmubert.engine.diffusion.defaults import MOST_SEED
from schmubert.engine.networks.devices import DEVICES

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Whole(click.IntRange):
    """A whole number in a range; infinity and 4.9, which a preset may say, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does."""
        try:
            whole = int(value) == value or isinstance(value, str)
        except (ValueError, OverflowError):
            whole = False
        if not whole:
            self.fail(_no_number(value, "whole number", self), param, ctx)
        return super().convert(value, param, ctx)


class Real(click.FloatRange):
    """A number in a range; infinity and NaN are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does."""
        try:
            there = isfinite(float(value))
        except (ValueError, OverflowError):
            there = False
        if not there:
            self.fail(_no_number(value, "number", self), param, ctx)
        return super().convert(value, param, ctx)


def _no_number(value: object, kind: str, known: click.IntRange | click.FloatRange) -> str:
    """What to say where `value` is no number of a `kind`, and which ones are `known`."""
    said = repr(value) if isinstance(value, str) else str(value)
    if known.min is None and known.max is None:
        return f"{said} is no {kind}."
    return f"{said} is no {kind} in the range {known._describe_range()}."


class Place(click.Path):
    """A file or folder by its name; an empty one is none, not the folder that one is in."""

    def __init__(self, path_type: type[Any] = Path, **others: Any) -> None:
        super().__init__(path_type=path_type, **others)

    def convert(
        self,
        value: "str | os.PathLike[str]",
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """As click does."""
        if value == "":
            self.fail("an empty name is no file: is it a variable that is not set?", param, ctx)
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            for kind, there, other, taken in (
                ("folder", Path(value).is_dir(), "file", self.dir_okay),
                ("file", Path(value).is_file(), "folder", self.file_okay),
            ):
                if there and not taken:
                    self.fail(f"{str(value)!r} is a {kind}: name a {other}", param, ctx)
            raise


SEED = Whole(0, MOST_SEED)


def with_default(
    name: str, kind: "click.ParamType[Any]", default: object, words: str
) -> Callable[[Decorated], Decorated]:
    """The option `name`, whose help is `words` and shows the `default`."""
    return click.option(name, type=kind, default=default, show_default=True, help=words)


model = click.option(
    "--model",
    type=Place(),
    help="The model, .onnx or .safetensors; the one that ships with schmubert if not given.",
)
device = with_default(
    "--device",
    click.Choice(DEVICES),
    "auto",
    "What the model runs on; auto takes CUDA where it works.",
)


def threads(default: int) -> Callable[[Decorated], Decorated]:
    """`--threads`, so many by `default`."""
    return with_default(
        "--threads",
        Whole(1, 64),
        default,
        "CPU threads for the model; one is best while a DAW keeps the other cores busy.",
    )
