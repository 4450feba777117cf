"""Windows of songs to judge by, for whatever network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from schmubert.engine.music.vocabulary import MASK
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.build import network
from schmubert.engine.networks.config import PRESETS
from schmubert.training.data.grids import GRIDS, validation_grids
from tests.training.small_corpus import band_song, prepared

SONGS = {f"{number}.mid": band_song(number, 24, 4, 4) for number in range(6)}


@pytest.mark.parametrize("preset", ["band", "small-convolutional"])
def test_a_network_is_shown_what_it_plays(tmp_path: Path, preset: str) -> None:
    data = prepared(tmp_path / "data", SONGS, 0.5, test=0.0)
    config = replace(PRESETS[preset], width=16, token_width=8, layers=1, heads=2)
    checkpoint.save(tmp_path / "network.safetensors", network(config).state_dict(), config, {})
    grids = validation_grids(data, tmp_path / "network.safetensors")
    assert grids.shape == (GRIDS, 256, 3)
    assert (grids < np.asarray(MASK)).all()
