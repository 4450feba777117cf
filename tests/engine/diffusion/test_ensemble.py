"""Pieces of any tracks: as long as asked, of events alone, and a MIDI file of all of them."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch")

from click.testing import CliRunner  # noqa: E402

from schmubert.cli.main import main  # noqa: E402
from schmubert.engine.diffusion.ensemble import generate_ensembles  # noqa: E402
from schmubert.engine.diffusion.sampling import Sampling  # noqa: E402
from schmubert.engine.music.midifile import read_score  # noqa: E402
from schmubert.engine.music.song import player_song  # noqa: E402
from schmubert.engine.music.vocabulary import BAND_MASK, Track  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load, load_any  # noqa: E402

NAMES = ("melody", "melody2", "comping", "chords", "bass", "drums")
CONFIG = ModelConfig(NAMES, 8, 16, 1, 2, positions="rotary", dropout=0.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("six") / "six.safetensors"
    checkpoint.save(path, network(CONFIG).state_dict(), CONFIG, {})
    return path


def test_a_piece_is_of_events_and_comes_out_as_if_alone(model: Path) -> None:
    denoiser = load_any(model)
    sampling = Sampling(2, window_bars=4)
    both = generate_ensembles(denoiser, 10, [np.random.default_rng(k) for k in (0, 1)], sampling)
    alone = generate_ensembles(denoiser, 10, [np.random.default_rng(1)], sampling)
    assert (both[1] == alone[0]).all()
    assert both[0].shape == (160, len(NAMES))
    assert (both[0] < [BAND_MASK[track] for track in denoiser.tracks]).all()
    assert denoiser.tracks.count(Track.MELODY) == 2
    with pytest.raises(ValueError, match="leave them out"):
        generate_ensembles(denoiser, 4, [], Sampling(chords=np.zeros(16, np.int64)))


def test_it_exports_plays_and_is_refused_where_songs_are_asked_for(
    model: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime", reason="an export is checked by ONNX Runtime")
    pytest.importorskip("onnx", reason="an export needs onnx")
    exported = tmp_path / "six.onnx"
    words = ["export-onnx", str(model), "--out", str(exported)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    told = load_any(exported)
    assert told.tracks == load_any(model).tracks
    made = ["--bars", "4", "--calls", "2", "--seed", "3", "--out", str(tmp_path / "made")]
    done = CliRunner().invoke(main, ["generate", "--model", str(exported), *made])
    assert done.exit_code == 0, done.output
    written = (tmp_path / "made" / "1.mid").read_bytes()
    names = [part.name for part in player_song(written).parts]
    assert names == ["Melody", "Melody 2", "Chords", "Bass", "Drums"]
    assert read_score(written).score.bars == 4
    with pytest.raises(ValueError, match="it makes pieces by schmubert generate"):
        load(exported)
    led = CliRunner().invoke(main, ["generate", "--model", str(exported), *made, "--key", "C"])
    assert "leave out --tracks" in led.output or "is there already" in led.output
