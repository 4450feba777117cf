"""The benchmarks of quality, end to end on songs made here."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.data.dataset import Dataset
from tests.benchmarks.scripts import benchmark, run
from tests.training.small_corpus import prepared, trios

TUNES = benchmark("tunes").TUNES


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("data"), trios(10, 20), 0.5)


def test_samplers_make_no_more_calls_than_asked(
    data: Path, tiny_model_file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "samplers.json"
    words = ("--data", data, "--model", tiny_model_file, "--songs", "3", "--json", report)
    said = run("samplers", *words, "--calls", "1,3")
    rows = json.loads(report.read_text())["rows"]
    assert {row["sampler"] for row in rows} <= set(said.split())
    for row in rows:
        assert 0 < row["calls"] <= row["asked"]
        assert row["drums: bar repeated"] == 1.0
        assert row["bass: onsets a bar"] == 8.0


@pytest.fixture(scope="module")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch = pytest.importorskip("torch", reason="a checkpoint needs torch")
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer

    config = ModelConfig(
        token_width=16, width=32, layers=1, heads=2, positions="rotary", dropout=0.0
    )
    torch.manual_seed(3)
    model = ConvTransformer(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # so that it is sure of what it says
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    checkpoint.save(path, model.state_dict(), config, {})
    return path


def test_precisions_of_one_checkpoint_stand_side_by_side(
    data: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    report = tmp_path / "precision.json"
    words = ("--data", data, "--checkpoint", tiny_checkpoint, "--songs", "2", "--rounds", "2")
    run("precision", *words, "--json", report)
    found = json.loads(report.read_text())
    assert found["fp32"]["top-1 agreement"] == 1.0
    assert found["int8"]["MB"] < found["fp16"]["MB"] < found["fp32"]["MB"]
    assert found["fp16"]["ELBO"] == pytest.approx(found["fp32"]["ELBO"], rel=0.01)


def test_a_student_learns_what_its_teacher_says_on_its_way(
    data: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    student, report = tmp_path / "student.safetensors", tmp_path / "distillation.json"
    words = ("--data", data, "--checkpoint", tiny_checkpoint, "--songs", "2", "--batch-bars", "64")
    run("distillation", *words, "--out", student, "--steps", "8", "--learning-rate", "0.01")
    run("distillation", *words, "--student", student, "--json", report)
    found = json.loads(report.read_text())
    divergence = found["divergence, bits a cell"]
    assert 0 < divergence["student"] < divergence["teacher"]
    assert {row["model"] for row in found["rows"]} == {"teacher", "student"}
    assert all(0 < pair["teacher"] / pair["student"] <= 2 for pair in found["student less teacher"])


def test_what_the_teacher_said_is_kept_of_the_call_that_draws_a_cell() -> None:
    pytest.importorskip("torch", reason="a lesson is made of tensors")
    distillation = benchmark("distillation")
    order = np.asarray([[[0, -1], [1, 0]]])
    calls = iter((0.0, 1.0))

    class Teacher:
        tracks = (Track.MELODY, Track.BASS)

        def __call__(self, tokens: Tokens) -> list[NDArray[np.float32]]:
            said = next(calls)
            return [np.full((*tokens.shape[:2], 3), 1 + said, np.float32) for _ in self.tracks]

    overheard = distillation.Overheard(Teacher(), order)
    for _ in range(2):
        overheard(np.zeros((1, 2, 2), np.int64))
    said = np.stack([kept[..., 0] for kept in overheard.said], axis=-1)
    assert (said == order + 1).all()


def test_filters_are_compared_on_the_same_windows_by_runs_trained_alike(
    data: Path, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="a checkpoint needs torch")
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer
    from schmubert.training.learning.settings import TrainSettings

    config = ModelConfig(
        token_width=16, width=32, layers=1, heads=2, positions="rotary", dropout=0.0
    )
    run_of = TrainSettings("tiny", steps=20, warmup_steps=1, window_bars={16: 1.0}, hop_bars=4)
    runs, report = tmp_path / "runs", tmp_path / "filters.json"
    words = ("--data", data, "--runs", runs, "--windows", 3, "--json", report)

    def finish(name: str, settings: TrainSettings, step: int = 20, weights: int = 0) -> None:
        (runs / name).mkdir(parents=True, exist_ok=True)
        settings.save(runs / name / "settings.json")
        torch.manual_seed(weights)
        network = ConvTransformer(config).state_dict()
        checkpoint.save(runs / name / "checkpoint.safetensors", network, config, {"step": step})

    def refused() -> str:
        return CliRunner().invoke(benchmark("filters").main, [str(word) for word in words]).output

    assert "holds no runs" in refused()
    finish("dense", replace(run_of, on_grid=0.9, sounding=1.0))
    finish("all", run_of)
    finish("chance", replace(run_of, seed=1), weights=1)
    run("filters", *words)
    found = json.loads(report.read_text())
    assert found["trained"]["steps"] == 20
    everything, chance, dense = found["runs"]
    assert [row["run"] for row in found["runs"]] == ["all", "chance", "dense"]
    train = Dataset.open(data).split("train")
    assert dense["windows"] == len(train.windows(16, 4, on_grid=0.9, sounding=1.0))
    assert everything["songs"] == len(np.unique(train.songs[train.windows(16, 4)[:, 0]]))
    for judged in ("all songs", "on the grid"):
        assert everything[judged] == dense[judged]  # their weights are the same
        assert everything[judged]["elbo"] != chance[judged]["elbo"]
        assert everything[judged]["accompaniment"] > 0.0
    finish("all", replace(run_of, learning_rate=1e-3))
    assert "differ in {'learning_rate'}" in refused()
    finish("all", run_of, step=10)
    assert "stopped at step 10 of 20" in refused()


@pytest.mark.parametrize("tune", TUNES, ids=[tune.title for tune in TUNES])
def test_a_tune_is_whole_bars_and_is_read_from_a_midi_file_as_it_is_written(tune: Any) -> None:
    score = tune.score()
    assert 12 <= score.bars <= 17
    read = read_score(midi_bytes(score, (Track.MELODY,))).score
    assert read.meter == score.meter
    assert (read.tokens[:, Track.MELODY] == score.tokens[:, Track.MELODY]).all()


def test_a_tune_with_a_bar_too_long_is_refused() -> None:
    long = replace(TUNES[0], bars="C4:16 | C4:8 D4:10")
    with pytest.raises(ValueError, match="bar 2 of Ode to Joy has 18 cells, 4/4 has 16"):
        long.score()
    with pytest.raises(ValueError, match="'C4' is no note with a length"):
        replace(TUNES[0], bars="C4").score()


def test_what_is_written_to_listen_to_is_each_tune_with_a_band(
    tiny_model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = benchmark("listen")
    told = replace(TUNES[6], told=("--chords", "Em"))
    monkeypatch.setattr(listen, "TUNES", (TUNES[0], told))
    monkeypatch.setattr(listen, "ADDED", "bass,drums")  # the tiny model plays no chords
    monkeypatch.setattr(listen, "sound_font", lambda: None)
    words = ("--out", tmp_path / "listen", "--model", tiny_model_file)
    done = CliRunner().invoke(listen.main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    assert "1: Ode to Joy, 4/4: bass C2 to G2; on a clash " in done.output
    assert "drum bars again 15 of 15 (1 before), 14 of 14 (2 before)" in done.output
    for number, tune in enumerate((TUNES[0], told), start=1):
        score = read_score((tmp_path / "listen" / f"{number}.mid").read_bytes()).score
        melody = tune.score().tokens[:, Track.MELODY]
        assert (score.tokens[: len(melody), Track.MELODY] == melody).all()
        assert (score.tokens[:, Track.BASS] > 1).any()
        assert (tmp_path / "listen" / f"{number}.png").read_bytes()[1:4] == b"PNG"


def test_a_run_too_short_for_a_curve_is_told_so(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    with pytest.raises(ValueError, match=r"logged no train/loss .* train for 50 steps or more"):
        benchmark("architectures").curves(tmp_path)
