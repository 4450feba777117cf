from pathlib import Path

import numpy as np
import pytest

from schmubert.engine.music.vocabulary import MASK, SIZES, Track
from schmubert.engine.networks.load import load, load_any

torch = pytest.importorskip("torch", reason="torch is not installed")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer

    torch.manual_seed(0)
    config = ModelConfig(
        tracks=("bass", "drums"), token_width=8, width=16, layers=1, heads=2, positions="rotary"
    )
    path = tmp_path / "small.safetensors"
    checkpoint.save(path, ConvTransformer(config).state_dict(), config, {})
    return path


def test_it_says_what_the_network_says(checkpoint: Path) -> None:
    from schmubert.engine.networks.checkpoint import load as network_of

    denoiser = load(checkpoint, "cpu")
    assert denoiser.tracks == (Track.BASS, Track.DRUMS)
    assert denoiser.name == "small"
    assert denoiser.runtime.startswith("torch ")
    assert denoiser.runtime.endswith("on cpu, 1 thread")
    tokens = np.random.default_rng(0).integers([MASK[1] + 1, MASK[2] + 1], size=(2, 64, 2))
    logits = denoiser(tokens)
    network, _ = network_of(checkpoint)
    with torch.no_grad():
        expected = network(torch.from_numpy(tokens))
    for track, ours, theirs in zip(denoiser.tracks, logits, expected, strict=True):
        assert ours.shape == (2, 64, SIZES[track])
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


def test_a_network_in_memory_says_the_same(checkpoint: Path) -> None:
    from schmubert.engine.networks.checkpoint import load as network_of
    from schmubert.engine.networks.torch_denoiser import TorchDenoiser

    network, config = network_of(checkpoint)
    network.train()
    denoiser = TorchDenoiser.of(network, config, "epoch 3")
    assert (denoiser.tracks, denoiser.name) == ((Track.BASS, Track.DRUMS), "epoch 3")
    assert denoiser.runtime.startswith("torch ")
    assert " on cpu" in denoiser.runtime
    assert not network.training, "dropout would add noise"
    tokens = np.random.default_rng(0).integers([MASK[1] + 1, MASK[2] + 1], size=(2, 64, 2))
    for ours, theirs in zip(denoiser(tokens), load(checkpoint, "cpu")(tokens), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_cuda_that_is_not_there_is_an_error_only_if_wanted(checkpoint: Path) -> None:
    if torch.cuda.is_available():
        assert load(checkpoint, "cuda").runtime.endswith("on cuda")
        return
    with pytest.raises(ValueError, match="take --device cpu"):
        load(checkpoint, "cuda")
    assert " on cpu" in load(checkpoint, "auto").runtime


def test_a_damaged_checkpoint_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"^.*broken\.safetensors: [^\n]+$"):
        load(path)


def test_without_torch_the_line_says_what_to_install(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'^[^\n]+pip install "\.\[train\]"$'):
        load(checkpoint)


@pytest.mark.parametrize("corruption", ["uniform", "gaussian", "embedding"])
def test_a_network_of_noise_is_not_taken_for_one_that_unmasks(
    corruption: str, tmp_path: Path
) -> None:
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer

    config = ModelConfig(("bass",), 8, 16, 1, 2, positions="rotary", corruption=corruption)
    path = tmp_path / "noise.safetensors"
    checkpoint.save(path, ConvTransformer(config).state_dict(), config, {})
    with pytest.raises(ValueError, match=f"noise.safetensors: a model of {corruption} noise"):
        load(path, "cpu")
    assert load_any(path, "cpu").corruption == corruption


def test_a_window_beyond_learned_positions_is_refused_as_with_onnx() -> None:
    from schmubert.engine.networks import torch_denoiser
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer

    config = ModelConfig(("bass",), 8, 16, 1, 2, longest_steps=64)
    network = ConvTransformer(config)
    denoiser = torch_denoiser.TorchDenoiser.of(network, config, "short")
    assert denoiser.longest_steps == 64
    with pytest.raises(ValueError, match=r"^short knows .* up to 4 bars .* 80 steps.*--window 4"):
        denoiser(np.zeros((1, 80, 1), np.int64))


def test_a_corruption_that_is_none_is_refused() -> None:
    from schmubert.engine.networks.config import ModelConfig

    with pytest.raises(ValueError, match="salty"):
        ModelConfig(corruption="salty")
