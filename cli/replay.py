"""`schmubert replay`: a recorded session again, as sound, as a file, or decided anew."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.outputs import check_outputs
from schmubert.engine.commands import Command

if TYPE_CHECKING:
    from schmubert.bridge.session.log import Log
    from schmubert.bridge.session.midi_export import MidiExport


@click.command("replay", cls=Command)
@click.argument("folder", metavar="DIR", type=options.Place(exists=True))
@click.option("--out", type=options.Place(dir_okay=False), help="Write a MIDI file.")
@click.option(
    "--play",
    "ports",
    multiple=True,
    metavar="NAME",
    help="Send what the band sent, in real time, to this port; repeated, one for each --out of the"
    " session in turn. Ports that do not exist are made.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Decide again all that the bridge decided, from what came in, and compare.",
)
@options.api
@options.force
@one_line
def replay(
    folder: Path, out: Path | None, ports: tuple[str, ...], verify: bool, api: str, force: bool
) -> None:
    """Play or write a session again that `schmubert-bridge --record` kept: the very same notes.

    DIR is the session's folder. Where its MIDI file is missing (the bridge was killed), it is
    made from the log.
    """
    from schmubert.bridge.session.log import BEFORE_NAME, SONG_NAME, Log
    from schmubert.engine.writing import write_whole

    log = Log(folder)
    if out is not None:
        read = [log.path.with_name(name) for name in (log.path.name, SONG_NAME, BEFORE_NAME)]
        check_outputs([("--out", out)], read, force)
    export = _exported(log)
    band, player = export.onsets()
    click.echo(
        f"{log.session.began}: {export.seconds:.1f} s, {band} notes of the band,"
        f" {player} of the player"
    )
    if log.damage is not None:
        click.echo(f"{log.path.name}: {log.damage}", err=True)
    midi = export.midi()
    _compare(log, midi)
    if out is not None:
        write_whole(out, midi)
        click.echo(f"written: {out}")
    if verify:
        _verify(log)
    if ports:
        _play(log, ports, api)


def _exported(log: "Log") -> "MidiExport":
    from schmubert.bridge.session.midi_export import MidiExport

    export = MidiExport(log.session)
    for record in log:
        export.see(record)
    return export


def _compare(log: "Log", midi: bytes) -> None:
    """Set the session's own MIDI file beside `midi`; make it where it is missing."""
    from schmubert.bridge.session.log import SONG_NAME
    from schmubert.engine.writing import write_whole

    song = log.path.with_name(SONG_NAME)
    if not song.exists():
        try:
            write_whole(song, midi)
        except OSError as error:
            click.echo(f"{song.name} was missing: {error}", err=True)
        else:
            click.echo(f"{song} was missing: made")
    elif song.read_bytes() == midi:
        click.echo(f"{song.name} is the same, byte for byte")
    elif log.damage is None:
        changed = "it was changed after the session, or another release wrote it"
        click.echo(f"{song.name} is another: {changed}", err=True)
    else:
        click.echo(f"{song.name} may hold more than what is left of the log", err=True)


def _verify(log: "Log") -> None:
    from schmubert.bridge.session.log import BEFORE_NAME, Log
    from schmubert.bridge.session.verify import verify_session

    before = log.path.with_name(BEFORE_NAME)
    verdict = verify_session(log.session, log, Log(before) if before.is_file() else None)
    if verdict.difference is not None:
        raise ValueError(f"after {verdict.same} messages that are the same, {verdict.difference}")
    click.echo(f"decided again: {verdict.same} messages, all the same")


def _play(log: "Log", names: tuple[str, ...], api: str) -> None:
    from schmubert.bridge.owner.loop import stopping
    from schmubert.bridge.owner.ports import MidiPorts
    from schmubert.bridge.owner.report import Lateness, report_on
    from schmubert.bridge.protocol.bytes import begins_note
    from schmubert.bridge.protocol.events import Sent
    from schmubert.bridge.session.playback import play

    sent = [record for record in log if isinstance(record.what, Sent)]
    outputs = tuple(dict.fromkeys(names))
    places = [outputs.index(name) for name in names]
    ports = MidiPorts((), outputs, api)
    try:
        for line in ports.named:
            click.echo(line, err=True)
        with stopping() as stopped:
            late_s = play(
                sent,
                ports,
                output=lambda port: places[min(port, len(places) - 1)],
                stopped=lambda: bool(stopped),
            )
    finally:
        ports.close()
    left = [record.what.message for record in sent[: len(late_s)] if isinstance(record.what, Sent)]
    note_ons = sum(begins_note(message) for message in left)
    click.echo(str(report_on(note_ons, 0, 0, Lateness(late_s))))
    if len(late_s) < len(sent):
        sys.exit(130)
