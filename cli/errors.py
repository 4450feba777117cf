"""Errors as a player reads them: one line, and what to do next."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from schmubert.engine.music.texts import escaped

P = ParamSpec("P")
R = TypeVar("R")


def one_line(command: Callable[P, R]) -> Callable[P, R]:
    """`command` with its ValueErrors and OSErrors shown as one line, exit code 1."""

    @wraps(command)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError) as error:
            words = str(error)
            if isinstance(error, OSError) and error.strerror and error.filename:
                words = f"{error.filename}: {error.strerror}"
            raise click.ClickException(escaped(" ".join(words.split()))) from error

    return shown
