"""`schmubert calibrate`: how far away a DAW is."""

from contextlib import closing
from pathlib import Path
from time import sleep

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command

ENOUGH = 0.5
"""The share of the notes that has to come back for a figure."""


@click.command(cls=Command)
@click.option("--out", "played", metavar="NAME", required=True, help="Where the notes go out.")
@click.option("--in", "heard", metavar="NAME", required=True, help="Where they come back.")
@options.api
@options.with_default("--notes", options.Whole(4, 1000), 50, "How many notes to send.")
@click.option(
    "--preset",
    type=options.Place(dir_okay=False),
    help="Keep the offset in this preset of schmubert-bridge.",
)
@options.with_default("--wait", options.Real(0.0, 600.0), 0.0, "Seconds to plug in.")
@one_line
def calibrate(
    played: str, heard: str, api: str, notes: int, preset: Path | None, wait: float
) -> None:
    """Measure the way through a DAW, and say what --offset-ms makes up for it.

    In the DAW, let a track listen to NAME of --out and play to NAME of --in (monitor on). The DAW's
    clock is late by the way to here and a note is late by the way back: the whole way is what the
    bridge has to be early by.

    \b
    schmubert calibrate --out "Bass" --in "DAW Out"
    """
    from schmubert.bridge.choices.preset import kept, writable
    from schmubert.bridge.doctor.roundtrip import round_trips
    from schmubert.bridge.options import MOST_OFFSET_MS
    from schmubert.bridge.owner.ports import MidiPorts
    from schmubert.bridge.protocol.quantile import quantile

    if preset is not None:
        writable(preset)
    with closing(MidiPorts((heard,), (played,), api)) as ports:
        for line in ports.named:
            click.echo(line)
        if wait:
            click.echo(f"plug in within {wait:g} s")
            sleep(wait)
        found = [1000.0 * seconds for seconds in round_trips(ports, notes)]
    if len(found) < ENOUGH * notes:
        raise ValueError(
            f"{len(found)} of {notes} notes came back: let a track of the DAW listen to {played!r}"
            f" and play to {heard!r}, monitor on; --wait 30 leaves time for that"
        )
    middle = quantile(found, 0.5)
    if middle > MOST_OFFSET_MS:
        raise ValueError(
            f"there and back takes {middle:.0f} ms, and no offset makes up for more than"
            f" {MOST_OFFSET_MS:.0f}: give the audio system a shorter period"
        )
    spread = quantile(found, 0.95) - quantile(found, 0.05)
    click.echo(
        f"there and back: {middle:.1f} ms (median), {spread:.1f} ms between p5 and p95,"
        f" {len(found)} of {notes} notes"
    )
    click.echo(f"give schmubert-bridge --offset-ms {-middle:.1f}")
    if preset is not None:
        kept(preset, "offset-ms", round(-middle, 1))
        click.echo(f"kept in {preset}")
