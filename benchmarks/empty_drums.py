"""Drums to a melody by masking schedule: the failure of thesis 5.2.3, and its cure.

    schmubert train --data data --preset small-convolutional --out runs/uniform
    schmubert train --data data --preset small-convolutional --mix track-subsets --out runs/subsets
    python benchmarks/empty_drums.py --data data --model runs/uniform/checkpoint.safetensors \\
        --model runs/subsets/checkpoint.safetensors [--songs 48] [--json FILE]

Under the uniform schedule a network never sees a whole track unknown beside one that is known. Each
model accompanies the same melodies of 16 bars, one a validation song, with the same generators;
beside it stands how often it leaves drums or bass out and how much they play, and the song's own.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from schmubert.cli.errors import one_line
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import Tokens
from schmubert.engine.networks.load import load
from schmubert.training.data.dataset import Dataset
from schmubert.training.evaluation.rehearsal import at_leisure
from schmubert.training.evaluation.settings import windows_of_songs
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.bootstrap import Share, pooled
from schmubert.training.metrics.rhythm import empty_bars, onsets_a_bar

BARS = 16


def row(bands: Tokens) -> dict[str, float]:
    """How much the bands [songs, steps, 3] play."""
    found: dict[str, float] = {}
    for track in reversed(BAND):
        name = track.name.lower()
        empty = [empty_bars(band, track) for band in bands]
        found[f"{name}: none at all"] = float(np.mean([silent == bars for silent, bars in empty]))
        found[f"{name}: bars empty"] = share(empty)
        found[f"{name}: onsets a bar"] = share([onsets_a_bar(band, track) for band in bands])
    return found


def share(of_songs: Sequence[Share]) -> float:
    return float(pooled(np.asarray(of_songs, np.float64)))


def line(name: str, values: Sequence[str]) -> str:
    return f"{name:<28}" + "".join(f"{value:>20}" for value in values)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A prepared dataset.")
@click.option(
    "--model",
    "models",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A model; several times for several.",
)
@click.option("--songs", type=click.IntRange(2), default=48, show_default=True)
@click.option("--sampler", type=click.Choice(list(SAMPLERS)), default="ancestral")
@click.option("--calls", type=click.IntRange(1), default=32, show_default=True)
@click.option("--temperature", type=float, default=1.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Figures as JSON.")
@one_line
def main(
    data: Path,
    models: tuple[Path, ...],
    songs: int,
    sampler: str,
    calls: int,
    temperature: float,
    seed: int,
    json_file: Path | None,
) -> None:
    """Count what models leave out of the drums and the bass of held-out melodies."""
    grids = windows_of_songs(Dataset.open(data).split("validation"), BARS, songs, seed)
    sampling = Sampling(calls, temperature, BARS, sampler=sampler)
    real = row(grids)
    click.echo(f"{len(grids)} songs of {BARS} bars, {sampler} in {calls} calls")
    click.echo(line("", list(real)))
    click.echo(line("the songs' own", [f"{value:.3f}" for value in real.values()]))
    found: dict[str, dict[str, float]] = {"real": real}
    for path in models:
        rngs = [np.random.default_rng((seed, song)) for song in range(len(grids))]
        bands = at_leisure(load(path, "cpu"), grids, BAND, rngs, sampling)
        name = str(path.parent.name or path.stem)
        found[name] = row(bands)
        click.echo(line(name, [f"{value:.3f}" for value in found[name].values()]))
    if json_file is not None:
        about = {"songs": len(grids), "sampler": sampler, "calls": calls}
        report = {**about, "temperature": temperature, "seed": seed, "figures": found}
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
