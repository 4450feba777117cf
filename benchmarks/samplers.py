"""Quality against calls: bands for held-out melodies by every sampler, in few calls and in many.

    python benchmarks/samplers.py --data DIR [--model FILE] [--songs 64] [--json FILE]

The melodies of one 16-bar window of each song are given whole. Beside each sampler stand the way
from other songs' basses to the song's own that it closes in scale and root, bars repeated, and how
much it plays. `ancestral` with T = 1024 is algorithm 4 of the thesis, whose calls that unmask
nothing are left out.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import click
import held_out
import numpy as np
from held_out import BARS, bands_for, held_out_songs

from schmubert.cli.errors import one_line
from schmubert.engine.denoiser import Logits, Model
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import Tokens
from schmubert.engine.networks.load import load
from schmubert.training.metrics.accompaniment import figures, in_short, shuffled

CALLS = (1, 2, 4, 8, 16, 32, 64)
THESIS_T = 1024


class Counting:
    """A denoiser that counts the calls for a window."""

    def __init__(self, model: Model) -> None:
        self.model, self.tracks, self.windows = model, model.tracks, 0

    def __call__(self, tokens: Tokens) -> Logits:
        self.windows += len(tokens)
        return self.model(tokens)


def line(name: str, calls: str, values: Mapping[str, float], seconds: str) -> str:
    cells = "".join(f"{value:>28.3f}" for value in values.values())
    return f"{name:<14}{calls:>7}{cells}{seconds:>10}"


@click.command()
@held_out.data
@held_out.model
@held_out.songs(64)
@click.option("--samplers", default=",".join(SAMPLERS), show_default=True)
@click.option("--calls", default=",".join(map(str, CALLS)), show_default=True)
@click.option("--temperatures", default="1.0", show_default=True)
@held_out.seed
@held_out.threads
@held_out.json_file
@one_line
def main(
    data: Path,
    model_file: Path | None,
    songs: int,
    samplers: str,
    calls: str,
    temperatures: str,
    seed: int,
    threads: int,
    json_file: Path | None,
) -> None:
    """Compare the samplers on melodies of the validation split."""
    grids = held_out_songs(data, songs, seed)
    model = Counting(load(model_file, "cpu", threads))
    floor = shuffled(grids, np.random.default_rng(seed))
    real = figures(grids, grids)
    found: list[dict[str, object]] = []
    click.echo(f"{model.model.name}: {len(grids)} songs of {BARS} bars")
    header = in_short(real, floor, real)
    click.echo(f"{'':<21}" + "".join(f"{name:>28}" for name in header) + f"{'seconds':>10}")
    click.echo(line("real", "", header, ""))
    for temperature in map(float, temperatures.split(",")):
        click.echo(f"temperature {temperature:g}")
        for sampler in samplers.split(","):
            asked = [THESIS_T] if sampler == "ancestral" else list(map(int, calls.split(",")))
            for count in asked:
                model.windows, started_s = 0, time.perf_counter()
                sampling = Sampling(count, temperature, BARS, sampler=sampler)
                bands = bands_for(model, grids, sampling, seed)
                seconds = (time.perf_counter() - started_s) / len(grids)
                values = in_short(figures(grids, bands), floor, real)
                made = model.windows / len(grids)
                click.echo(line(sampler, f"{made:.0f}", values, f"{seconds:.2f}"))
                found.append(
                    {
                        "sampler": sampler,
                        "temperature": temperature,
                        "asked": count,
                        "calls": made,
                        "seconds a song": seconds,
                        **values,
                    }
                )
    report = {"model": model.model.name, "songs": len(grids), "real": header, "rows": found}
    held_out.write_report(json_file, report)


if __name__ == "__main__":
    main()
