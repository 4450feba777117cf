"""Weights in the shape of the author's file, against his network written out plainly."""

import io
import pickle
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="weights need torch")

from click.testing import CliRunner  # noqa: E402

from schmubert.cli.main import main  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.config import PRESETS  # noqa: E402
from schmubert.engine.networks.torch_denoiser import TorchDenoiser  # noqa: E402
from schmubert.engine.recipe import RECIPE  # noqa: E402
from schmubert.training.data.dataset import Dataset  # noqa: E402
from schmubert.training.learning.published import HEADS, import_weights  # noqa: E402
from schmubert.training.metrics.bits import bits_of_masked, held_out  # noqa: E402
from tests.training.small_corpus import files, prepared  # noqa: E402

PREFIX = "_denoise_fn.module."
SIZES = (90, 90, 512)


def state(
    tracks: int, width: int, layers: int, token_width: int, beats: int
) -> "dict[str, torch.Tensor]":
    """A state dict as published, its values drawn."""
    torch.manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {
        "pos_emb": (1, beats, width),
        "bar_pos_emb": (1, 4, token_width),
        "start_tok": (1, 1, width),
        "emb_red.weight": (width, width * tracks),
        "emb_red.bias": (width,),
        "ln_f.weight": (width,),
        "ln_f.bias": (width,),
    }
    for track in range(tracks):
        shapes |= {
            f"tok_emb.{track}.weight": (SIZES[track] + 1, token_width),
            f"conv.{track}.0.weight": (width, token_width, 4),
            f"conv.{track}.0.bias": (width,),
            f"transpose_conv.{track}.0.weight": (width, token_width, 4),
            f"transpose_conv.{track}.0.bias": (token_width,),
            f"head.{track}.weight": (SIZES[track], token_width),
        }
    for layer in range(layers):
        block = f"blocks.{layer}"
        for norm in ("ln1", "ln2"):
            shapes |= {f"{block}.{norm}.weight": (width,), f"{block}.{norm}.bias": (width,)}
        for part in ("key", "query", "value", "proj"):
            shapes[f"{block}.attn.{part}.weight"] = (width, width)
            shapes[f"{block}.attn.{part}.bias"] = (width,)
        shapes |= {
            f"{block}.mlp.0.weight": (4 * width, width),
            f"{block}.mlp.0.bias": (4 * width,),
            f"{block}.mlp.2.weight": (width, 4 * width),
            f"{block}.mlp.2.bias": (width,),
        }
    weights = {PREFIX + name: 0.1 * torch.randn(shape) for name, shape in shapes.items()}
    return {**weights, "Lt_history": torch.zeros(1024), "Lt_count": torch.zeros(1024)}


