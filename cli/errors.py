"""Errors as a player reads them: one line, and what to do next."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from schmubert.engine.music.texts import escaped
from schmubert.engine.writing import in_the_way, told

P = ParamSpec("P")
R = TypeVar("R")


def one_line(command: Callable[P, R]) -> Callable[P, R]:
    """`command` with its ValueErrors and OSErrors shown as one line, exit code 1."""

    @wraps(command)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError) as error:
            raise click.ClickException(escaped(" ".join(told(error).split()))) from error

    return shown


def check_folder(path: Path) -> None:
    """ValueError where a file is in the way of a folder at `path`, which need not be there yet."""
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file: name a folder")
    if (file := in_the_way(path)) is not None:
        raise ValueError(f"{file} is a file, not a folder: name another place")
