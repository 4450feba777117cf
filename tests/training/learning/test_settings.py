from itertools import pairwise
from pathlib import Path

import pytest

from schmubert.training.learning.settings import PRESET_SETTINGS, TrainSettings

OF_VERSION_0_1 = """
    {"preset": "live", "steps": 20000, "batch_bars": 256, "window_bars": {"4": 0.05, "8": 0.15,
    "16": 0.45, "32": 0.15, "64": 0.2}, "hop_bars": 4, "on_grid": 0.8, "sounding":
    0.3333333333333333, "mix": {"whole-tracks": 0.5, "hidden-future": 0.5}, "melody_only": 0.1,
    "excerpts": 0.5, "excerpt_mix": {"uniform": 0.65, "suffix": 0.2, "bar-span": 0.15}, "tacet":
    0.8, "transpose": true, "optimizer": "muon", "weighting": "plain", "corruption":
    "absorbing", "corruption_steps": 1024, "auxiliary": 1.0, "learning_rate": 0.0012,
    "warmup_steps": 200, "decay_steps": 4000, "clip_norm": 1.0, "ema_decay": 0.98, "ema_every":
    10, "precision": "auto", "seed": 0, "validate_every": 2000, "validation_windows": 256,
    "checkpoint_every": 1000, "dropout": null}
"""
"""What the preset `live` left beside its checkpoints."""


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = TrainSettings(preset="live", **PRESET_SETTINGS["live"])
    settings.save(tmp_path / "settings.json")
    assert TrainSettings.load(tmp_path / "settings.json") == settings


def test_settings_of_a_run_of_version_0_1_are_read(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(OF_VERSION_0_1)
    settings = TrainSettings.load(tmp_path / "settings.json")
    assert settings.window_bars[64] == 0.2
    assert settings.optimizer == "muon"
    assert settings.corruption == "absorbing"


def test_the_learning_rate_rises_stays_and_falls_to_nothing() -> None:
    settings = TrainSettings("live", steps=100, warmup_steps=10, decay_steps=20, learning_rate=1.0)
    rates = [settings.learning_rate_at(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:81] == [1.0] * 72
    assert rates[90] == pytest.approx(0.5)
    assert rates[100] == 0
    assert all(a >= b for a, b in pairwise(rates[10:]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": 0}, "0 steps of 3200 bars are no training"),
        ({"steps": 10, "warmup_steps": 8, "decay_steps": 8}, "do not fit into 10 steps"),
        ({"window_bars": {65: 1.0}}, r"\[65\] bars are outside 1..64"),
        ({"window_bars": {64: 1.0}, "batch_bars": 32}, "a batch of 32 bars holds no 64"),
        ({"mix": {"diagonal": 1.0}}, r"no masking patterns \['diagonal'\]"),
        ({"mix": {"uniform": -1.0, "suffix": 2.0}}, "deal out no masking pattern"),
        ({"mix": {"uniform": 0.0}}, "deal out no masking pattern"),
        ({"mix": {}}, "deal out no masking pattern"),
        ({"excerpt_mix": {"diagonal": 1.0}}, r"no masking patterns \['diagonal'\]"),
        ({"precision": "fp8"}, 'precision is one of .* not "fp8"'),
        ({"optimizer": "sgd"}, 'optimizer is one of .* not "sgd"'),
        ({"weighting": "heavy"}, 'weighting is one of .* not "heavy"'),
        ({"sounding": 0.0}, "share of 0.0 of the bars"),
        ({"sounding": 1.1}, "share of 1.1 of the bars"),
        ({"melody_only": 1.0}, "share of 1.0 melodies alone"),
        ({"excerpts": 1.1}, "share of 1.1 excerpts"),
        ({"tacet": -0.1}, "share of -0.1 is outside"),
        ({"corruption": "salty"}, 'corruption is one of .* not "salty"'),
        ({"corruption_steps": 0}, "0 steps of corruption"),
        ({"auxiliary": -0.1}, "lambda -0.1"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TrainSettings("live", **wrong)  # type: ignore[arg-type]


def test_a_misspelt_setting_fails_at_once(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"preset": "live", "step": 10}')
    with pytest.raises(ValueError, match="step"):
        TrainSettings.load(path)
