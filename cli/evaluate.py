"""`schmubert evaluate`."""

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.engine.diffusion.sampling import usual_window_bars
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model

if TYPE_CHECKING:
    from rich.table import Table

    from schmubert.training.evaluation.figures import Evaluation, Section

EXPERIMENTS = ("algorithm7", "guidance")
RECORD, DRAWS = "evaluation.json", "draws"
MARKS = {True: "yes", False: "no", None: ""}


@click.command("evaluate")
@options.data()
@options.out("Folder for figures and draws.")
@click.option(
    "--parts",
    metavar="PARTS",
    help="Of bits, unconditional, infilling, accompaniment and live, with commas; all if not"
    " given.",
)
@click.option(
    "--experiment",
    type=click.Choice(EXPERIMENTS),
    help="Repeat this experiment of the thesis instead of the parts.",
)
@options.with_default("--pieces", click.IntRange(2), 200, "Pieces of 64 bars.")
@options.with_default("--songs", click.IntRange(2), 200, "Melodies of 16 bars to accompany.")
@options.with_default(
    "--draws", click.IntRange(1), 5, "How often each piece is made and each melody accompanied."
)
@options.with_default("--stage-songs", click.IntRange(2), 24, "Melodies to accompany as on stage.")
@options.with_default(
    "--stage-draws", click.IntRange(1), 4, "How often each of these is accompanied."
)
@click.option(
    "--tutti", is_flag=True, help="Draw no pauses for pieces out of nothing: all tracks play."
)
@click.option(
    "--all-frames",
    is_flag=True,
    help="Self-similarity over all frames, as the thesis says, not piece by piece.",
)
@options.with_default("--seed", click.IntRange(0), 0, "The seed of all draws.")
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
    window: int | None,
    model: Path | None,
    device: Device,
    threads: int,
    force: bool,
    **settings: int | float | str | bool,
) -> None:
    """Judge a model on songs it has never seen: tables, JSON and plots.

    Each figure stands beside that of real songs. What is drawn is kept in --out, so that the
    same command goes on where it was interrupted.
    """
    import msgspec

    from schmubert.cli.progress import counting
    from schmubert.training.data.dataset import Dataset
    from schmubert.training.evaluation import experiments
    from schmubert.training.evaluation.draws import Draws
    from schmubert.training.evaluation.evaluate import evaluate_model
    from schmubert.training.evaluation.settings import PARTS, EvaluationSettings

    if experiment is not None and parts is not None:
        raise ValueError("--experiment stands alone: give it or --parts")
    named = PARTS if parts is None else tuple(part.strip() for part in parts.split(","))
    chosen = {"parts": () if experiment else named, "experiment": experiment}
    wanted = msgspec.convert({**settings, **chosen}, EvaluationSettings)
    dataset = Dataset.open(data)
    circumstances = {"data": hashlib.sha256("".join(dataset.about.inputs).encode()).hexdigest()}
    if experiment != "algorithm7":
        denoiser = load(model, device, threads)
        file = default_model() if model is None else model
        circumstances["model"] = hashlib.sha256(file.read_bytes()).hexdigest()
        window = window or usual_window_bars(denoiser)
        wanted = msgspec.structs.replace(wanted, window_bars=window)
    draws = Draws(out / DRAWS, circumstances, replacing=force)
    with counting() as progress:
        tasks = {}

        def told(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.advance(tasks[name], done)

        if experiment == "algorithm7":
            evaluation = experiments.perfect_nonsense(dataset, wanted, draws, told)
        elif experiment == "guidance":
            evaluation = experiments.guided_density(denoiser, dataset, wanted, draws, told)
        else:
            evaluation = evaluate_model(denoiser, dataset, wanted, draws, told)
    _report(evaluation, out, RECORD if experiment is None else f"{experiment}.json")


def _report(evaluation: "Evaluation", out: Path, record: str) -> None:
    """Show `evaluation`, and write it to `out`: figures as `record`, a picture of each table."""
    import msgspec
    from rich.console import Console

    from schmubert.cli.evaluation_plots import draw_all

    out.mkdir(parents=True, exist_ok=True)
    (out / record).write_bytes(msgspec.json.format(msgspec.json.encode(_finite(evaluation))))
    console = Console()
    for section in evaluation.sections:
        console.print(table(section))
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
