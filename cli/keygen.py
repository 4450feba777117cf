"""`schmubert keygen`: who may play with an engine on another computer."""

from pathlib import Path

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command


@click.command(cls=Command)
@click.argument("name", type=options.Place())
@click.option(
    "--engine",
    type=options.PATH,
    metavar="FILE",
    help="The engine's .pub file, where the key is a player's; the key is then for that engine.",
)
@options.forced("Make a new pair where one is there already. The old one is lost.")
@one_line
def keygen(name: Path, engine: Path | None, force: bool) -> None:
    """Make a pair of keys, for an engine or a player on another computer.

    NAME.key is secret and can be read by you alone. NAME.pub is no secret: the engine's goes to its
    players, a player's to the engine's folder --players. One pair is for one computer.

    \b
    schmubert keygen studio                       # whoever runs the engine
    schmubert keygen anna --engine studio.pub     # a player
    """
    from schmubert.engine.service.keys import make

    secret, public = make(name, engine, force)
    click.echo(f"{secret}: secret, for you alone")
    if engine is None:
        click.echo(f"{public}: for your players, who make theirs by")
        click.echo(f"  schmubert keygen NAME --engine {public.name}")
        click.echo("and whose .pub files you put into a folder. Then:")
        click.echo(f"  schmubert engine --bind tcp://0.0.0.0:28765 --key {secret} --players FOLDER")
    else:
        click.echo(f"{public}: for whoever runs the engine, to put among its --players. Then:")
        click.echo(f"  schmubert-bridge --engine tcp://HOST:28765 --key {secret} ...")
