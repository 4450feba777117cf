"""What the options of `schmubert train` ask for."""

from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from schmubert.cli.train import PRESETS, train
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
    assert "0.0 is not in the range 0<x<=1" in ask(tmp_path, "--sounding", "0")


def test_transposition_and_validation_are_the_presets_or_as_asked_for(
    asked: list[TrainSettings], tmp_path: Path
) -> None:
    for preset in ("live", "schmubert-melody"):
        assert ask(tmp_path, "--preset", preset) == ""
    assert ask(tmp_path, "--no-transpose", "--validation-windows", "8") == ""
    assert ask(tmp_path, "--preset", "schmubert-melody", "--transpose") == ""
    assert [run.transpose for run in asked] == [True, False, False, True]
    assert [run.validation_windows for run in asked] == [256, 512, 8, 512]


def test_other_tracks_have_neither_excerpts_nor_melodies_alone(
    asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert ask(tmp_path, "--tracks", "melody, melody2,chords,bass,drums") == ""
    assert asked[0].tracks == ("melody", "melody2", "chords", "bass", "drums")
    assert (asked[0].excerpts, asked[0].tacet, asked[0].melody_only) == (0.0, 0.0, 0.0)
    assert 'no track "flute"' in ask(tmp_path, "--tracks", "melody,flute")
    assert "excerpts" in ask(tmp_path, "--tracks", "melody,bass", "--excerpts", "0.5")


def test_sources_are_weighed(asked: list[TrainSettings], tmp_path: Path) -> None:
    assert ask(tmp_path) == ""
    assert ask(tmp_path, "--source", "vgmusic-a=0.5", "--source", "a=b=2") == ""
    assert [run.sources for run in asked] == [{}, {"vgmusic-a": 0.5, "a=b": 2.0}]
    for wrong in ("vgmusic-a", "vgmusic-a=", "a=x"):
        assert f'--source takes vgmusic-a=0.5, not "{wrong}"' in ask(tmp_path, "--source", wrong)
    assert "a weight is 0 or more" in ask(tmp_path, "--source", "a=-1")


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


def test_a_file_is_no_folder_of_a_run(asked: list[TrainSettings], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words in ((), ("--resume",)):
        assert "file is a file: name a folder" in ask(tmp_path / "file", *words)
    assert not asked


def test_a_resumed_run_keeps_its_corruption(asked: list[TrainSettings], tmp_path: Path) -> None:
    TrainSettings("live", corruption="gaussian").save(tmp_path / "settings.json")
    assert "trains on the corruption gaussian" in ask(
        tmp_path, "--resume", "--corruption", "uniform"
    )
    assert not asked
    assert ask(tmp_path, "--resume") == ""
    assert asked[0].corruption == "gaussian"


def test_a_resumed_run_keeps_what_is_not_asked_for(
    asked: list[TrainSettings], tmp_path: Path
) -> None:
    began = TrainSettings("live", seed=7, checkpoint_every=10, precision="fp32", auxiliary=0.1)
    began.save(tmp_path / "settings.json")
    assert ask(tmp_path, "--resume", "--checkpoint-every", "20") == ""
    assert asked == [replace(began, checkpoint_every=20)]


def test_a_short_run_keeps_the_shares_of_warm_up_and_decay(
    asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert "shortened to 10 and 200" in ask(tmp_path, "--steps", "1000")
    assert "shortened to 0 and 8" in ask(tmp_path, "--steps", "40")
    assert ask(tmp_path, "--steps", "4200") == ""
    found = [(run.steps, run.warmup_steps, run.decay_steps) for run in asked]
    assert found == [(1000, 10, 200), (40, 0, 8), (4200, 200, 4000)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--steps", "40", "--warmup-steps", "5"), "give --decay-steps 35 or less, or more"),
        (("--warmup-steps", "16001"), "give --warmup-steps 16000 or less, or more --steps"),
        (("--steps", "9", "--warmup-steps", "10", "--decay-steps", "10"), "fewer --warmup-steps"),
    ],
)
def test_what_does_not_fit_is_named_by_its_option(
    words: tuple[str, ...], said: str, asked: list[TrainSettings], tmp_path: Path
) -> None:
    assert said in ask(tmp_path, *words)
    assert not asked


def test_every_preset_is_listed_with_a_word() -> None:
    assert set(PRESETS) == set(PRESET_SETTINGS)
    shown = CliRunner().invoke(train, ["--help"]).output
    assert [
        name for name, word in PRESETS.items() if f"{name} " not in shown or word not in shown
    ] == []


def test_the_help_says_the_default_of_every_setting() -> None:
    by_presets = {name for changed in PRESET_SETTINGS.values() for name in changed}
    usual = TrainSettings("live")
    for option in train.params:
        if not isinstance(option, click.Option) or not hasattr(usual, option.name or ""):
            continue
        if option.name in by_presets:
            assert option.show_default == "the preset's", option.name
        elif isinstance(option.show_default, str):
            words = {"sources": "all alike", "tracks": "the preset's"}
            assert option.show_default == words[str(option.name)]
            assert (usual.sources, usual.tracks) == ({}, None)
        elif option.name != "preset":
            assert option.default == getattr(usual, str(option.name)), option.name
            assert option.show_default


def test_windows_come_in_shares_too(asked: list[TrainSettings], tmp_path: Path) -> None:
    assert ask(tmp_path, "--window-bars", "8:0.3,16:0.7") == ""
    assert asked[0].window_bars == {8: 0.3, 16: 0.7}
