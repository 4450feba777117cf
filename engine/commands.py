"""Commands whose errors are one line: what is wrong, and what to do.

Click prints how a command is called first, and where its help is, on lines of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

HELP_ASKED = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""What newer releases of click raise to show the help of a group that is called without words."""


class WrongUse(click.UsageError):
    """Words that a command does not take, told in one line."""

    def show(self, file: Any = None) -> None:
        """Print the line, on stderr if no `file` is given."""
        click.echo(f"Error: {self.message}", file=file, err=file is None)


class Command(click.Command):
    """A command whose errors are one line."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """As click does."""
        with _one_line(click.Context(self, parent, info_name)):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does."""
        with _one_line(ctx):
            return super().invoke(ctx)


class Group(Command, click.Group):
    """A group whose errors are one line, and those of its commands."""


@contextmanager
def _one_line(context: click.Context) -> Iterator[None]:
    """Errors of click inside as one line, those of words as WrongUse; `context` is the command's.

    Where one says no more than what is wrong, it says where the help is.
    """
    try:
        yield
    except WrongUse:
        raise
    except click.UsageError as error:
        if isinstance(error, HELP_ASKED):
            raise
        words = _joined(error.format_message())
        if not _says_what_to_do(error):
            path = (error.ctx or context).command_path
            words = f"{words.removesuffix('.')}, see {path} --help"
        raise WrongUse(words) from error
    except click.ClickException as error:
        if (line := _joined(error.format_message())) == error.message:
            raise
        raise click.ClickException(line) from error


def _joined(text: str) -> str:
    """`text` on one line."""
    from schmubert.engine.music.texts import escaped

    return escaped(" ".join(text.split()))


def _says_what_to_do(error: click.UsageError) -> bool:
    """Whether `error` says what may stand there instead; our own do, after a colon."""
    if isinstance(error, click.MissingParameter):
        return error.param is not None and isinstance(error.param.type, click.Choice)
    if isinstance(error, click.BadParameter):
        return True
    if isinstance(error, click.NoSuchOption):
        return bool(error.possibilities)
    return bool(getattr(error, "possibilities", None)) or ": " in error.message
