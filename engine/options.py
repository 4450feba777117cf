"""Options of every command that loads a model. Nothing here loads one, or NumPy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from schmubert.engine.networks.devices import DEVICES

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def with_default(
    name: str, kind: "click.ParamType[Any]", default: object, words: str
) -> Callable[[Decorated], Decorated]:
    """The option `name`, whose help is `words` and shows the `default`."""
    return click.option(name, type=kind, default=default, show_default=True, help=words)


model = click.option(
    "--model",
    type=click.Path(path_type=Path),
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
        click.IntRange(1, 64),
        default,
        "CPU threads for the model; one is best while a DAW keeps the other cores busy.",
    )
