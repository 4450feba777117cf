"""What benchmarks of quality share: songs that no model has seen, bands for them, and a report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from schmubert.engine.denoiser import Denoiser
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import Tokens
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.evaluation.rehearsal import at_leisure
from schmubert.training.metrics.accompaniment import BAND

BARS = 16
PATH = click.Path(path_type=Path)

data = click.option("--data", type=PATH, required=True, help="A prepared dataset.")
model = click.option("--model", "model_file", type=PATH, help="The model.")
seed = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
threads = click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
json_file = click.option("--json", "json_file", type=PATH, help="Figures as JSON.")


def songs(default: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option `--songs`, of which there are at least two."""
    return click.option("--songs", type=click.IntRange(2), default=default, show_default=True)


def held_out_songs(dataset: Path, count: int, seed: int) -> Tokens:
    """A window of 16 bars [count, 256, 3] of each of `count` songs that are never trained on."""
    return windows_of_songs(Dataset.open(dataset).split("validation"), BARS, count, seed)


def bands_for(model: Denoiser, songs: Tokens, sampling: Sampling, seed: int) -> Tokens:
    """`songs` with new bass and drums by `model`; a song has the same random numbers each time."""
    rngs = [np.random.default_rng((seed, song)) for song in range(len(songs))]
    return at_leisure(model, songs, BAND, rngs, sampling)


def write_report(file: Path | None, report: dict[str, Any]) -> None:
    """Write `report` to `file` as JSON, where one is named."""
    if file is not None:
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
