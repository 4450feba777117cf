import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch", reason="export needs torch")
onnxruntime = pytest.importorskip("onnxruntime", reason="export checks in ONNX Runtime")
onnx = pytest.importorskip("onnx")

from schmubert.cli.main import main  # noqa: E402
from schmubert.engine.denoiser import recipe_of  # noqa: E402
from schmubert.engine.music.pauses import Pauses  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load, load_any  # noqa: E402
from schmubert.engine.recipe import RECIPE, Recipe  # noqa: E402
from schmubert.export import onnx_export  # noqa: E402
from schmubert.export.onnx_export import ParityError, Tolerance, export_onnx  # noqa: E402
from tests.damage import full_disk  # noqa: E402

TINY = ModelConfig(token_width=16, width=32, layers=2, heads=2, positions="rotary", dropout=0.0)
TINY_LIVE = replace(TINY, factored=True, chroma_beats=(1, 5), one_key=True, copy_steps=(4, 16, 32))
TINY_LEARNED = ModelConfig(("melody",), 16, 32, 2, 2, "learned", 256, 0.0)
TINY_OTHERS = [
    replace(TINY_LEARNED, token_width=width, architecture=architecture, levels=3)
    for architecture, width in (("transformer", 32), ("hierarchical", 16), ("u", 32))
]


def _checkpoint(path: Path, config: ModelConfig = TINY) -> Path:
    torch.manual_seed(3)
    model = network(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    checkpoint.save(path, model.state_dict(), config, {})
    return path


@pytest.mark.parametrize(
    ("precision", "config"),
    [
        ("fp32", TINY),
        ("fp32", TINY_LEARNED),
        ("fp32", TINY_LIVE),
        *(("fp32", other) for other in TINY_OTHERS),
        ("fp16", TINY_OTHERS[2]),
        ("fp16", TINY_LIVE),
        ("int8", TINY),
    ],
)
def test_the_graph_says_what_the_network_says(
    tmp_path: Path, precision: str, config: ModelConfig
) -> None:
    source, out = _checkpoint(tmp_path / "m.safetensors", config), tmp_path / "m.onnx"
    model, _ = checkpoint.load(source)
    parity = export_onnx(source, out, precision)
    assert parity.within(onnx_export.TOLERANCES[precision])
    assert parity.cells > 1000
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    tokens = np.random.default_rng(0).integers(0, 90, (2, 160, len(config.tracks)))
    ours = [x.detach().numpy() for x in model(torch.from_numpy(tokens))]
    theirs = session.run(list(config.tracks), {"tokens": tokens})
    for a, b in zip(ours, theirs, strict=True):
        assert (a.argmax(-1) == b.argmax(-1)).mean() >= 0.9


def test_the_graph_carries_its_vocabulary_and_configuration(tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    export_onnx(_checkpoint(tmp_path / "m.safetensors"), out)
    about = {prop.key: prop.value for prop in onnx.load(str(out)).metadata_props}
    assert about["schmubert.tracks"] == "melody,bass,drums"
    assert json.loads(about["schmubert.vocabulary"]) == {
        "sizes": [90, 90, 512],
        "masks": [90, 90, 512],
    }
    assert json.loads(about["schmubert.config"])["width"] == 32
    assert about["schmubert.precision"] == "fp32"


def test_a_failed_check_leaves_no_file_and_an_old_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_export, "TOLERANCES", {"int8": Tolerance(0.0, 1.0, 0.0)})
    source, out = _checkpoint(tmp_path / "m.safetensors"), tmp_path / "m.onnx"
    with pytest.raises(ParityError, match="Nothing was written"):
        export_onnx(source, out, "int8")
    assert not out.exists()
    out.write_bytes(b"older")
    with pytest.raises(ParityError):
        export_onnx(source, out, "int8")
    assert out.read_bytes() == b"older"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "m.safetensors"]


