"""`schmubert doctor`, `schmubert calibrate`: what this computer can do, how far away a DAW is."""

from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from schmubert.cli.errors import one_line

if TYPE_CHECKING:
    from schmubert.bridge.doctor.checkup import Finding
    from schmubert.bridge.owner.ports import Ports
    from schmubert.bridge.protocol.messages import Plugged
    from schmubert.engine.service.wire import Request, Welcome

API = click.option(
    "--api",
    type=click.Choice(["auto", "alsa", "jack", "core", "windows"]),
    default="auto",
    show_default=True,
    help="The MIDI system.",
)
PAIR = "schmubert doctor"
NOTES = 50
ENOUGH = 0.5  # of the notes have to come back for a figure


@click.command()
@API
@click.option("--engine", metavar="ADDRESS", help="An engine elsewhere, tcp://HOST:PORT.")
@click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The model of an engine that is started, not the default.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="What that runs on.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(2.0, 600.0),
    default=10.0,
    show_default=True,
    help="How long to work as on stage.",
)
@one_line
def doctor(api: str, engine: str | None, model: Path | None, device: str, seconds: float) -> None:
    """Say whether one can play on this computer, and what to change.

    Ends with exit status 1 where one cannot.
    """
    from schmubert.bridge.doctor import checkup

    found: list[checkup.Finding] = []

    def tell(findings: list[checkup.Finding]) -> None:
        found.extend(findings)
        for finding in findings:
            click.echo(str(finding))

    tell(checkup.versions())
    there = checkup.midi(api)
    tell(there)
    if not any(finding.bad for finding in there):
        tell([_through_a_pair(api)])
    tell(checkup.priority())
    if engine is None:
        tell(checkup.providers())
        tell(checkup.model(model))
    tell(_on_stage(engine, model, device, seconds))
    click.echo()
    click.echo(checkup.verdict(found))
    if any(finding.bad for finding in found):
        raise SystemExit(1)


def _through_a_pair(api: str) -> "Finding":
    """Notes through two ports of this computer that are connected with each other."""
    from schmubert.bridge.doctor.checkup import Finding, way
    from schmubert.bridge.doctor.roundtrip import round_trips
    from schmubert.bridge.owner.ports import MidiPorts

    try:
        out = MidiPorts((), (PAIR,), api)
        with closing(Pair(out, MidiPorts((PAIR,), (), api))) as pair:
            return way(round_trips(pair, NOTES), NOTES, "through a pair of ports")
    except OSError as error:
        return Finding(f"no round trip: {error}", "" if api == "windows" else "restart MIDI")


class Pair:
    """Two sets of ports as one: `out` to play on, `back` to hear."""

    def __init__(self, out: "Ports", back: "Ports") -> None:
        self._out, self._back = out, back

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come back."""
        return self._back.poll()

    def send(self, output: int, message: bytes) -> None:
        """Play."""
        self._out.send(output, message)

    def look(self) -> "list[Plugged]":
        """Nobody pulls these out."""
        return []

    def close(self) -> None:
        """Close both."""
        self._back.close()
        self._out.close()


def _on_stage(
    engine: str | None, model: Path | None, device: str, seconds: float
) -> "list[Finding]":
    """The engine found or started, and worked with for so many `seconds`."""
    from schmubert.bridge.brain.engine_link import EngineLink
    from schmubert.bridge.doctor.checkup import Finding, lateness, played, replies
    from schmubert.bridge.doctor.dry_run import meet, requests_in, stage_work

    path = None if model is None else str(model.resolve())
    with closing(EngineLink(engine, path, device, monotonic())) as link:
        try:
            welcome = meet(link)
            about = f"{welcome.model} in {welcome.runtime}, schmubert {welcome.release}"
            click.echo(f"ok  engine at {link.address}: {about}")
            strange = played(welcome.model, model, link.another(welcome.model))
            if strange:
                return strange
            click.echo(f"      working as on stage for {seconds:g} s")
            dry_run = stage_work(link, requests(welcome, requests_in(seconds)), seconds)
        except ValueError as error:
            return [Finding("no engine", str(error), bad=True)]
    return [lateness(dry_run), *replies(dry_run)]


def requests(welcome: "Welcome", count: int) -> "list[Request]":
    """So many requests as a bridge makes them, a beat after the other, of the engine it met."""
    from schmubert.bridge.brain.dialogue import Dialogue
    from schmubert.bridge.brain.settings import Settings
    from schmubert.bridge.doctor.dry_run import stage_window
    from schmubert.engine.service.wire import Constraints

    window = stage_window()
    settings = Settings(plays=tuple(window.needed))
    dialogue = Dialogue(settings)
    dialogue.welcome(welcome)
    return [
        dialogue.ask(
            window.about,
            window.needed,
            0.0,
            window.commit_at,
            settings.temperature,
            Constraints(),
        )
        for _ in range(count)
    ]


@click.command()
@click.option("--out", "played", metavar="NAME", required=True, help="Where the notes go out.")
@click.option("--in", "heard", metavar="NAME", required=True, help="Where they come back.")
@API
@click.option(
    "--notes",
    type=click.IntRange(4, 1000),
    default=NOTES,
    show_default=True,
    help="How many notes to send.",
)
@click.option(
    "--preset",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the offset in this preset of schmubert-bridge.",
)
@click.option("--wait", type=click.FloatRange(0.0, 600.0), default=0.0, help="Seconds to plug in.")
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
    from schmubert.bridge.doctor.roundtrip import round_trips
    from schmubert.bridge.options import MOST_OFFSET_MS
    from schmubert.bridge.owner.ports import MidiPorts
    from schmubert.bridge.preset import kept, writable
    from schmubert.bridge.protocol.quantile import quantile

    if preset is not None:
        writable(preset)
    with closing(MidiPorts((heard,), (played,), api)) as ports:
        for line in ports.named:
            click.echo(line)
        if wait:
            click.echo(f"plug in within {wait:g} s")
            _sleep(wait)
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


def _sleep(seconds: float) -> None:
    from time import sleep

    sleep(seconds)
