"""The four architectures of the thesis at one size: loss curves, and what a step costs.

    schmubert train --data data --preset small-convolutional --out runs/convolutional
    schmubert train --data data --preset small-transformer --out runs/transformer
    schmubert train --data data --preset small-hierarchical --out runs/hierarchical
    schmubert train --data data --preset small-u --out runs/u
    python benchmarks/architectures.py --runs runs --out docs/thesis

`architectures.json` keeps the curves; without `--runs` the pictures are drawn from it again. A
step's cost is processor time of one thread, the networks by turns, so that what else a machine does
tells little. The pictures of the single networks stand for figures 5.1 to 5.8.
"""

import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schmubert.cli.errors import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = ("transformer", "convolutional", "hierarchical", "u")
COLOURS = dict(zip(NAMES, ("#c8102e", "#1f4fbf", "#e08a00", "#2a8f4f"), strict=True))
CURVES = ("train/loss", "train/elbo", "validation/loss", "validation/elbo")
RECORD = "architectures.json"
WARM, ROUNDS = 1, 7


def collected(runs: Path) -> dict[str, Any]:
    """What the runs of `NAMES` in `runs` have logged, and what a step of each costs."""
    from schmubert.engine.networks.checkpoint import load
    from schmubert.engine.networks.layers import parameters
    from schmubert.training.learning.settings import TrainSettings

    every = [TrainSettings.load(runs / name / "settings.json") for name in NAMES]
    like = {(s.steps, s.batch_bars, tuple(s.window_bars), s.learning_rate, s.seed) for s in every}
    if len(like) != 1:
        raise ValueError(f"the runs in {runs} are not trained alike: {sorted(like)}")
    networks = [load(runs / name / "checkpoint.safetensors")[0] for name in NAMES]
    costs = seconds_a_step(networks, every[0])
    found: dict[str, Any] = {}
    for name, network, cost in zip(NAMES, networks, costs, strict=True):
        found[name] = {
            "parameters": parameters(network),
            "seconds a step": round(cost, 4),
            "curves": curves(runs / name),
        }
    bars = every[0].batch_bars // max(every[0].window_bars) * max(every[0].window_bars)
    return {"bars a step": bars, "networks": found}


def curves(run: Path) -> dict[str, list[list[float]]]:
    """The `CURVES` of a run, [steps, values] each; ValueError where it logged too little."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from schmubert.training.learning.train import LOG_EVERY

    logged = EventAccumulator(str(run / "tensorboard"))
    there = logged.Reload().Tags()["scalars"] if (run / "tensorboard").is_dir() else []
    found: dict[str, list[list[float]]] = {}
    missing = [name for name in CURVES if name not in there]
    if missing:
        raise ValueError(
            f"{run} logged no {' and no '.join(missing)}: train for {LOG_EVERY} steps or more, and"
            " to a validation"
        )
    for name in CURVES:
        events = logged.Scalars(name)
        found[name] = [[e.step for e in events], [round(e.value, 4) for e in events]]
    return found


def seconds_a_step(networks: list[Any], settings: Any) -> list[float]:
    """Processor seconds of a training step of each network, on one thread: medians."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    bars = max(settings.window_bars)
    shape = (settings.batch_bars // bars, bars * 16)
    took: list[list[float]] = [[] for _ in networks]
    optimizers = [
        torch.optim.Adam([p for p in n.parameters() if p.requires_grad]) for n in networks
    ]
    for round_ in range(WARM + ROUNDS):
        for network, optimizer, times in zip(networks, optimizers, took, strict=True):
            tokens = torch.zeros((*shape, len(network.config.tracks)), dtype=torch.long)
            began_s = time.process_time()
            logits = network.train()(tokens)
            losses = [cross_entropy(x.transpose(1, 2), tokens[..., 0]) for x in logits]
            torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
            if round_ >= WARM:
                times.append(time.process_time() - began_s)
    return [statistics.median(times) for times in took]


def draw_one(name: str, network: dict[str, Any], path: Path) -> None:
    """Loss and bound of a network in training and validation, as figures 5.1 and 5.2 do."""
    figure, (left, right) = canvas(2)
    for axes, kind in ((left, "train"), (right, "validation")):
        for what, colour in (("elbo", "#8fa8d8"), ("loss", "#1f4fbf")):
            steps, values = network["curves"][f"{kind}/{what}"]
            axes.plot(steps, values, color=colour, label="ELBO" if what == "elbo" else "loss")
        finish(axes, "step", f"{name}, {'training' if kind == 'train' else 'validation'}")
        axes.set_ylim(bottom=0)
    figure.savefig(path, dpi=80)


def draw_all(record: dict[str, Any], path: Path) -> None:
    """The validation bound of all networks by bars trained on, and by time."""
    figure, (left, right) = canvas(2)
    for name, network in record["networks"].items():
        steps, values = network["curves"]["validation/elbo"]
        colour = COLOURS[name]
        left.plot([s * record["bars a step"] for s in steps], values, color=colour, label=name)
        seconds = [s * network["seconds a step"] for s in steps]
        right.plot(seconds, values, color=colour, label=name)
    finish(left, "bars trained on", "validation ELBO")
    finish(right, "processor seconds of training", "validation ELBO")
    figure.savefig(path, dpi=80)


def canvas(columns: int) -> tuple[Any, Any]:
    """A figure and its axes side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns)


def finish(axes: "Axes", across: str, title: str) -> None:
    """Labels, a grid and a legend."""
    axes.set_xlabel(across)
    axes.set_ylabel("bits a cell")
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)


def rows(record: dict[str, Any]) -> list[str]:
    """A line a network: its size, a step's cost, its bound at the end and at one time for all."""
    networks = record["networks"].values()
    shortest = min(n["curves"]["validation/elbo"][0][-1] * n["seconds a step"] for n in networks)
    found = [f"{'':<16}{'parameters':>12}{'s a step':>10}{'ELBO':>8}  ELBO at {shortest:.0f} s"]
    for name, network in record["networks"].items():
        steps, values = network["curves"]["validation/elbo"]
        reached = [
            v
            for s, v in zip(steps, values, strict=True)
            if s * network["seconds a step"] <= shortest
        ]
        at_once = f"{reached[-1]:.3f}" if reached else "none yet"
        found.append(
            f"{name:<16}{network['parameters']:>12,}{network['seconds a step']:>10.3f}"
            f"{values[-1]:>8.3f}  {at_once}"
        )
    return found


@click.command()
@click.option("--runs", type=click.Path(path_type=Path), help="Folder of the four runs.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@one_line
def main(runs: Path | None, out: Path) -> None:
    """Compare the architectures as they were trained, and draw their curves."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / RECORD
    if runs is not None:
        file.write_text(json.dumps(collected(runs), separators=(",", ":")) + "\n", encoding="utf-8")
    if not file.exists():
        raise ValueError(f"{file} is not there yet: name the folder of the --runs")
    record = json.loads(file.read_text(encoding="utf-8"))
    for name, network in record["networks"].items():
        draw_one(name, network, out / f"loss-{name}.png")
    draw_all(record, out / "loss-all.png")
    click.echo("\n".join(rows(record)))


if __name__ == "__main__":
    main()
