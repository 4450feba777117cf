"""Model files that were damaged: one line that names the file, whatever is wrong with it."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch", reason="checkpoints are torch's")

from schmubert.engine.checksum import UNSEALED, checked, sealed  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load  # noqa: E402
from schmubert.engine.networks.model_file import (  # noqa: E402
    RELEASED,
    _digest,
    default_model,
    meters_in,
    read_model,
)
from tests import tiny_model  # noqa: E402
from tests.damage import flipped, full_disk  # noqa: E402

TINY = ModelConfig(token_width=8, width=16, layers=1, heads=2, positions="rotary", dropout=0.0)
ROOT = Path(__file__).resolve().parents[3]
SHIPPED = [default_model(), *sorted((ROOT / "weights").glob("*.safetensors"))]


def onnx_file(path: Path) -> Path:
    """A model with a checksum, as `export-onnx` writes it."""
    graph = onnx.load(str(tiny_model.write(path)))
    graph.metadata_props.add(key="schmubert.checksum", value=UNSEALED)
    path.write_bytes(sealed(graph.SerializeToString()))
    return path


def checkpoint_file(path: Path) -> Path:
    torch.manual_seed(0)
    checkpoint.save(path, network(TINY).state_dict(), TINY, {"step": 7})
    return path


MADE: dict[str, Callable[[Path], Path]] = {"m.onnx": onnx_file, "m.safetensors": checkpoint_file}


@pytest.fixture(scope="module", params=MADE)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MADE[request.param](tmp_path_factory.mktemp("model") / request.param)


def refused(model: Path, data: bytes) -> None:
    """`data` in place of a model is one line that names it."""
    path = model.with_name(f"damaged{model.suffix}")
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"^[^\n]*{path.name}[^\n]*$"):
        load(path, "cpu")


def test_what_is_written_carries_a_checksum_and_loads(model: Path) -> None:
    assert checked(model.read_bytes())
    assert load(model, "cpu").name == "m"


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0.0, 1.0, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_one_line(model: Path, place: float, bit: int) -> None:
    data = model.read_bytes()
    refused(model, flipped(data, 8 * int(place * len(data)) + bit))
    assert meters_in(model.with_name(f"damaged{model.suffix}")) is None


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0.0, 1.0, exclude_max=True))
def test_any_cut_is_one_line(model: Path, place: float) -> None:
    data = model.read_bytes()
    refused(model, data[: int(place * len(data))])


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200))
def test_what_is_no_model_is_one_line(model: Path, data: bytes) -> None:
    refused(model, data)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60), length=st.integers(0, 2**64 - 1))
def test_a_header_that_lies_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, length: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "lies.safetensors"
    refused(path, length.to_bytes(8, "little") + data)


def test_texts_that_nest_deep_are_one_line(model: Path, tmp_path: Path) -> None:
    deep = "[" * 100_000
    if model.suffix == ".onnx":
        graph = onnx.load(str(tiny_model.write(tmp_path / "m.onnx")))
        for prop in graph.metadata_props:
            if prop.key == "schmubert.config":
                prop.value = deep
        refused(model, graph.SerializeToString())
    else:
        header = json.dumps({"__metadata__": {"format": checkpoint.FORMAT, "config": deep}})
        refused(model, len(header).to_bytes(8, "little") + header.encode())


def without_checksum(model: Path, path: Path) -> Path:
    """The same model as others and earlier releases write it."""
    if model.suffix == ".onnx":
        return tiny_model.write(path)
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    with safe_open(model, framework="pt") as file:
        about = {name: text for name, text in file.metadata().items() if name != "checksum"}
    save_file(load_file(model), path, about)
    return path


def test_a_model_without_a_checksum_loads(model: Path, tmp_path: Path) -> None:
    older = without_checksum(model, tmp_path / model.name)
    assert not checked(older.read_bytes())
    tokens = np.zeros((1, 32, 3), np.int64)
    for one, other in zip(load(older, "cpu")(tokens), load(model, "cpu")(tokens), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_model_is_known_where_it_says_no_checksum(path: Path) -> None:
    data = read_model(path)
    half = len(data) // 2
    halves = _digest(data[:half]), _digest(data[half:])
    assert checked(data) or RELEASED.get(path.name) == halves, f"RELEASED lacks {halves}"


def test_another_model_of_a_released_name_is_somebodys_own(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path / default_model().name)
    assert load(path, "cpu").name == path.stem


def test_checking_takes_a_fraction_of_loading() -> None:
    began_s = time.process_time()
    for _ in range(5):
        read_model(SHIPPED[-1])
    assert (time.process_time() - began_s) / 5 < 0.2  # 0.03 s where nothing else runs


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = checkpoint_file(tmp_path / "m.safetensors")
    before = path.read_bytes()
    with (
        full_disk(len(before) // 2),
        pytest.raises(OSError, match=r"^[^\n]*m\.safetensors cannot be written: [^\n]*$"),
    ):
        checkpoint.save(path, network(TINY).state_dict(), TINY, {"step": 8})
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {path.name: before}
