"""What the options of `schmubert train` ask for."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from schmubert.cli.train import train
from schmubert.training.settings import PRESET_SETTINGS, TrainSettings

pytest.importorskip("torch", reason="training needs torch")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainSettings]:
    """The settings of the runs that would have been started."""
    from schmubert.training import train as loop

    started: list[TrainSettings] = []
    monkeypatch.setattr(loop, "train", lambda settings, *_, **__: started.append(settings))
    return started


def ask(out: Path, *options: str) -> str:
    """What is said to `schmubert train` with a live preset and `options`."""
    usual = ["--data", str(out), "--out", str(out), "--preset", "live"]
    return CliRunner().invoke(train, [*usual, *options]).output


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("track-subsets", {"track-subsets": 1.0}),
        ("uniform:0.4, track-subsets:0.6", {"uniform": 0.4, "track-subsets": 0.6}),
    ],
)
def test_a_mix_is_a_pattern_or_shares_of_patterns(
    text: str, mix: dict[str, float], asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert ask(tmp_path, "--mix", text) == ""
    assert asked[0].mix == mix


def test_without_a_mix_it_is_that_of_the_preset(asked: list[TrainSettings], tmp_path: Path) -> None:
    assert ask(tmp_path) == ""
    assert asked[0].mix == PRESET_SETTINGS["live"]["mix"]


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--mix", "uniform:much", "--mix takes uniform or"),
        ("--mix", "diagonal", "no masking patterns ['diagonal']"),
        ("--window-bars", "some", "--window-bars takes 16 or"),
    ],
)
def test_shares_that_are_none_are_refused(
    option: str, text: str, said: str, asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert said in ask(tmp_path, option, text)
    assert not asked


def test_windows_come_in_shares_too(asked: list[TrainSettings], tmp_path: Path) -> None:
    assert ask(tmp_path, "--window-bars", "8:0.3,16:0.7") == ""
    assert asked[0].window_bars == {8: 0.3, 16: 0.7}
