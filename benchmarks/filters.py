"""The filters of the training songs, run against run: how much of them is on the grid, how dense.

    W="--preset small-u --mix whole-tracks:0.3,uniform:0.7 --window-bars 16 --batch-bars 128"
    W="$W --steps 500 --decay-steps 150 --ema-decay 0.8 --precision fp32"
    for G in 0 0.6 0.8 0.9 0.95; do
      schmubert train --data data $W --on-grid $G --out runs/grid-$G
    done
    for S in 0.25 0.5; do
      schmubert train --data data $W --on-grid 0.8 --sounding $S --out runs/sounding-$S
    done
    schmubert train --data data $W --on-grid 0.8 --seed 1 --out runs/grid-0.8-seed-1
    python benchmarks/filters.py --data data --runs runs [--windows 256] [--json FILE]

Each folder below `--runs` is a finished run; but for filter and seed all must be trained alike. All
are judged on the same windows of 16 bars of songs that none has seen: once of all songs, once of
those with most onsets on the grid. ELBO is in bits a cell, melody given in bits a masked cell, both
by the averaged weights. Runs that differ in nothing but the seed tell how large chance is.
"""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import held_out
from held_out import BARS

from schmubert.cli.errors import one_line

if TYPE_CHECKING:
    from schmubert.training.learning.settings import TrainSettings

JUDGED = {"all songs": 0.0, "on the grid": 0.8}
"""What runs are judged on: songs with at least this share of their onsets near a 16th."""
FIGURES = ("elbo", "accompaniment")
MAY_DIFFER = {"on_grid", "sounding", "seed"}


def finished(runs: Path) -> dict[str, "TrainSettings"]:
    """The settings of all runs in `runs` by name, the least filtered first.

    ValueError where there is none, one has not finished, or they are not trained alike.
    """
    from schmubert.engine.networks import checkpoint
    from schmubert.training.learning.settings import TrainSettings
    from schmubert.training.learning.train import CHECKPOINT_FILE, SETTINGS_FILE

    found: dict[str, TrainSettings] = {}
    for file in sorted(runs.glob(f"*/{SETTINGS_FILE}")):
        settings = TrainSettings.load(file)
        _, _, about = checkpoint.read(file.with_name(CHECKPOINT_FILE))
        if about["step"] != settings.steps:
            raise ValueError(
                f"{file.parent} stopped at step {about['step']} of {settings.steps}:"
                " schmubert train --resume goes on"
            )
        found[file.parent.name] = settings
    if not found:
        raise ValueError(f"{runs} holds no runs: see the commands above {Path(__file__).name}")
    every = [asdict(settings) for settings in found.values()]
    unlike = {name for one in every for name in one if one[name] != every[0][name]} - MAY_DIFFER
    if unlike:
        raise ValueError(f"the runs in {runs} are not trained alike: they differ in {unlike}")
    order = {n: (s.on_grid, s.sounding, s.seed) for n, s in found.items()}
    return {name: found[name] for name in sorted(found, key=order.__getitem__)}


def judged(data: Path, runs: Path, count: int) -> list[dict[str, Any]]:
    """A row a run: its filter, what that leaves to train on, and its bits on `JUDGED`."""
    from schmubert.engine.music.vocabulary import TRIO
    from schmubert.engine.networks.load import load
    from schmubert.training.data.batches import windows_by_song
    from schmubert.training.data.dataset import Dataset
    from schmubert.training.evaluation.evaluate import require_trio
    from schmubert.training.learning.train import CHECKPOINT_FILE
    from schmubert.training.metrics import bits

    dataset = Dataset.open(data)
    train, validation = dataset.split("train"), dataset.split("validation")
    common = {
        name: bits.held_out(validation, BARS, TRIO, on_grid, count)
        for name, on_grid in JUDGED.items()
    }
    rows: list[dict[str, Any]] = []
    for run, settings in finished(runs).items():
        model = load(runs / run / CHECKPOINT_FILE, "cpu")
        require_trio(model)
        hop = min(settings.hop_bars, BARS)
        left = windows_by_song(train, BARS, hop, TRIO, settings.on_grid, settings.sounding)
        row: dict[str, Any] = {
            "run": run,
            "on_grid": settings.on_grid,
            "sounding": settings.sounding,
            "seed": settings.seed,
            "songs": len(left.first) - 1,
            "windows": len(left.pieces),
        }
        for name, (tokens, masks) in common.items():
            chosen = {pattern: masks[pattern] for pattern in ("uniform", "accompaniment")}
            bits_of = partial(bits.bits_of_masked, model, tokens)
            values = bits.figures(chosen, bits_of, bits.named(TRIO))
            row[name] = {figure: round(values[figure], 4) for figure in FIGURES}
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> list[str]:
    """A line a run, below what the columns are."""
    head = f"{'on grid':>7}{'sounding':>10}{'seed':>6}{'songs':>8}{'windows':>10}"
    found = [
        " " * len(head) + "".join(f"{name:>22}" for name in JUDGED),
        head + f"{'ELBO':>9}{'melody given':>13}" * len(JUDGED),
    ]
    for row in rows:
        line = f"{row['on_grid']:>7g}{row['sounding']:>10.3g}{row['seed']:>6}"
        line += f"{row['songs']:>8,}{row['windows']:>10,}"
        for name in JUDGED:
            line += f"{row[name]['elbo']:>9.4f}{row[name]['accompaniment']:>13.4f}"
        found.append(line)
    return found


@click.command()
@held_out.data
@click.option("--runs", type=click.Path(path_type=Path), required=True, help="Folder of the runs.")
@click.option("--windows", type=click.IntRange(1), default=256, show_default=True)
@held_out.json_file
@one_line
def main(data: Path, runs: Path, windows: int, json_file: Path | None) -> None:
    """Compare filters of the training songs by what was trained on what they leave."""
    rows = judged(data, runs, windows)
    settings = asdict(next(iter(finished(runs).values())))
    click.echo(
        f"{windows} windows of {BARS} bars, {settings['preset']}, {settings['steps']:,} steps"
    )
    click.echo("\n".join(table(rows)))
    trained = {name: value for name, value in settings.items() if name not in MAY_DIFFER}
    report = {"bars": BARS, "windows": windows, "trained": trained, "runs": rows}
    held_out.write_report(json_file, report)


if __name__ == "__main__":
    main()
