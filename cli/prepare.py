"""`schmubert prepare`."""

from pathlib import Path

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command


@click.command("prepare", cls=Command)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=options.PATH)
@options.out("The folder of the dataset.")
@click.option(
    "--drum-map",
    "drum_maps",
    multiple=True,
    metavar="NAME|PATTERN=NAME",
    help="How drum pitches become nine classes: general-midi, thesis or published; for all files,"
    " or for those whose paths fit PATTERN.",
)
@click.option(
    "--together",
    multiple=True,
    metavar="PATTERN",
    help="Files in one folder whose paths fit PATTERN all go into the same split.",
)
@options.with_default(
    "--validation",
    options.Real(0.0, 1.0, max_open=True),
    0.05,
    "The share of songs that is never trained on, to choose and tune by.",
)
@options.with_default(
    "--test",
    options.Real(0.0, 1.0, max_open=True),
    0.03,
    "The share of songs kept for the figures of a release.",
)
@click.option("--workers", type=options.Whole(1), help="Processes; all cores if not given.")
@options.forced("Replace another dataset at --out.")
@one_line
def prepare(
    sources: tuple[Path, ...],
    out: Path,
    drum_maps: tuple[str, ...],
    together: tuple[str, ...],
    validation: float,
    test: float,
    workers: int | None,
    force: bool,
) -> None:
    """Turn MIDI songs into a dataset to train on.

    A SOURCE is a folder, or an archive (.tar, .tar.gz, .tar.xz), of MIDI files. Interrupted, the
    same command goes on where it was.
    """
    from rich.console import Console

    from schmubert.training.data.prepare import prepare_dataset
    from schmubert.training.data.shards import PrepareSettings

    by_path, named = [], "general-midi"
    for value in drum_maps:
        pattern, sign, name = value.rpartition("=")
        if sign:
            by_path.append((pattern, name))
        else:
            named = name
    settings = PrepareSettings(
        drum_map=named,
        drum_maps=tuple(by_path),
        together=together,
        validation=validation,
        test=test,
    )
    progress = Console(stderr=True)
    report = prepare_dataset(sources, out, settings, workers=workers, force=force, console=progress)
    if not report.unchanged:
        Console().print(report.table())
    click.echo(report.line())
