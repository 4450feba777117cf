"""`schmubert doctor`: what this computer can do."""

from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command
from schmubert.engine.writing import resolved

if TYPE_CHECKING:
    from schmubert.bridge.doctor.checkup import Finding
    from schmubert.bridge.owner.ports import Ports
    from schmubert.bridge.protocol.messages import Patch, Plugged, Survey
    from schmubert.engine.service.wire import Request, Welcome

PAIR = "schmubert doctor"
NOTES = 50


@click.command(cls=Command)
@options.api
@options.engine
@options.key
@options.model
@options.device
@options.with_default("--seconds", options.Real(2.0, 600.0), 10.0, "How long to work as on stage.")
@one_line
def doctor(
    api: str,
    engine: str | None,
    key: Path | None,
    model: Path | None,
    device: str,
    seconds: float,
) -> None:
    """Say whether one can play on this computer, and what to change.

    Ends with exit status 1 where one cannot.
    """
    from schmubert.bridge.doctor import beside, checkup

    if model is not None and not model.is_file():
        raise ValueError(f"{model}: no such model file")
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
    tell(beside.sound())
    tell(beside.page())
    if engine is None:
        tell(checkup.providers())
        tell(checkup.model(model))
    tell(_on_stage(engine, key, model, device, seconds))
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

    def patch(self, _: "Patch | Survey") -> None:
        """Nobody connects them to others."""

    def close(self) -> None:
        """Close both."""
        self._back.close()
        self._out.close()


def _on_stage(
    engine: str | None, key: Path | None, model: Path | None, device: str, seconds: float
) -> "list[Finding]":
    """The engine found or started, and worked with for so many `seconds`."""
    from schmubert.bridge.brain.engine_link import EngineLink
    from schmubert.bridge.doctor.checkup import Finding, lateness, played, replies
    from schmubert.bridge.doctor.dry_run import meet, requests_in, stage_work

    path = None if model is None else str(resolved(model))
    secret = None if key is None else str(key)
    with closing(EngineLink(engine, path, device, monotonic(), key=secret)) as link:
        try:
            welcome = meet(link)
            about = f"{welcome.model} in {welcome.runtime}, schmubert {welcome.release}"
            click.echo(f"ok  engine at {link.address}: {about}")
            strange = played(welcome.model, model, link.another(welcome.model))
            if strange:
                return strange
            click.echo(f"      working as on stage for {seconds:g} s")
            meter = welcome.meters[0]
            asked = requests(welcome, requests_in(seconds, meter))
            dry_run = stage_work(link, asked, seconds, meter=meter)
        except ValueError as error:
            return [Finding("no engine", str(error), bad=True)]
    return [lateness(dry_run), *replies(dry_run)]


def requests(welcome: "Welcome", count: int) -> "list[Request]":
    """So many requests as a bridge makes them, a beat after the other, of the engine it met.

    They are in the first metre that its model plays.
    """
    from schmubert.bridge.brain.dialogue import Dialogue
    from schmubert.bridge.doctor.dry_run import stage_window
    from schmubert.bridge.protocol.meters import words_of
    from schmubert.bridge.protocol.settings import Settings
    from schmubert.engine.service.wire import Constraints

    meter = welcome.meters[0]
    signature, feel = words_of(meter)
    window = stage_window(meter=meter)
    settings = Settings(plays=tuple(window.needed), signature=signature, feel=feel)
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
