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
        click.option(
            "--most-players",
            "most_players",
            type=Whole(1, 1024),
            default=LIMITS.most_players,
            show_default=True,
            help="Players at once; four times as many connections may be open. More than can be"
            " served in time get the same share each, and are told at once what cannot be.",
        ),
        click.option(
            "--most-calls",
            "calls",
            type=Whole(1, 4096),
            default=LIMITS.calls,
            show_default=True,
            help="Calls to the model that a player may ask for in a draft.",
        ),
        click.option(
            "--most-budget-s",
            "budget_s",
            type=Real(0.1, 600.0),
            default=LIMITS.budget_s,
            show_default=True,
            help="How long a player may have an ask worked on.",
        ),
        click.option(
            "--most-bars",
            "bars",
            type=Whole(1, LIMITS.bars),
            default=LIMITS.bars,
            show_default=True,
            help="The longest window that a player may show.",
        ),
        click.option(
            "--most-messages",
            "messages_per_s",
            type=Real(1.0, 10_000.0),
            default=LIMITS.messages_per_s,
            show_default=True,
            help="Messages that a player may send in a second; more are left unread.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
