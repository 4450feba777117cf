"""What the options of `schmubert train` ask for."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from schmubert.cli.train import train
from schmubert.training.learning.settings import PRESET_SETTINGS, TrainSettings

pytest.importorskip("torch", reason="training needs torch")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainSettings]:
    """The settings of the runs that would have been started."""
    from schmubert.training.learning import train

    started: list[TrainSettings] = []
    monkeypatch.setattr(train, "train_network", lambda settings, *_, **__: started.append(settings))
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


def test_filters_of_songs_and_windows_are_asked_for(
    asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert ask(tmp_path) == ""
    assert ask(tmp_path, "--on-grid", "0.9", "--sounding", "0.5") == ""
    assert [(run.on_grid, run.sounding) for run in asked] == [(0.8, 1 / 3), (0.9, 0.5)]
    assert "0.0 of the bars" in ask(tmp_path, "--sounding", "0")


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


@pytest.mark.parametrize("name", ["absorbing", "uniform", "gaussian", "embedding"])
def test_every_corruption_can_be_asked_for(
    name: str, asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert ask(tmp_path, "--corruption", name) == ""
    assert asked[0].corruption == name


def test_the_corruption_is_the_absorbing_state_unless_another_is_asked_for(
    asked: list[TrainSettings], tmp_path: Path
) -> None:
    ask(tmp_path)
    ask(tmp_path, "--corruption", "uniform", "--auxiliary", "0.5")
    assert [settings.corruption for settings in asked] == ["absorbing", "uniform"]
    assert asked[1].auxiliary == 0.5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--corruption", "uniform", "--mix", "uniform"), "--mix is of masks"),
        (("--auxiliary", "0.5"), "--auxiliary is for a --corruption without masks"),
        (("--corruption", "salty"), "'salty' is not one of"),
    ],
)
def test_what_a_corruption_has_no_use_for_is_refused(
    options: tuple[str, ...], said: str, asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert said in ask(tmp_path, *options)
    assert not asked


def test_a_resumed_run_keeps_its_corruption(asked: list[TrainSettings], tmp_path: Path) -> None:
    TrainSettings("live", corruption="gaussian").save(tmp_path / "settings.json")
    assert "trains on the corruption gaussian" in ask(
        tmp_path, "--resume", "--corruption", "uniform"
    )
    assert not asked
    assert ask(tmp_path, "--resume") == ""
    assert asked[0].corruption == "gaussian"


def test_windows_come_in_shares_too(asked: list[TrainSettings], tmp_path: Path) -> None:
    assert ask(tmp_path, "--window-bars", "8:0.3,16:0.7") == ""
    assert asked[0].window_bars == {8: 0.3, 16: 0.7}
