"""The benchmark of the bass, end to end on songs made here, and its parts."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

from schmubert.engine.midifile import midi_bytes
from schmubert.engine.score import STEPS_PER_BAR, Score, silence
from schmubert.engine.vocabulary import TRIO, Track, drum_token, onset_token
from schmubert.training.prepare import prepare
from schmubert.training.shards import Settings

ROOT = Path(__file__).resolve().parents[2]
MAJOR = (0, 2, 4, 5, 7, 9, 11)


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


bass_fit = _load(ROOT / "benchmarks" / "bass_fit.py")


def song(key: int, seed: int) -> Score:
    """Sixteen bars in the major scale on `key`: melody and bass never leave it."""
    rng = np.random.default_rng(seed)
    tokens = silence(16).tokens.copy()
    for step in range(0, len(tokens), 4):
        degree = MAJOR[rng.integers(7)]
        tokens[step, Track.MELODY] = onset_token(60 + key + degree)
        tokens[step, Track.BASS] = onset_token(36 + key + MAJOR[rng.integers(7)])
        tokens[step, Track.DRUMS] = drum_token([int(rng.integers(9))])
    tokens[: 7 * 4 : 4, Track.MELODY] = [onset_token(60 + key + degree) for degree in MAJOR]
    tokens[8 * 16 : 8 * 16 + 7 * 4 : 4] = tokens[: 7 * 4 : 4]
    return Score(tokens)


@pytest.fixture(scope="module")
def grids() -> np.ndarray:
    keys = np.random.default_rng(7).integers(12, size=24)
    return np.stack([song(int(key), number).tokens for number, key in enumerate(keys)])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, grids: np.ndarray) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for number, tokens in enumerate(grids):
        (folder / f"{number}.mid").write_bytes(midi_bytes(Score(tokens), TRIO))
    out = tmp_path_factory.mktemp("data") / "set"
    prepare([folder], out, Settings(validation=0.5), workers=1)
    return out


def test_own_basses_fit_and_those_of_other_songs_do_not(grids: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    real = bass_fit.figures(grids, grids)
    kinds = {"shuffled": bass_fit.shuffled(grids, rng), "real": real, "own again": real}
    found = bass_fit.estimates(kinds, rng)
    fit = found[bass_fit.SCALE]
    assert fit["real"].value == 1.0
    assert 0.45 < fit["shuffled"].value < 0.75
    assert fit["shuffled"].low < fit["shuffled"].value < fit["shuffled"].high
    closed = found[bass_fit.CLOSED]
    assert set(closed) == {"own again"}
    assert closed["own again"].value == pytest.approx(1.0)
    assert found["bass: onsets a bar"]["real"].value == 4.0


def test_a_shuffled_bass_closes_nothing_of_the_way(grids: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    other = bass_fit.figures(grids, np.roll(grids, 5, axis=0))
    kinds = {
        "shuffled": bass_fit.shuffled(grids, rng),
        "real": bass_fit.figures(grids, grids),
        "other": other,
    }
    closed = bass_fit.estimates(kinds, rng)[bass_fit.CLOSED]["other"]
    assert abs(closed.value) < 0.25


def test_no_song_gets_its_own_band_when_bands_are_shuffled() -> None:
    pair = np.stack([song(0, 1).tokens, song(6, 2).tokens])
    alone = bass_fit.shuffled(pair, np.random.default_rng(0))[bass_fit.SCALE]
    swapped = bass_fit.figures(pair, pair[::-1])[bass_fit.SCALE]
    assert alone == swapped


def test_the_command_measures_a_model(data: Path, tiny_model_file: Path, tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    words = ["--data", data, "--model", tiny_model_file, "--songs", 6, "--stage-songs", 3]
    words += ["--calls", 2, "--stage-calls", 2, "--json", report]
    result = CliRunner().invoke(bass_fit.main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert "offline: closes" in result.output
    assert "on stage: closes" in result.output
    figures = json.loads(report.read_text(encoding="utf-8"))["figures"]
    for kind in ("offline", "on stage"):
        assert figures["bass: onsets a bar"][kind][0] == 8.0  # as the tiny model always plays
        assert figures["drums: hits a bar"][kind][0] == 8.0
        assert figures["bass: empty bars"][kind][0] == 0.0
    assert figures["bass: onsets a bar"]["real"][0] == 4.0
    assert figures[bass_fit.SCALE]["real"][0] == 1.0


def test_too_few_songs_are_said(data: Path, tiny_model_file: Path) -> None:
    words = ["--data", str(data), "--model", str(tiny_model_file), "--bars", "24"]
    result = CliRunner().invoke(bass_fit.main, words)
    assert result.exit_code == 1
    assert "0 validation songs have 24 bars" in result.output
    nothing = CliRunner().invoke(bass_fit.main, ["--data", str(data.parent)])
    assert nothing.exit_code == 1
    assert "schmubert prepare" in nothing.output


def test_a_window_of_each_song(data: Path) -> None:
    split = bass_fit.Dataset.open(data).split("validation")
    rng = np.random.default_rng(0)
    chosen = bass_fit.windows_of_songs(split, 100, 8, 0.0, rng)
    assert chosen.shape[1:] == (8 * STEPS_PER_BAR, 3)
    assert len(chosen) == len(np.unique(split.songs[split.numbers]))
