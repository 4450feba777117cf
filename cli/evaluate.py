"""`schmubert evaluate`."""

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import Model, recipe_of
from schmubert.engine.diffusion.sampling import usual_window_bars
from schmubert.engine.music.stacks import is_ensemble
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.load import load_any, unmasking
from schmubert.engine.networks.model_file import default_model
from schmubert.interrupts import INTERRUPTED

if TYPE_CHECKING:
    from rich.table import Table

    from schmubert.training.evaluation.draws import Progress
    from schmubert.training.evaluation.figures import Evaluation, Section

EXPERIMENTS = ("algorithm7", "guidance")
RECORD, DRAWS, PIECES_RECORD = "evaluation.json", "draws", "pieces"
PIECES = 200
MARKS = {True: "yes", False: "no", None: ""}


def number_or_folder(said: object) -> int | Path:
    """A number, or else the path of a folder."""
    return int(str(said)) if str(said).isdecimal() else Path(str(said))


@click.command("evaluate", cls=Command)
@options.data()
@options.out("Folder for figures and draws.")
@click.option(
    "--parts",
    metavar="PARTS",
    help="Of bits, unconditional, infilling, accompaniment, live, plain and metres, with commas;"
    " all if not given.",
)
@click.option(
    "--experiment",
    type=click.Choice(EXPERIMENTS),
    help="Repeat this experiment of the thesis instead of the parts.",
)
@click.option(
    "--pieces",
    type=number_or_folder,
    default=PIECES,
    show_default=True,
    help="Pieces of 64 bars, or a folder of MIDI files to judge instead, by anybody.",
)
@options.with_default("--bars", options.Whole(1), 64, "Bars of each piece of a folder.")
@options.tracks("Tracks of a folder's pieces", default="melody,bass,drums")
@options.with_default("--songs", options.Whole(2), 200, "Melodies of 16 bars to accompany.")
@options.with_default(
    "--draws", options.Whole(1), 5, "How often each piece is made and each melody accompanied."
)
@options.with_default("--stage-songs", options.Whole(2), 96, "Melodies to accompany as on stage.")
@options.with_default(
    "--stage-draws", options.Whole(1), 1, "How often each of these is accompanied."
)
@click.option(
    "--oracle/--no-oracle",
    default=True,
    help="Accompany as an oracle too, which takes five times as long as the stage.",
)
@click.option(
    "--split",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="The songs to judge by; test songs are looked at once a release.",
)
@click.option(
    "--tutti", is_flag=True, help="Draw no pauses for pieces out of nothing: all tracks play."
)
@click.option(
    "--all-frames",
    is_flag=True,
    help="Self-similarity over all frames, as the thesis says, not piece by piece.",
)
@options.with_default("--seed", options.SEED, 0, "The seed of all draws.")
@options.window
@options.temperature
@options.calls
@options.sampler
@options.model
@options.device
@options.threads
@options.forced("Draw anew what was drawn with other settings.")
@one_line
def evaluate(
    data: Path,
    out: Path,
    parts: str | None,
    experiment: str | None,
    pieces: int | Path,
    bars: int,
    tracks: tuple[Track, ...],
    window: int | None,
    model: Path | None,
    device: Device,
    threads: int,
    force: bool,
    **settings: int | float | str | bool,
) -> None:
    """Judge a model on songs it has never seen: tables, JSON and plots.

    Each figure stands beside that of real songs. What is drawn is kept in --out, so that the
    same command goes on where it was interrupted. A folder of MIDI files as --pieces is judged
    instead of a model, by anything that can be asked of it; with --model that one tells how many
    bits it needs for them.
    """
    import msgspec

    from schmubert.training.data.dataset import Dataset
    from schmubert.training.evaluation import experiments
    from schmubert.training.evaluation.draws import Draws
    from schmubert.training.evaluation.evaluate import evaluate_model
    from schmubert.training.evaluation.foreign import judge_pieces, read_pieces
    from schmubert.training.evaluation.settings import PARTS, EvaluationSettings

    if experiment is not None and parts is not None:
        raise ValueError("--experiment stands alone: give it or --parts")
    folder = pieces if isinstance(pieces, Path) else None
    if isinstance(pieces, Path):
        _check_folder(pieces, experiment, parts)
    else:
        settings["pieces"] = pieces
    named = PARTS if parts is None else tuple(part.strip() for part in parts.split(","))
    chosen = {"parts": () if experiment else named, "experiment": experiment}
    wanted = msgspec.convert({**settings, **chosen}, EvaluationSettings)
    dataset = Dataset.open(data)
    if wanted.split == "test":
        click.echo("judged by test songs: look at them once a release, and tune nothing by them")
    circumstances = {"data": hashlib.sha256("".join(dataset.about.inputs).encode()).hexdigest()}
    if wanted.split != "validation":
        circumstances["split"] = wanted.split
    if folder is not None:
        made = read_pieces(folder, bars, tracks)
        judge = None if model is None else _judged(model, device, threads)
        with _told() as told:
            evaluation = judge_pieces(made, dataset, wanted, circumstances, judge, told)
        _report(evaluation, out, f"{PIECES_RECORD}.json")
        return
    if experiment != "algorithm7":
        denoiser = _judged(model, device, threads)
        file = default_model() if model is None else model
        circumstances["model"] = hashlib.sha256(file.read_bytes()).hexdigest()
        window = window or usual_window_bars(denoiser)
        wanted = msgspec.structs.replace(wanted, window_bars=window).decided(recipe_of(denoiser))
    draws = Draws(out / DRAWS, circumstances, replacing=force)
    record = out / (RECORD if experiment is None else f"{experiment}.json")
    try:
        with _told() as told:
            if experiment == "algorithm7":
                evaluation = experiments.perfect_nonsense(dataset, wanted, draws, told)
            elif experiment == "guidance":
                evaluation = experiments.guided_density(denoiser, dataset, wanted, draws, told)
            else:
                former = _read(record)
                if former and former.made_with not in ({}, circumstances) and not force:
                    raise ValueError(
                        f"{record} is of another model or other songs: name another --out, or"
                        " write over it with --force"
                    )
                keep = partial(_write, former=former, record=record)
                evaluation = evaluate_model(denoiser, dataset, wanted, draws, told, keep)
    except KeyboardInterrupt:
        click.echo(_kept(draws.folder, record), err=True)
        raise SystemExit(INTERRUPTED) from None
    _report(evaluation, out, record.name)


