"""How training windows are dealt over the levels of each trait: `EDGES` are to do it evenly.

python benchmarks/traits.py --data DATA [--windows 4000]

A line a trait: in how many windows of 16 bars in 4/4 it is told, the share of each of its levels,
and the quintiles of what the levels stand for.
"""

from pathlib import Path

import click
import numpy as np

from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.traits import Trait, figures_of, traits_of
from schmubert.engine.music.vocabulary import LEVELS, TRIO
from schmubert.training.data.batches import grouped
from schmubert.training.data.dataset import Dataset
from schmubert.training.learning.band_batches import band_grid

BARS = 16


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--windows", default=4000, show_default=True)
def main(data: Path, windows: int) -> None:
    """See above."""
    split = Dataset.open(data).split("train")
    rows = grouped(split, split.windows(BARS, BARS, TRIO, meter=COMMON), BARS)
    grid = band_grid(split, rows.draw(windows, np.random.default_rng(0)), BARS)
    levels, figures = traits_of(grid, COMMON), figures_of(grid, COMMON)
    for trait in Trait:
        told = levels[:, trait][levels[:, trait] <= LEVELS]
        shares = np.bincount(told, minlength=LEVELS + 1)[1:] / len(told)
        quintiles = np.nanquantile(figures[trait], (0.2, 0.4, 0.6, 0.8))
        print(
            f"{trait.name.lower():16} {len(told):5}  "
            + " ".join(f"{share:.2f}" for share in shares)
            + "   "
            + " ".join(f"{edge:.2f}" for edge in quintiles)
        )


if __name__ == "__main__":
    main()
