"""The thesis' four architectures and a band's, exported, played by every command and the engine."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="export needs torch")
pytest.importorskip("onnxruntime", reason="export checks in ONNX Runtime")
pytest.importorskip("onnx")

from click.testing import CliRunner  # noqa: E402

from schmubert.cli.main import main  # noqa: E402
from schmubert.cli.tune import tune  # noqa: E402
from schmubert.engine.music.midifile import midi_bytes, read_score  # noqa: E402
from schmubert.engine.music.vocabulary import TRIO, Track  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import PRESETS, ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load  # noqa: E402
from schmubert.engine.service.pace import Pace  # noqa: E402
from schmubert.engine.service.warming import warm_up  # noqa: E402

TINY: Mapping[str, ModelConfig] = {
    config.architecture: replace(
        config,
        token_width=16,
        width=16,
        layers=1,
        heads=2,
        longest_steps=256,
        levels=3,
        form_layers=min(1, config.form_layers),
        chord_layers=min(1, config.chord_layers),
    )
    for config in (PRESETS[name] for name in PRESETS if name.startswith(("small-", "band")))
}
"""The small presets and the band's, but smaller still."""


def call(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module", params=TINY)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file by `schmubert export-onnx` of a checkpoint of that architecture."""
    folder, config = tmp_path_factory.mktemp(request.param), TINY[request.param]
    torch.manual_seed(1)
    weights = network(config).state_dict()
    checkpoint.save(folder / "m.safetensors", weights, config, {})
    call("export-onnx", folder / "m.safetensors", "--out", folder / "m.onnx")
    return folder / "m.onnx"


def test_an_exported_architecture_is_played_by_every_command(
    exported: Path, tmp_path: Path
) -> None:
    song, band = tmp_path / "song.mid", tmp_path / "band.mid"
    song.write_bytes(midi_bytes(tune(), [Track.MELODY]))
    options = ("--model", exported, "--calls", 2, "--seed", 1)
    call("accompany", song, "--out", band, *options)
    assert set(read_score(band).roles) == set(TRIO)
    for name, words in {
        "longer": ("continue", band, "--bars", 2),
        "earlier": ("continue", band, "--before", "--bars", 2),
        "other": ("infill", band, "--bars", "3-4, melody:9.2.3"),
        "way": ("interpolate", band, song, "--bars", 2),
        "melody": ("accompany", band, "--tracks", "melody"),
    }.items():
        call(*words, "--out", tmp_path / f"{name}.mid", *options)
    assert read_score(tmp_path / "longer.mid").score.bars >= 18
    call("generate", "--count", 1, "--bars", 4, "--out", tmp_path / "pieces", *options)
    assert len(list((tmp_path / "pieces").glob("*.mid"))) == 1


def test_an_engine_starts_with_an_exported_architecture(exported: Path) -> None:
    model = load(exported)
    assert warm_up(model, Pace()) > 0.0
    logits = model(np.tile(np.asarray([90, 90, 512]), (2, 80, 1)))
    assert [of_track.shape for of_track in logits] == [(2, 80, n) for n in (90, 90, 512)]
    assert all(np.isfinite(of_track).all() for of_track in logits)