def published(
    state: "dict[str, torch.Tensor]", tokens: "torch.Tensor", heads: int
) -> "list[torch.Tensor]":
    """Logits of the network as the thesis and the layer list describe it, step by step."""
    w = {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}
    batch, steps, tracks = tokens.shape
    layer_norm, relu = torch.nn.functional.layer_norm, torch.relu
    summed_up = []
    for track in range(tracks):
        vectors = w[f"tok_emb.{track}.weight"][tokens[..., track]]
        vectors = vectors + w["bar_pos_emb"].repeat(1, steps // 4, 1)
        beats = [
            sum(vectors[:, 4 * beat + k] @ w[f"conv.{track}.0.weight"][:, :, k].T for k in range(4))
            + w[f"conv.{track}.0.bias"]
            for beat in range(steps // 4)
        ]
        summed_up.append(relu(torch.stack(beats, dim=1)))
    x = relu(torch.cat(summed_up, dim=2) @ w["emb_red.weight"].T + w["emb_red.bias"])
    x = x + w["pos_emb"][:, : steps // 4]
    width = x.shape[2]
    for layer in range(sum(name.endswith("ln1.weight") for name in w)):
        b = {n.removeprefix(f"blocks.{layer}."): t for n, t in w.items()}
        y = layer_norm(x, (width,), b["ln1.weight"], b["ln1.bias"])
        q, k, v = (
            (y @ b[f"attn.{part}.weight"].T + b[f"attn.{part}.bias"])
            .reshape(batch, -1, heads, width // heads)
            .permute(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        weights = torch.softmax(q @ k.transpose(2, 3) / (width // heads) ** 0.5, dim=-1)
        heard = (weights @ v).permute(0, 2, 1, 3).reshape(batch, -1, width)
        x = x + heard @ b["attn.proj.weight"].T + b["attn.proj.bias"]
        y = layer_norm(x, (width,), b["ln2.weight"], b["ln2.bias"])
        y = torch.nn.functional.gelu(y @ b["mlp.0.weight"].T + b["mlp.0.bias"])
        x = x + y @ b["mlp.2.weight"].T + b["mlp.2.bias"]
    x = layer_norm(x, (width,), w["ln_f.weight"], w["ln_f.bias"])
    logits = []
    for track in range(tracks):
        apart = torch.stack(
            [x @ w[f"transpose_conv.{track}.0.weight"][:, :, k] for k in range(4)], dim=2
        ).reshape(batch, steps, -1)
        of_step = relu(apart + w[f"transpose_conv.{track}.0.bias"])
        logits.append(of_step @ w[f"head.{track}.weight"].T)
    return logits


@pytest.mark.parametrize(("tracks", "heads"), [(1, 8), (3, 16)])
def test_imported_weights_say_what_the_published_network_says(
    tracks: int, heads: int, tmp_path: Path
) -> None:
    theirs = state(tracks, width=64, layers=3, token_width=16, beats=32)
    torch.save(theirs, tmp_path / "published.pt")
    import_weights(tmp_path / "published.pt", tmp_path / "ours.safetensors", heads)
    ours, config = checkpoint.load(tmp_path / "ours.safetensors")
    assert config.heads == heads
    assert checkpoint.read(tmp_path / "ours.safetensors")[2]["recipe"] == RECIPE.plain()
    assert config.longest_steps == 128
    tokens = torch.randint(0, 91, (2, 96, tracks))
    expected = published(theirs, tokens, heads)
    for a, b in zip(ours(tokens), expected, strict=True):
        assert torch.allclose(a, b, atol=1e-4)
        assert a.std() > 0.01


@pytest.mark.parametrize(
    ("tracks", "heads", "preset"), [(1, 8, "schmubert-melody"), (3, 16, "schmubert-trio")]
)
def test_the_published_shapes_are_those_of_the_presets(
    tracks: int, heads: int, preset: str, tmp_path: Path
) -> None:
    weights = state(tracks, width=512, layers=24, token_width=128, beats=256)
    torch.save(weights, tmp_path / "published.pt")
    out = tmp_path / "ours.safetensors"
    words = ["import-weights", str(tmp_path / "published.pt"), "--out", str(out)]
    words += ["--heads", str(heads)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert preset in done.output
    assert checkpoint.read(out)[1] == PRESETS[preset]
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 1
    assert "--force" in again.output


def zipped(inside: str) -> bytes:
    """A zip archive of one file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(inside, b"x")
    return written.getvalue()


def saved(thing: object) -> bytes:
    """What PyTorch saves of `thing`."""
    written = io.BytesIO()
    torch.save(thing, written)
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no state dict",
        b"j\x07\x00\x00\x00.",
        b"0.",
        zipped("a.txt"),
        zipped("archive/data.pkl"),
        pickle.dumps([1, 2, 3]),
        saved({"w": Path("x")}),
        saved(torch.zeros(3)),
        saved({1: torch.zeros(3)}),
        saved({"state_dict": {"w": torch.zeros(3)}}),
        saved(state(1, 64, 1, 16, 32))[:20_000],
    ],
)
def test_what_is_no_state_dict_is_said_in_one_line_of_ours(content: bytes, tmp_path: Path) -> None:
    """PyTorch's own words would have whoever reads them execute what a file says."""
    (tmp_path / "bad.pt").write_bytes(content)
    words = ["import-weights", str(tmp_path / "bad.pt"), "--heads", "8"]
    done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "ours.safetensors")])
    assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output
    assert "bad.pt" in done.output
    assert "no PyTorch state dict, or" in done.output or "no state dict" in done.output
    assert "give what torch.save(model.state_dict(), FILE) wrote" in done.output
    assert "weights_only" not in done.output
    assert not (tmp_path / "ours.safetensors").exists()


def test_a_file_that_cannot_be_read_is_not_called_junk(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.pt", "No such file"), (tmp_path, "it is a folder")):
        with pytest.raises(ValueError, match=f"cannot be read: {why}"):
            import_weights(path, tmp_path / "ours.safetensors", heads=8)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({PREFIX + "dec.weight": torch.zeros(2)}, "dec.weight"),
        ({PREFIX + "tok_emb.0.weight": torch.zeros(60, 16)}, "60"),
        ({PREFIX + "ln_f.weight": torch.zeros(7)}, "another network"),
        ({PREFIX + "tok_emb.0.weight": torch.zeros(())}, "a single number"),
        ({PREFIX + "pos_emb": torch.zeros(8)}, "no matrix"),
        ({PREFIX + "blocks.0.attn.key.bias": torch.zeros(2, 2)}, "do not fit each other"),
        ({PREFIX + "ln_f.bias": torch.zeros(64).to_sparse()}, "no plain numbers"),
        (
            {PREFIX + "ln_f.bias": torch.quantize_per_tensor(torch.zeros(64), 1.0, 0, torch.qint8)},
            "no plain numbers",
        ),
        ({PREFIX + "ln_f.bias": torch.full((64,), torch.nan)}, "is damaged: norm.bias"),
        ({PREFIX + "ln_f.bias": torch.full((64,), torch.inf)}, "is damaged: norm.bias"),
    ],
)
def test_another_network_is_refused(
    changed: "dict[str, torch.Tensor]", said: str, tmp_path: Path
) -> None:
    torch.save({**state(1, 64, 1, 16, 32), **changed}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=said):
        import_weights(tmp_path / "other.pt", tmp_path / "ours.safetensors", heads=8)


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    torch.save({"weights": Path("x")}, tmp_path / "object.pt")
    with pytest.raises(ValueError, match="state dict"):
        import_weights(tmp_path / "object.pt", tmp_path / "ours.safetensors", heads=8)


def test_songs_tell_the_heads(data: Path, tmp_path: Path) -> None:
    """The likelier of both on the same masked songs, by as much as each of them says alone."""
    theirs = state(3, width=64, layers=2, token_width=16, beats=32)
    sure = {n: 9 * t if ".query." in n or ".key." in n else t for n, t in theirs.items()}
    torch.save(sure, tmp_path / "published.pt")
    found = import_weights(tmp_path / "published.pt", tmp_path / "told.safetensors", data=data)
    tokens, masks = held_out(Dataset.open(data).split("validation"), 8, (0, 1, 2), 0.0, 16)  # type: ignore[arg-type]
    bits = []
    for heads in HEADS:
        out = tmp_path / f"{heads}.safetensors"
        import_weights(tmp_path / "published.pt", out, heads)
        needed = bits_of_masked(TorchDenoiser(out), tokens, masks["uniform"])
        bits.append(float((needed.sum((1, 2)) / masks["uniform"].sum((1, 2)).clip(1)).mean()))
    assert found.tried is not None
    assert found.tried.bits == pytest.approx(tuple(bits), rel=1e-7)
    assert abs(bits[0] - bits[1]) > 2e-5
    assert found.config.heads == HEADS[bits.index(min(bits))]
    assert checkpoint.read(tmp_path / "told.safetensors")[1] == found.config
    assert f"{min(bits):.4f} with {found.config.heads} heads" in found.tried.told()
    assert "16 windows of 8 bars" in found.tried.told()


def test_songs_of_other_tracks_tell_no_heads(tmp_path: Path) -> None:
    torch.save(state(3, 64, 1, 16, 32), tmp_path / "published.pt")
    none = prepared(tmp_path / "data", files(3), 0.0)
    with pytest.raises(ValueError, match=r"has melody, bass, drums.* say --heads"):
        import_weights(tmp_path / "published.pt", tmp_path / "a.safetensors", data=none)


def test_without_songs_heads_are_asked_for(data: Path, tmp_path: Path) -> None:
    torch.save(state(1, 64, 1, 16, 32), tmp_path / "published.pt")
    words = [
        "import-weights",
        str(tmp_path / "published.pt"),
        "--out",
        str(tmp_path / "a.safetensors"),
    ]
    asked = CliRunner().invoke(main, words)
    assert asked.exit_code == 1
    assert "8 or 16 heads of attention: name the --data" in asked.output
    both = CliRunner().invoke(main, [*words, "--heads", "8", "--data", str(data)])
    assert "give one of them" in both.output
    told = CliRunner().invoke(main, [*words, "--data", str(data)])
    assert told.exit_code == 0, told.output
    assert "are likelier in" in told.output
