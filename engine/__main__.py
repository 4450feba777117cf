"""`schmubert engine`, and `python -m schmubert.engine`: the engine as a process of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schmubert.engine import options
from schmubert.engine.commands import Command
from schmubert.engine.extras import how_to_install
from schmubert.engine.limit_options import limits
from schmubert.engine.writing import told

if TYPE_CHECKING:
    from schmubert.engine.service.admission import Doorkeeper


@click.command("engine", cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@options.model
@options.device
@click.option(
    "--bind",
    metavar="ADDRESS",
    help="Where to listen, tcp://ADDRESS:PORT; this computer alone (loopback) if not given. Any"
    " other address needs keys.",
)
@click.option(
    "--key",
    type=options.Place(),
    metavar="FILE",
    help="The engine's secret key, made by `schmubert keygen`. Then nobody without one gets in.",
)
@click.option(
    "--players",
    type=options.Place(),
    metavar="FOLDER|FILE",
    help="The .pub files of the players who get in. A folder may change while the engine runs.",
)
@click.option(
    "--anyone-may-connect",
    is_flag=True,
    help="No keys, whatever --bind is: for a network on which you trust everybody.",
)
@options.threads(1)
@click.option(
    "--linger-s",
    type=options.Real(min=0.1),
    help="End this many seconds after the last client went silent; never if not given.",
)
@limits
def engine_command(
    model: Path | None,
    device: str,
    bind: str | None,
    key: Path | None,
    players: Path | None,
    anyone_may_connect: bool,
    threads: int,
    linger_s: float | None,
    **limited: Any,
) -> None:
    """Answer players at an address: fill in what their bands should play.

    Runs until Ctrl-C. The bridge starts one by itself; start your own to keep the model on
    another computer, or to let several players share it.

    Beyond this computer only players get in whose keys you have. You and each player make a pair:

    \b
    schmubert keygen studio                       # you; give studio.pub to the players
    schmubert keygen anna --engine studio.pub     # a player; you put anna.pub into players/
    schmubert engine --bind tcp://0.0.0.0:28765 --key studio.key --players players
    schmubert-bridge --in Keys --out Bass --engine tcp://studio:28765 --key anna.key
    """
    import logging
    import time

    logging.basicConfig(format="schmubert engine: %(message)s", level=logging.WARNING)
    try:
        import zmq

        from schmubert.engine.memory import give_back_large_blocks
        from schmubert.engine.networks.devices import DEVICES
        from schmubert.engine.networks.load import load
        from schmubert.engine.service import server
        from schmubert.engine.service.client import EXIT_ADDRESS_IN_USE
        from schmubert.engine.service.connections import Lookout, most_connections
        from schmubert.engine.service.ending import told_to_end
        from schmubert.engine.service.limits import Limits
        from schmubert.engine.service.pace import Pace
        from schmubert.engine.service.warming import warm_up
        from schmubert.engine.service.wire import DEFAULT_ADDRESS
    except ImportError as error:
        raise click.ClickException(
            f"{error.name or error} is missing: {how_to_install()}"
        ) from error

    give_back_large_blocks()
    granted = Limits(**limited)
    connections = most_connections(granted.connections)
    if connections < granted.connections:
        click.echo(
            f"{connections} connections at once, not {granted.connections}: this system lets a"
            " process open no more files (ulimit -n)",
            err=True,
        )
    doorkeeper = _doorkeeper(key, players, anyone_may_connect)
    ended = told_to_end()
    try:
        router = server.listen(bind or DEFAULT_ADDRESS, doorkeeper)
    except server.AddressInUseError as error:
        click.echo(f"Error: {error}", err=True)
        raise click.exceptions.Exit(EXIT_ADDRESS_IN_USE) from error
    except ValueError as error:
        raise click.ClickException(told(error)) from error
    listening_s = time.monotonic()
    lookout = Lookout(router, connections)
    try:
        address = router.getsockopt_string(zmq.LAST_ENDPOINT)
        open_to_all = doorkeeper is None and not server.is_private(address)
        if open_to_all and not anyone_may_connect:
            raise click.ClickException(
                f"other computers reach {address}: give --key FILE and --players FOLDER (see"
                " schmubert keygen), or --anyone-may-connect where you trust everybody on the"
                " network"
            )
        pace = Pace()
        try:
            chosen = next(known for known in DEVICES if known == device)
            loaded = load(model, chosen, threads, flush_denormals=True)
            call_ms = warm_up(loaded, pace)
        except (ValueError, OSError, ImportError) as error:
            raise click.ClickException(told(error)) from error
        click.echo(
            f"listening at {address}: {loaded.name} in {loaded.runtime}, {call_ms:.1f} ms a call"
        )
        if open_to_all:
            click.echo("whoever reaches this address can use this engine", err=True)
        about = server.welcome(loaded, call_ms)
        serving = server.Server(
            router, loaded, pace, about, listening_s, limits=granted, lookout=lookout
        )
        serving.serve(lambda: bool(ended), linger_s)
        served = serving.served
        click.echo(
            f"ended: {served.asks} asks, {served.drafts} drafts, {served.replaced} asks replaced"
            f" by newer ones, {served.refused} refused,"
            f" {served.unread} messages left unread, {lookout.cut} connections closed"
        )
    finally:
        lookout.close()
        router.close()
        if doorkeeper is not None:
            doorkeeper.close()
        zmq.Context.instance().term()


def _doorkeeper(key: Path | None, players: Path | None, anyone: bool) -> "Doorkeeper | None":
    """Who lets players in by their keys, where there are any."""
    from schmubert.engine.service.admission import Doorkeeper, Players
    from schmubert.engine.service.keys import engine_key

    if key is None and players is None:
        return None
    if anyone:
        raise click.UsageError(
            "--key and --players keep strangers out, --anyone-may-connect does not: give the one or"
            " the other"
        )
    if key is None or players is None:
        raise click.UsageError(
            "--key FILE and --players FOLDER go together: the engine's own key, and whom it lets in"
        )
    try:
        known = Players(players)
        doorkeeper = Doorkeeper(engine_key(key), known)
    except (ValueError, OSError) as error:
        raise click.ClickException(told(error)) from error
    if not known:
        click.echo(f"no player gets in yet: put their .pub files into {players}", err=True)
    return doorkeeper


if __name__ == "__main__":
    engine_command(prog_name="python -m schmubert.engine")