def test_parity_sees_a_graph_of_other_weights(tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    export_onnx(_checkpoint(tmp_path / "m.safetensors"), out)
    torch.manual_seed(99)
    other = network(TINY).eval()
    state = np.full((1, 64, 3), [90, 90, 512])
    parity = onnx_export.compare(other, TINY, onnx_export.opened(out), [state])
    assert not parity.within(onnx_export.TOLERANCES["int8"])


def test_an_exported_model_says_what_noise_it_undoes_and_is_not_taken_for_another(
    tmp_path: Path,
) -> None:
    source = _checkpoint(tmp_path / "noise.safetensors", replace(TINY, corruption="gaussian"))
    export_onnx(source, tmp_path / "noise.onnx")
    assert load_any(tmp_path / "noise.onnx").corruption == "gaussian"
    with pytest.raises(ValueError, match="a model of gaussian noise"):
        load(tmp_path / "noise.onnx")


def test_pauses_go_from_a_checkpoint_into_its_graph(tmp_path: Path) -> None:
    source, out = _checkpoint(tmp_path / "m.safetensors"), tmp_path / "m.onnx"
    export_onnx(source, out)
    assert load(source, "cpu").pauses is load(out, "cpu").pauses is None
    pauses = Pauses(np.random.default_rng(0).random((5, 64, 3)) < 0.2)
    weights, config, about = checkpoint.read(source)
    checkpoint.save(source, weights, config, {**about, "pauses": pauses.encoded()})
    export_onnx(source, out)
    for path in (source, out):
        found = load(path, "cpu").pauses
        assert found is not None
        assert (found.tacet == pauses.tacet).all()
    checkpoint.save(source, weights, config, {"pauses": "none"})
    with pytest.raises(ValueError, match=r"m\.safetensors: its pauses"):
        export_onnx(source, out)


def test_a_recipe_goes_from_a_checkpoint_into_its_graph_and_may_be_changed(tmp_path: Path) -> None:
    source, out = _checkpoint(tmp_path / "m.safetensors"), tmp_path / "m.onnx"
    export_onnx(source, out)
    assert recipe_of(load(out, "cpu")) == RECIPE
    weights, config, about = checkpoint.read(source)
    own = Recipe(calls=6, refining=1)
    checkpoint.save(source, weights, config, {**about, "recipe": own.plain()})
    done = CliRunner().invoke(
        main,
        ["export-onnx", str(source), "--out", str(out), "--force", "--recipe", "remasked=0.5"],
    )
    assert done.exit_code == 0, done.output
    assert recipe_of(load(out, "cpu")) == replace(own, remasked=0.5)
    before = out.read_bytes()
    for wrong, says in (
        ("remasked=7", "remasked 7 is outside 0.05..1"),
        ("speed=1", "a recipe has"),
    ):
        words = ["export-onnx", str(source), "--out", str(out), "--force", "--recipe", wrong]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 1
        assert says in done.output
        assert done.output.count("\n") == 1
    assert out.read_bytes() == before


def test_an_exported_model_says_how_far_its_positions_reach(tmp_path: Path) -> None:
    short = replace(TINY, positions="learned", longest_steps=256)
    export_onnx(_checkpoint(tmp_path / "short.safetensors", short), tmp_path / "short.onnx")
    exported = load(tmp_path / "short.onnx")
    assert exported.longest_steps == 256
    with pytest.raises(ValueError, match="windows of up to 16 bars"):
        exported(np.zeros((1, 512, 3), np.int64))


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_full_disk_leaves_the_old_model(tmp_path: Path, precision: str) -> None:
    source, out = _checkpoint(tmp_path / "m.safetensors"), tmp_path / "m.onnx"
    out.write_bytes(b"older")
    for most_bytes in (4_096, 60_000):
        with (
            full_disk(most_bytes),
            pytest.raises(OSError, match=r"^[^\n]*m\.onnx cannot be written: [^\n]*$"),
        ):
            export_onnx(source, out, precision)
        assert out.read_bytes() == b"older"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "m.safetensors"]
