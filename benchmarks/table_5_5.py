"""The rows of table 5.5 that need no network: songs beside songs.

    python benchmarks/table_5_5.py --data data

As in the thesis each figure is the mean of draws, each of so many pieces of 64 bars beside as many
training songs; the rows of networks are what `schmubert evaluate` prints beside these. Draws of a
run are of the same songs and windows, one of each song: another `--seed` chooses others.
"""

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.metrics.similarity import overlaps, similarity

BARS = 64
MOST_SONGS = 4000
SETTINGS = {"melody": (Track.MELODY,), "trio": TRIO}


def pieces_overlaps(pieces: Tokens, tracks: tuple[Track, ...]) -> NDArray[np.float64]:
    """The mean overlap of pitch and of duration of each of `pieces`: [pieces, 2]."""
    return np.stack([overlaps(tokens, tracks).mean(axis=0) for tokens in pieces])


def row(
    ours: NDArray[np.float64], real: NDArray[np.float64], pieces: int, draws: int
) -> list[tuple[float, float]]:
    """C and Var of pitch, C and Var of duration of `ours` beside `real`, mean and deviation."""
    rng = np.random.default_rng(0)
    every = []
    for _ in range(draws):
        drawn = ours[rng.permutation(len(ours))[:pieces]]
        beside = real[rng.permutation(len(real))[: len(drawn)]]
        found = similarity(drawn, beside)
        every.append(np.stack([found.consistency, found.variance], axis=1).ravel())
    table = np.stack(every)
    return list(zip(table.mean(axis=0), table.std(axis=0), strict=True))


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--pieces", type=int, default=1000, help="Pieces a draw, or all where fewer are.")
@click.option("--draws", type=int, default=20)
@click.option("--seed", type=int, default=0, help="Of the songs and their windows.")
@one_line
def main(data: Path, pieces: int, draws: int, seed: int) -> None:
    """Print C and Var of pitch and of duration, each with its deviation over the draws."""
    dataset = Dataset.open(data)
    click.echo("                    C pitch        Var pitch      C duration     Var duration")
    for setting, tracks in SETTINGS.items():
        train = windows_of_songs(dataset.split("train"), BARS, MOST_SONGS, seed, tracks)
        held = windows_of_songs(dataset.split("validation"), BARS, MOST_SONGS, seed, tracks)
        half = len(train) // 2
        real = pieces_overlaps(train[half:], tracks)
        rows = {
            f"{setting}, train": pieces_overlaps(train[:half], tracks),
            f"{setting}, validation": pieces_overlaps(held, tracks),
        }
        for name, ours in rows.items():
            figures = row(ours, real, pieces, draws)
            shown = "".join(f"{value:.3f} ({sd:.3f})  " for value, sd in figures)
            click.echo(f"{name:<20}{shown}{min(pieces, len(ours), len(real))} pieces")


if __name__ == "__main__":
    main()
