"""`schmubert jam`: a keyboard and nothing else, heard through FluidSynth."""

import time
from collections.abc import Callable

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command

USUAL = {"sound": True, "sync": "internal", "tempo": 100.0}
"""The options of the bridge that hold here where others are not given."""
LOOK_S = 1.0


@click.command(
    "jam",
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
    options_metavar="[OPTIONS] [OPTIONS OF SCHMUBERT-BRIDGE]",
)
@click.option(
    "--in",
    "heard",
    multiple=True,
    metavar="NAME[:ROLE[:CHANNEL]]",
    help="The port of your keyboard, if not the first that is found. Repeatable.",
)
@options.api
@click.argument("others", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
@one_line
def jam(context: click.Context, heard: tuple[str, ...], api: str, others: tuple[str, ...]) -> None:
    """Play with a band on a keyboard and nothing else: no DAW, no other instrument.

    Bass, drums and chords answer you, and FluidSynth lets you hear them and yourself. Every option
    of schmubert-bridge holds here too: --tempo 90, --click, --chords "Am F C G", --page.

    \b
    schmubert jam
    schmubert jam --click --tempo 90 --program chords=rock --page
    """
    from schmubert.bridge.command import bridge_command
    from schmubert.bridge.owner.port_names import keyboards
    from schmubert.bridge.owner.ports import existing_ports, short_name

    words = [f"--api={api}", *others]
    ports = [f"--in={name}" for name in heard] or ["--in=keyboard"]
    # what it does not take is told before a keyboard is waited for
    bridge_command.make_context(context.command_path, [*ports, *words], default_map=USUAL)
    if not heard:

        def look() -> str | None:
            taken, sources, _ = existing_ports(api)
            found = keyboards(sources, taken)
            return short_name(found[0], sources, taken) if found else None

        name = awaited(look, time.sleep)
        heard = (f"{name}:melody",)  # whatever the name has in it
        click.echo(f"keyboard: {name!r} (another one: --in NAME, see `schmubert ports`)")
    click.echo(HOW)
    bridge_command.main(
        [*(f"--in={name}" for name in heard), *words],
        prog_name=context.command_path,
        standalone_mode=False,
        default_map=USUAL,
    )


HOW = """\
Play: the band listens to your first bar and comes in on the next; when you rest, so does it.
Keys of the computer: t taps the tempo, f a fill, b a break, e an ending, ? all of them."""


def awaited(look: Callable[[], str | None], sleep: Callable[[float], object]) -> str:
    """What `look` finds, once it does; meanwhile one line says what is waited for."""
    found = look()
    if found is None:
        click.echo("no MIDI keyboard here: plug one in, I wait (or name a port, --in NAME)")
    while found is None:
        sleep(LOOK_S)
        found = look()
    return found
