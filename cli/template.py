"""`schmubert template`: a session for a DAW, with the tracks and wires that the bridge wants."""

import shlex
from importlib.metadata import version
from pathlib import Path

import click

from schmubert.cli import ardour_template, dawproject_template, options, reaper_template
from schmubert.cli.daw_plan import HEARS, YOU, Plan, preset
from schmubert.cli.errors import check_folder, one_line
from schmubert.engine.commands import Command
from schmubert.engine.music.meter import USUAL_BPM
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.writing import naming, resolved, write_whole

DAWS = ("ardour", "reaper", "dawproject")
PRESET = "schmubert.toml"


@click.command(cls=Command)
@click.argument("daw", type=click.Choice(DAWS))
@options.out("The folder of the session, which is called like it.")
@options.with_default("--tempo", options.Real(20.0, 400.0), USUAL_BPM, "The tempo, in quarters.")
@options.with_default("--meter", options.METRE, "4/4", "The metre, as 3/4 or 6/8.")
@options.tracks("What the band plays", default="bass,drums,chords", kind=options.PARTS)
@options.forced("Write the session in a folder that is there anew; takes in it stay.")
@one_line
def template(
    daw: str,
    out: Path,
    tempo: float,
    meter: tuple[int, int],
    tracks: tuple[Track, ...],
    force: bool,
) -> None:
    """Make a session for a DAW: tracks for you and the band, tempo, metre, and the wires.

    Beside it lies a preset for the bridge. Ardour's session is wired whole, on JACK or PipeWire;
    for what the other two leave to you, see docs/daw.md.

    \b
    schmubert template ardour --out gig
    schmubert-bridge --preset gig/schmubert.toml
    """
    name = resolved(out).name or "session"
    if not name.isprintable():
        raise ValueError(f"{name!r} is no name for a session: write it in letters")
    plan = Plan(name, tempo, meter, tracks)
    check_folder(out)
    if not force and out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is there already: give another --out, or --force")
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    if daw == "ardour":
        file, data = f"{name}.ardour", ardour_template.ardour_session(plan)
    elif daw == "reaper":
        file, data = f"{name}.rpp", reaper_template.reaper_project(plan).encode()
    else:
        file, data = (
            f"{name}.dawproject",
            dawproject_template.dawproject(plan, version("schmubert")),
        )
    write_whole(out / file, data)
    write_whole(out / PRESET, preset(plan, "jack" if daw == "ardour" else None).encode())
    click.echo(f"{out / file}: tracks {', '.join(plan.tracks)}")
    click.echo("First start the bridge:")
    click.echo(f"  schmubert-bridge --preset {shlex.quote(str(out / PRESET))}")
    for line in LEFT[daw]:
        click.echo(line)


LEFT = {
    "ardour": (
        "Then open the session, and switch on Transport > Generate > MIDI Beat Clock (once: Ardour"
        " keeps it).",
        f"Connect your keyboard to the input of {YOU}, add instruments, and record.",
    ),
    "reaper": ("Then open the project; Project > Notes says which MIDI devices to choose.",),
    "dawproject": (
        f"Then open it, and choose in your DAW: track {YOU} to {HEARS}, with MIDI clock, and the"
        " other tracks from the ports of their names. The format has no place for that.",
    ),
}
"""What is left to the player, by DAW."""
