"""The presets of the thesis beside its tables 5.1 to 5.4 and its text."""

from dataclasses import dataclass

import numpy as np
import pytest

from schmubert.engine.diffusion.corruption import STEPS_T
from schmubert.engine.music.vocabulary import MASK, SIZES, Track
from schmubert.engine.networks.config import OF_THE_THESIS, PRESETS
from schmubert.training.data.masking import mixed
from schmubert.training.data.shards import PrepareSettings
from schmubert.training.learning.settings import PRESET_SETTINGS, TrainSettings


@dataclass(frozen=True)
class Table:
    """What a table says of the run of a preset.

    Parameters are counted in `tests/engine/networks`.
    """

    tracks: tuple[str, ...]
    steps: int
    heads: int
    width: int = 512
    augmented: bool = True


TABLES = {
    # "no augmentation was applied in this setting" (5.1.1), though table 5.1 has a yes
    "schmubert-melody": Table(("melody",), 190_000, 8, augmented=False),
    "hierarchical-melody": Table(("melody",), 190_000, 8),
    "u-melody": Table(("melody",), 190_000, 8),
    "schmubert-trio": Table(("melody", "bass", "drums"), 600_000, 16),
}


def settings_of(preset: str) -> TrainSettings:
    return TrainSettings(preset=preset, **PRESET_SETTINGS[preset])


@pytest.mark.parametrize("preset", TABLES)
def test_a_preset_trains_as_its_table_says(preset: str) -> None:
    table, settings, config = TABLES[preset], settings_of(preset), PRESETS[preset]
    assert config.tracks == table.tracks
    assert config.longest_steps == 1024
    assert (config.width, config.heads) == (table.width, table.heads)
    assert settings.steps == table.steps
    assert settings.corruption == "absorbing"
    assert settings.corruption_steps == STEPS_T == 1024
    assert (settings.optimizer, settings.learning_rate) == ("adam", 5e-4)
    assert settings.window_bars == {64: 1.0}
    assert settings.batch_bars == 50 * 64
    assert settings.transpose == table.augmented
    assert settings.decay_steps == 0


def test_each_part_of_a_network_is_as_large_as_its_table_says() -> None:
    assert PRESETS["schmubert-melody"].layers == PRESETS["schmubert-trio"].layers == 24
    assert (PRESETS["u-melody"].levels, 2 * PRESETS["u-melody"].layers) == (6, 4)
    assert PRESETS["hierarchical-melody"].token_width == 256
    assert (SIZES[Track.MELODY], SIZES[Track.DRUMS], MASK[Track.DRUMS]) == (90, 2**9, 512)


@pytest.mark.parametrize("preset", [p for p, c in PRESETS.items() if p not in ("live", "band")])
def test_every_network_of_the_thesis_has_its_masks_and_its_loss(preset: str) -> None:
    """4.4: all cells of a piece are masked with one probability, and it weighs `1 - t/T`."""
    settings, tracks = settings_of(preset), len(PRESETS[preset].tracks)
    assert PRESETS[preset].architecture in OF_THE_THESIS
    assert settings.weighting == "reweighted"
    assert not settings.excerpts
    assert not settings.melody_only
    mask = mixed((2000, 256, tracks), settings.mix, np.random.default_rng(0))
    of_piece = np.sort(mask.mean(axis=(1, 2)))
    assert np.abs(of_piece - (np.arange(2000) + 0.5) / 2000).max() < 0.03
    assert mask.all(axis=(1, 2)).mean() < 0.01  # of such a piece nothing is learned
    of_tracks = mask.mean(axis=1)
    assert np.abs(of_tracks - of_tracks.mean(axis=1, keepdims=True)).mean() < 0.02


def test_five_of_a_hundred_songs_are_kept_for_validation() -> None:
    assert PrepareSettings().validation == 0.05
