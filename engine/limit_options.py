"""The options of `schmubert engine` that say how much a player may have of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from schmubert.engine.options import Real, Whole
from schmubert.engine.service.limits import LIMITS

Command = TypeVar("Command", bound=Callable[..., Any])


def limits(command: Command) -> Command:
    """Add an option for each field of `Limits`, under the name of the field."""
    options = (
        (
            "players",
            "most_players",
            Whole(1, 1024),
            "Players at once; four times as many connections may be open. More than can be"
            " served in time get the same share each, and are told at once what cannot be.",
        ),
        (
            "calls",
            "calls",
            Whole(1, 4096),
            "Calls to the model that a player may ask for in a draft.",
        ),
        (
            "budget-s",
            "budget_s",
            Real(0.1, 600.0),
            "How long a player may have an ask worked on.",
        ),
        (
            "bars",
            "bars",
            Whole(1, LIMITS.bars),
            "The longest window that a player may show.",
        ),
        (
            "messages",
            "messages_per_s",
            Real(1.0, 10_000.0),
            "Messages that a player may send in a second; more are left unread.",
        ),
    )
    for most, field, kind, text in reversed(options):
        add = click.option(
            f"--most-{most}",
            field,
            type=kind,
            default=getattr(LIMITS, field),
            show_default=True,
            help=text,
        )
        command = add(command)
    return command
