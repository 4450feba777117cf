"""A model that names other files is refused, wherever in the model it names them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from schmubert.engine.networks.external_data import names_other_files
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model
from tests import tiny_model

ZEROS = numpy_helper.from_array(np.zeros(4, np.float32), "weights")


def outside(tensor: TensorProto, location: str = "other.bin") -> TensorProto:
    """`tensor`, its data in another file."""
    found = TensorProto()
    found.CopyFrom(tensor)
    found.ClearField("raw_data")
    found.data_location = TensorProto.EXTERNAL
    found.external_data.add(key="location", value=location)
    return found


def graph(nodes: tuple[onnx.NodeProto, ...] = (), tensors: tuple[TensorProto, ...] = ()) -> object:
    return helper.make_graph(nodes, "graph", [], [], tensors)


def constant(tensor: TensorProto) -> onnx.NodeProto:
    return helper.make_node("Constant", [], ["out"], value=tensor)


def branch(tensor: TensorProto) -> onnx.NodeProto:
    inner = graph((constant(tensor),))
    return helper.make_node("If", ["which"], ["out"], then_branch=inner, else_branch=graph())


def in_a_list(tensor: TensorProto) -> onnx.NodeProto:
    node = helper.make_node("Odd", [], ["out"])
    node.attribute.append(helper.make_attribute("many", [ZEROS, tensor]))
    return node


def model(**parts: object) -> onnx.ModelProto:
    return helper.make_model(graph(**parts))  # type: ignore[arg-type]


def sparse(tensor: TensorProto) -> onnx.ModelProto:
    made = model()
    made.graph.sparse_initializer.add().values.CopyFrom(tensor)
    return made


def function(tensor: TensorProto) -> onnx.ModelProto:
    made = model()
    made.functions.add(name="f", domain="d").node.append(branch(tensor))
    return made


def training(tensor: TensorProto) -> onnx.ModelProto:
    made = model()
    made.training_info.add().initialization.initializer.append(tensor)
    return made


PLACES: dict[str, Callable[[TensorProto], onnx.ModelProto]] = {
    "weights": lambda tensor: model(tensors=(ZEROS, tensor)),
    "constant": lambda tensor: model(nodes=(constant(tensor),)),
    "branch": lambda tensor: model(nodes=(branch(tensor),)),
    "list": lambda tensor: model(nodes=(in_a_list(tensor),)),
    "sparse": sparse,
    "function": function,
    "training": training,
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_wherever_it_stands(place: str) -> None:
    assert names_other_files(PLACES[place](outside(ZEROS)).SerializeToString())
    assert not names_other_files(PLACES[place](ZEROS).SerializeToString())


def test_half_of_it_is_enough() -> None:
    located, placed = TensorProto(), TensorProto()
    located.external_data.add(key="location", value="other.bin")
    placed.data_location = TensorProto.EXTERNAL
    default = TensorProto()
    default.data_location = TensorProto.DEFAULT
    for tensor, found in ((located, True), (placed, True), (default, False)):
        assert names_other_files(model(tensors=(tensor,)).SerializeToString()) is found


@pytest.mark.parametrize(
    "location", ["beside.bin", "../above.bin", "{folder}/above.bin", "*/_ORT_MEM_ADDR_/*"]
)
def test_such_a_model_is_refused_in_a_line(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for path in (folder / "beside.bin", tmp_path / "above.bin"):
        path.write_bytes(bytes(1_000_000))
    made = onnx.load(tiny_model.write(folder / "tiny.onnx"))
    weights = next(each for each in made.graph.initializer if each.name == "bass_bar")
    weights.CopyFrom(outside(weights, location.format(folder=tmp_path)))
    path = folder / "stranger.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(ValueError, match="its weights lie in other files, which are not read") as e:
        load(path, "cpu")
    assert str(e.value).startswith(f"{path}: ")
    assert "\n" not in str(e.value)


def test_models_of_ours_name_none(tmp_path: Path) -> None:
    assert not names_other_files(default_model().read_bytes())
    assert not names_other_files(tiny_model.write(tmp_path / "tiny.onnx").read_bytes())


@given(st.binary(max_size=200))
def test_noise_is_none_or_names_none(noise: bytes) -> None:
    try:
        names_other_files(noise)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - both are fine


@given(st.data())
def test_fields_are_cut_as_protocol_buffers_cut_them(data: st.DataObject) -> None:
    """What another way of writing the same number hides from us the runtime would see."""
    key = (13 << 3 | 2) | data.draw(st.integers(0, 7)) << 32
    long = bytes((key >> shift & 0x7F) | 0x80 for shift in range(0, 28, 7)) + bytes([key >> 28])
    tensor = long + b"\x00"
    within = b"\x2a" + bytes([len(tensor)]) + tensor
    assert names_other_files(b"\x3a" + bytes([len(within)]) + within)


def test_what_nests_without_end_is_no_model() -> None:
    inner = b""
    for _ in range(60):
        for field in (6, 5, 1):  # a graph in an attribute of a node of a graph
            inner = bytes([field << 3 | 2]) + varint(len(inner)) + inner
    with pytest.raises(ValueError, match="nested too deep"):
        names_other_files(b"\x3a" + varint(len(inner)) + inner)


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
