"""Options of every command that loads a model. Nothing here loads one, or NumPy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

DEVICES = ("auto", "cpu", "cuda")

model = click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="The model, .onnx or .safetensors; the one that ships with schmubert if not given.",
)
device = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="What the model runs on; auto takes CUDA where it works.",
)


def threads(default: int) -> Callable[[Decorated], Decorated]:
    """`--threads`, so many by `default`."""
    return click.option(
        "--threads",
        type=click.IntRange(1, 64),
        default=default,
        show_default=True,
        help="CPU threads for the model; one is best while a DAW keeps the other cores busy.",
    )
