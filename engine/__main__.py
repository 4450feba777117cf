"""`schmubert engine`, and `python -m schmubert.engine`: the engine as a process of its own."""

from pathlib import Path
from typing import Any

import click

from schmubert.engine import options
from schmubert.engine.extras import how_to_install
from schmubert.engine.service.limit_options import limits


@click.command("engine", context_settings={"help_option_names": ["-h", "--help"]})
@options.model
@options.device
@click.option(
    "--bind",
    metavar="ADDRESS",
    help="Where to listen, tcp://ADDRESS:PORT; this computer alone (loopback) if not given.",
)
@options.threads(1)
@click.option(
    "--linger-s",
    type=click.FloatRange(min=0.1),
    help="End this many seconds after the last client went silent; never if not given.",
)
@limits
def engine_command(
    model: Path | None,
    device: str,
    bind: str | None,
    threads: int,
    linger_s: float | None,
    **limited: Any,
) -> None:
    """Answer players at an address: fill in what their bands should play.

    Runs until Ctrl-C. The bridge starts one by itself; start your own to keep the model on
    another computer, or to let several players share it.
    """
    import logging
    import signal
    import time

    logging.basicConfig(format="schmubert engine: %(message)s", level=logging.WARNING)
    try:
        import zmq

        from schmubert.engine.networks.devices import DEVICES
        from schmubert.engine.networks.load import load
        from schmubert.engine.service import server
        from schmubert.engine.service.client import EXIT_ADDRESS_IN_USE
        from schmubert.engine.service.connections import Lookout, most_connections
        from schmubert.engine.service.limits import Limits
        from schmubert.engine.service.pace import Pace
        from schmubert.engine.service.wire import DEFAULT_ADDRESS
    except ImportError as error:
        raise click.ClickException(
            f"{error.name or error} is missing: {how_to_install()}"
        ) from error

    granted = Limits(**limited)
    connections = most_connections(granted.connections)
    if connections < granted.connections:
        click.echo(
            f"{connections} connections at once, not {granted.connections}: this system lets a"
            " process open no more files (ulimit -n)",
            err=True,
        )
    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _: ended.append(caught))
    try:
        router = server.listen(bind or DEFAULT_ADDRESS)
    except server.AddressInUseError as error:
        click.echo(f"Error: {error}", err=True)
        raise click.exceptions.Exit(EXIT_ADDRESS_IN_USE) from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    listening_s = time.monotonic()
    lookout = Lookout(router, connections)
    try:
        pace = Pace()
        try:
            chosen = next(known for known in DEVICES if known == device)
            loaded = load(model, chosen, threads, flush_denormals=True)
            call_ms = server.warm_up(loaded, pace)
        except (ValueError, OSError, ImportError) as error:
            raise click.ClickException(str(error)) from error
        address = router.getsockopt_string(zmq.LAST_ENDPOINT)
        click.echo(
            f"listening at {address}: {loaded.name} in {loaded.runtime}, {call_ms:.1f} ms a call"
        )
        if not server.is_private(address):
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
        zmq.Context.instance().term()


if __name__ == "__main__":
    engine_command(prog_name="python -m schmubert.engine")
