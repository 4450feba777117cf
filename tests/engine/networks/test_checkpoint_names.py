"""Checkpoints that users have hold the names of weights of 0.1; they are read as before."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="checkpoints need torch")

from safetensors import safe_open  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.convolutional import ConvTransformer  # noqa: E402

RELEASED = Path(__file__).resolve().parents[3] / "weights" / "schmubert-live.safetensors"
OLD_NAMES = {
    "downsamples.": "summaries.",
    "upsamples.": "expansions.",
    "repeat_features.": "repeats.",
    "copy_heads.": "copies.",
    ".attention.qkv.": ".attention.qkv.",
    ".attention.out.": ".attention.out.",
}
CONFIG = ModelConfig(
    token_width=8,
    width=16,
    layers=2,
    heads=2,
    positions="rotary",
    dropout=0.0,
    factored=True,
    chroma_beats=(1,),
    one_key=True,
    copy_steps=(4, 16),
)


def in_old_names(name: str) -> str:
    for new, old in OLD_NAMES.items():
        name = name.replace(new, old)
    return name


def test_a_checkpoint_under_old_names_is_the_same_network(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = ConvTransformer(CONFIG).eval()
    for weight in network.parameters():
        torch.nn.init.normal_(weight)
    new, old = tmp_path / "new.safetensors", tmp_path / "old.safetensors"
    checkpoint.save(new, network.state_dict(), CONFIG, {})
    with safe_open(new, framework="pt") as file:
        metadata = file.metadata()
    del metadata["checksum"]  # as files were written then
    renamed = {in_old_names(name): tensor for name, tensor in load_file(new).items()}
    assert len(set(renamed) - set(network.state_dict())) > 8
    save_file(renamed, old, metadata)
    tokens = torch.randint(0, 90, (1, 32, 3))
    again, config = checkpoint.load(old)
    assert config == CONFIG
    for one, other in zip(network(tokens), again(tokens), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_released_weights_load() -> None:
    network, config = checkpoint.load(RELEASED)
    assert config.positions == "rotary"
    assert sum(weight.numel() for weight in network.parameters()) == 7_379_328