def _judged(path: Path | None, device: Device, threads: int) -> Model:
    """The model in `path`, of any tracks; ValueError where it knows no masks."""
    model = load_any(path, device, threads)
    return model if is_ensemble(model.tracks) else unmasking(model, path)


def _check_folder(folder: Path, experiment: str | None, parts: str | None) -> None:
    """ValueError where `folder` is none, or cannot be judged by what else is asked for."""
    if not folder.is_dir():
        raise ValueError(f"--pieces {folder} is neither a number nor a folder of MIDI files")
    if experiment is not None or parts is not None:
        raise ValueError("--pieces FOLDER stands alone: give it, or --parts, or --experiment")


@contextmanager
def _told() -> "Iterator[Progress]":
    """A bar of progress for each thing that is made, while it is."""
    from schmubert.cli.progress import counting

    with counting() as progress:
        tasks = {}

        def told(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.advance(tasks[name], done)

        yield told


def _read(record: Path) -> "Evaluation | None":
    """The evaluation written to `record` before; None where there is none of this version."""
    import msgspec

    from schmubert.training.evaluation.figures import Evaluation

    try:
        written = msgspec.json.decode(record.read_bytes())
        for section in written["sections"]:
            for figure in section["figures"]:
                if figure["value"] is None:
                    figure["value"] = math.nan  # JSON knows none
        return msgspec.convert(written, Evaluation)
    except (OSError, KeyError, TypeError, ValueError, msgspec.MsgspecError):
        return None


def _write(evaluation: "Evaluation", former: "Evaluation | None", record: Path) -> None:
    """Write `evaluation` to `record`, with the parts of a `former` one that it belongs to."""
    import msgspec

    from schmubert.engine.writing import write_whole

    whole = evaluation if former is None else evaluation.beside(former)
    record.parent.mkdir(parents=True, exist_ok=True)
    write_whole(record, msgspec.json.format(msgspec.json.encode(_finite(whole))))


def _kept(draws: Path, record: Path) -> str:
    """What an interrupted evaluation leaves, and what to do next."""
    made = len(list(draws.glob("*.npz"))) if draws.is_dir() else 0
    found = _read(record)
    parts = list(dict.fromkeys(section.part for section in found.sections)) if found else []
    told = f", and the figures of {', '.join(filter(None, parts))} in {record}" if parts else ""
    return f"stopped: {made} files of draws are kept in {draws}{told}; the same command goes on"


def _report(evaluation: "Evaluation", out: Path, record: str) -> None:
    """Show `evaluation`, and write it to `out`: figures as `record`, a picture of each table."""
    from rich.console import Console

    from schmubert.cli.evaluation_plots import draw_all

    _write(evaluation, _read(out / record), out / record)
    console = Console()
    for section in evaluation.sections:
        console.print(table(section))
    for remark in evaluation.remarks:
        click.echo(remark)
    drawn = draw_all(evaluation, out)
    click.echo(f"{out / record} and {len(drawn)} plots beside it")


def table(section: "Section") -> "Table":
    """`section` for the terminal, with a mark where a figure is as that of real songs or not."""
    from rich.table import Table

    shown = Table(title=section.title, caption=section.explained, title_justify="left")
    columns: dict[str, list[float | None]] = {
        "model": [figure.value for figure in section.figures],
        "sd": [figure.deviation for figure in section.figures],
        "floor": [figure.floor for figure in section.figures],
        "real": [figure.real for figure in section.figures],
        "low": [figure.low for figure in section.figures],
        "high": [figure.high for figure in section.figures],
        "tells": [figure.tells for figure in section.figures],
        "alone": [figure.alone for figure in section.figures],
    }
    kept = [name for name, values in columns.items() if any(v is not None for v in values)]
    shown.add_column("figure")
    marks = [MARKS[section.as_real(figure)] for figure in section.figures]
    for name in kept:
        shown.add_column(name, justify="right")
    if any(marks):
        shown.add_column("as real")
    for row, figure in enumerate(section.figures):
        cells = [_number(columns[name][row]) for name in kept]
        shown.add_row(figure.name, *cells, *[marks[row]] * any(marks))
    return shown


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.3f}"


def _finite(evaluation: "Evaluation") -> object:
    """`evaluation` as plain values, without numbers that JSON does not know."""
    import msgspec

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {name: plain(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [plain(part) for part in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return plain(msgspec.to_builtins(evaluation))
