"""Music for checks: windows of songs that are never trained on."""

from pathlib import Path

import numpy as np

from schmubert.engine.music.score import Tokens
from schmubert.engine.networks import checkpoint
from schmubert.training.data.batches import windows_by_song
from schmubert.training.data.dataset import Dataset

GRIDS = 8
GRID_BARS = 16


def validation_grids(data: Path, of: Path) -> Tokens:
    """Eight 16-bar windows [8, 256, tracks] of validation songs for the network in `of`."""
    _, config, _ = checkpoint.read(of)
    split = Dataset.open(data).split("validation")
    windows = windows_by_song(split, GRID_BARS, GRID_BARS, config.columns, on_grid=0.0)
    drawn = windows.draw(GRIDS, np.random.default_rng(0))
    grids: Tokens = split.batch(drawn, GRID_BARS)[..., list(config.columns)]
    return grids
