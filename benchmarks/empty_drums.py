"""Drums to a melody by masking schedule: the failure of thesis 5.2.3, and its cure.

    schmubert train --data data --preset small-convolutional --out runs/uniform
    schmubert train --data data --preset small-convolutional --mix track-subsets --out runs/subsets
    python benchmarks/empty_drums.py --data data --model runs/uniform/checkpoint.safetensors \\
        --model runs/subsets/checkpoint.safetensors [--songs 48] [--json FILE]

Under the uniform schedule a network never sees a whole track unknown beside one that is known. Each
model accompanies the same melodies of 16 bars, one a validation song, with the same generators;
beside it stands how often it leaves drums or bass out and how much they play, and the song's own.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import held_out
import numpy as np
from held_out import BARS, bands_for, held_out_songs

from schmubert.cli.errors import one_line
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import Tokens
from schmubert.engine.networks.load import load
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.bootstrap import Share, pooled
from schmubert.training.metrics.rhythm import empty_bars, onsets_a_bar


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
@held_out.data
@click.option(
    "--model",
    "models",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A model; several times for several.",
)
@held_out.songs(48)
@click.option("--sampler", type=click.Choice(list(SAMPLERS)), default="ancestral")
@click.option("--calls", type=click.IntRange(1), default=32, show_default=True)
@click.option("--temperature", type=float, default=1.0, show_default=True)
@held_out.seed
@held_out.json_file
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
    grids = held_out_songs(data, songs, seed)
    sampling = Sampling(calls, temperature, BARS, sampler=sampler)
    real = row(grids)
    click.echo(f"{len(grids)} songs of {BARS} bars, {sampler} in {calls} calls")
    click.echo(line("", list(real)))
    click.echo(line("the songs' own", [f"{value:.3f}" for value in real.values()]))
    found: dict[str, dict[str, float]] = {"real": real}
    for path in models:
        bands = bands_for(load(path, "cpu"), grids, sampling, seed)
        name = str(path.parent.name or path.stem)
        found[name] = row(bands)
        click.echo(line(name, [f"{value:.3f}" for value in found[name].values()]))
    about = {"songs": len(grids), "sampler": sampler, "calls": calls}
    report = {**about, "temperature": temperature, "seed": seed, "figures": found}
    held_out.write_report(json_file, report)


if __name__ == "__main__":
    main()
