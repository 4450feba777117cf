"""The benchmarks of quality, end to end on songs made here."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

from schmubert.engine.midifile import midi_bytes, read_score
from schmubert.engine.vocabulary import Track
from schmubert.training.dataset import Dataset
from schmubert.training.prepare import prepare
from schmubert.training.shards import Settings
from tests.training.small_corpus import song

ROOT = Path(__file__).resolve().parents[2]


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def run(name: str, *words: object) -> str:
    done = CliRunner().invoke(benchmark(name).main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    songs, out = tmp_path_factory.mktemp("songs"), tmp_path_factory.mktemp("dataset")
    for number in range(10):
        (songs / f"{number}.mid").write_bytes(midi_bytes(song(number, 20)))
    prepare([songs], out, Settings(validation=0.5), workers=1)
    return out


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


def test_precisions_of_one_checkpoint_stand_side_by_side(data: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="a checkpoint needs torch")
    from schmubert.engine import checkpoint
    from schmubert.engine.model import ConvTransformer, ModelConfig

    config = ModelConfig(
        token_width=16, width=32, layers=1, heads=2, positions="rotary", dropout=0.0
    )
    torch.manual_seed(3)
    model = ConvTransformer(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # so that it is sure of what it says
    source, report = tmp_path / "tiny.safetensors", tmp_path / "precision.json"
    checkpoint.save(source, model.state_dict(), config, {})
    words = ("--data", data, "--checkpoint", source, "--songs", "2", "--rounds", "2")
    run("precision", *words, "--json", report)
    found = json.loads(report.read_text())
    assert found["fp32"]["top-1 agreement"] == 1.0
    assert found["int8"]["MB"] < found["fp16"]["MB"] < found["fp32"]["MB"]
    assert found["fp16"]["ELBO"] == pytest.approx(found["fp32"]["ELBO"], rel=0.01)


def test_filters_are_compared_on_the_same_windows_by_runs_trained_alike(
    data: Path, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="a checkpoint needs torch")
    from schmubert.engine import checkpoint
    from schmubert.engine.model import ConvTransformer, ModelConfig
    from schmubert.training.settings import TrainSettings

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


def test_what_is_written_to_listen_to_is_drawn_from_held_out_songs_and_no_thin_melody(
    data: Path, tiny_model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "listen"
    words = ("--data", data, "--out", out, "--model", tiny_model_file, "--source", "")
    run("listen", *words, "--songs", "2")
    for number in (1, 2):
        score = read_score((out / f"{number}.mid").read_bytes()).score
        assert score.bars == 16
        assert (score.tokens[:, Track.MELODY] > 1).sum() >= 32
        assert (out / f"{number}.png").read_bytes()[1:4] == b"PNG"
    split = Dataset.open(data).split("validation")
    chosen = benchmark("listen").melodies(split, "", 2, 0)
    assert split.dataset.pieces["validation"][chosen[:, 0]].all()
    assert len(np.unique(split.songs[chosen[:, 0]])) == 2
    with pytest.raises(ValueError, match="wanted"):
        benchmark("listen").melodies(split, "nowhere/", 2, 0)
