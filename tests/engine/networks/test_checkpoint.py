"""Checkpoints: what is written is read again, what is none is said."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.convolutional import ConvTransformer  # noqa: E402

TINY = ModelConfig(token_width=8, width=16, layers=2, heads=2, positions="rotary", dropout=0.0)


def test_a_checkpoint_gives_back_the_network_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model = ConvTransformer(TINY).eval()
    checkpoint.save(path, model.state_dict(), TINY, {"step": 7})
    again, config = checkpoint.load(path)
    tokens = torch.randint(0, 90, (1, 32, 3))
    assert config == TINY
    assert all(torch.equal(a, b) for a, b in zip(model(tokens), again(tokens), strict=True))
    assert checkpoint.read(path)[2] == {"step": 7}
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_bf16_checkpoints_are_half_the_size_and_load_as_float32(tmp_path: Path) -> None:
    model = ConvTransformer(TINY)
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    checkpoint.save(full, model.state_dict(), TINY, {})
    checkpoint.save(half, model.state_dict(), TINY, {}, dtype=torch.bfloat16)
    assert half.stat().st_size < 0.6 * full.stat().st_size
    assert next(checkpoint.load(half)[0].parameters()).dtype == torch.float32


@pytest.mark.parametrize("content", [b"", b"no safetensors at all", b"\x10" + b"\0" * 40])
def test_what_is_no_checkpoint_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.safetensors"):
        checkpoint.load(path)


def test_safetensors_of_others_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="no schmubert checkpoint"):
        checkpoint.load(path)
