"""`schmubert ports`: the MIDI ports of this computer, under the names that --in and --out take."""

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command


@click.command(cls=Command)
@options.api
@one_line
def ports(api: str) -> None:
    """List the MIDI ports that are there, by their exact names.

    A name that is not among them makes `schmubert-bridge` a port of its own, where the system
    lets it.
    """
    from schmubert.bridge.owner.midi_system import through
    from schmubert.bridge.owner.ports import CALLED, existing_ports, short_name

    taken, sources, destinations = existing_ports(api)
    click.echo(f"{CALLED[taken]}{through(taken)} (--api {taken})")
    for option, names in (("--in", sources), ("--out", destinations)):
        click.echo(f"{option}: what {'sends notes' if option == '--in' else 'plays notes'}")
        for full in names:
            short = short_name(full, names, taken)
            click.echo(f'  "{short}"' + (f"   ({full})" if short != full else ""))
        if not names:
            click.echo("  none: a name of your own makes a port")
