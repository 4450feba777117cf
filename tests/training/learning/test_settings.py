from itertools import pairwise
from pathlib import Path

import pytest

from schmubert.training.learning.settings import PRESET_SETTINGS, TrainSettings


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = TrainSettings(preset="live", **PRESET_SETTINGS["live"])
    settings.save(tmp_path / "settings.json")
    assert TrainSettings.load(tmp_path / "settings.json") == settings


def test_the_defaults_are_the_thesis() -> None:
    settings = TrainSettings(preset="schmubert-trio", **PRESET_SETTINGS["schmubert-trio"])
    assert settings.steps == 600_000
    assert settings.batch_bars / 64 == 50
    assert settings.learning_rate == 5e-4
    assert settings.ema_decay == 0.995


def test_the_learning_rate_rises_stays_and_falls_to_nothing() -> None:
    settings = TrainSettings("live", steps=100, warmup_steps=10, decay_steps=20, learning_rate=1.0)
    rates = [settings.learning_rate_at(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:81] == [1.0] * 72
    assert rates[90] == pytest.approx(0.5)
    assert rates[100] == 0
    assert all(a >= b for a, b in pairwise(rates[10:]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 10, "warmup_steps": 8, "decay_steps": 8},
        {"window_bars": {65: 1.0}},
        {"window_bars": {64: 1.0}, "batch_bars": 32},
        {"mix": {"diagonal": 1.0}},
        {"mix": {"uniform": -1.0, "suffix": 2.0}},
        {"mix": {"uniform": 0.0}},
        {"mix": {}},
        {"precision": "fp8"},
        {"optimizer": "sgd"},
        {"weighting": "heavy"},
        {"sounding": 0.0},
        {"sounding": 1.1},
        {"melody_only": 1.0},
        {"excerpts": 1.1},
        {"tacet": -0.1},
        {"excerpt_mix": {"diagonal": 1.0}},
        {"corruption": "salty"},
        {"corruption_steps": 0},
        {"auxiliary": -0.1},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        TrainSettings("live", **wrong)  # type: ignore[arg-type]


def test_a_misspelt_setting_fails_at_once(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"preset": "live", "step": 10}')
    with pytest.raises(ValueError, match="step"):
        TrainSettings.load(path)
