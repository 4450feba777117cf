"""A graph with branches: what is asked for is as in the whole graph, and all else is empty."""

from collections.abc import Callable, Iterator
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="a runtime computes the branches")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from schmubert.engine.networks.onnx_denoiser import ASKED  # noqa: E402
from schmubert.export.onnx_branches import Outputs, branched  # noqa: E402

NAMES = ("a", "b", "c", "light")
FAMILY = {frozenset(one) for one in ("a", "b", "c", "ab")} | {frozenset({"light"})}
X = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)


def graph() -> "onnx.ModelProto":
    """All outputs need `trunk`, `a` and `b` need `both` beside it, and `light` has no work.

    The head of `a` lies in an `If`, as exporters write some.
    """
    rng = np.random.default_rng(1)
    weights = [
        numpy_helper.from_array(rng.normal(size=(4, 4)).astype(np.float32), f"{name}_weight")
        for name in ("trunk", "both", "a", "c")
    ]
    weights += [
        numpy_helper.from_array(np.asarray(1.0, np.float32), "one"),
        numpy_helper.from_array(np.asarray(True), "true"),
    ]
    inner = helper.make_node("Add", ["both", "one"], ["inner"])
    other = helper.make_node("Sub", ["both", "one"], ["other"])
    types = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in NAMES]
    then, otherwise = (
        helper.make_graph(
            [node], "inside", [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)]
        )
        for name, node in (("inner", inner), ("other", other))
    )
    nodes = [
        helper.make_node("MatMul", ["x", "trunk_weight"], ["trunk"]),
        helper.make_node("MatMul", ["trunk", "both_weight"], ["both"]),
        helper.make_node("Mul", ["trunk", "one"], ["light"]),
        helper.make_node("If", ["true"], ["head"], then_branch=then, else_branch=otherwise),
        helper.make_node("MatMul", ["head", "a_weight"], ["a"]),
        helper.make_node("Softmax", ["both"], ["b"]),
        helper.make_node("MatMul", ["trunk", "c_weight"], ["c"]),
        helper.make_node("Neg", ["c"], ["unread"]),
    ]
    told = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "steps", 4])
    for one in types:
        one.type.CopyFrom(told.type)
    made = helper.make_graph(nodes, "made", [told], types, weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def session(model: "onnx.ModelProto") -> "onnxruntime.InferenceSession":
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def every_choice() -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(NAMES, count) for count in range(len(NAMES) + 1))


def asked_for(names: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([name in names for name in NAMES])


def test_what_is_asked_for_is_as_in_the_whole_graph_and_all_else_is_empty() -> None:
    whole = session(graph()).run(None, {"x": X})
    parts = session(branched(graph(), FAMILY))
    for choice in every_choice():
        found = parts.run(None, {"x": X, ASKED: asked_for(choice)})
        for name, ours, theirs in zip(NAMES, found, whole, strict=True):
            if name in choice or name == "light":
                np.testing.assert_allclose(ours, theirs, rtol=1e-6)
            else:
                assert not ours.size


def test_who_does_not_know_the_question_gets_all() -> None:
    parts = session(branched(graph(), FAMILY))
    assert [one.name for one in parts.get_inputs()] == ["x"]
    assert [one.name for one in parts.get_overridable_initializers()] == [ASKED]
    for ours, theirs in zip(
        parts.run(None, {"x": X}), session(graph()).run(None, {"x": X}), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def branches_of(model: "onnx.ModelProto") -> dict[Outputs, "onnx.GraphProto"]:
    """What is computed in each branch, by what of `NAMES` it is for."""
    found = {}
    for node in model.graph.node:
        if node.op_type == "If" and node.input[0].startswith(ASKED):
            then = next(one.g for one in node.attribute if one.name == "then_branch")
            found[frozenset(node.input[0].rpartition("/")[2].split("+"))] = then
    return found


def test_a_branch_has_what_it_alone_needs_and_work_of_its_own() -> None:
    model = branched(graph(), FAMILY)
    found = branches_of(model)
    assert {outputs: [one.op_type for one in part.node] for outputs, part in found.items()} == {
        frozenset("ab"): ["MatMul"],
        frozenset("a"): ["If", "MatMul"],
        frozenset("b"): ["Softmax"],
        frozenset("c"): ["MatMul"],
    }
    assert {outputs: {one.name for one in part.initializer} for outputs, part in found.items()} == {
        frozenset("ab"): {"both_weight"},
        frozenset("a"): {"a_weight", "true"},
        frozenset("b"): set(),
        frozenset("c"): {"c_weight"},
    }
    names = [name for node in model.graph.node for name in node.output]
    names += [name for part in found.values() for node in part.node for name in node.output]
    assert len(names) == len({*names})
    assert "unread" not in names


def test_a_graph_that_shares_all_its_work_has_no_branches() -> None:
    whole = graph()
    assert branched(whole, [frozenset({"light"})]) == whole


def test_a_family_without_what_two_of_its_sets_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['a'\] is no set"):
        branched(graph(), [frozenset("ab"), frozenset("ac")])


def test_a_graph_with_branches_stays_as_it_is() -> None:
    once = branched(graph(), FAMILY)
    assert branched(once, FAMILY) == once


def test_a_graph_in_which_the_names_are_taken_is_refused() -> None:
    model = graph()
    model.graph.node[1].output[0] = model.graph.node[5].input[0] = "asked/any/c"
    with pytest.raises(ValueError, match="begins with asked"):
        branched(model, FAMILY)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_band_computes_the_columns_that_are_asked_for(
    tmp_path: Path,
    precision: str,
    traced_band: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from schmubert.engine.denoiser import answering
    from schmubert.engine.music.meter import COMMON
    from schmubert.engine.music.vocabulary import BAND, TRIO, Track
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser
    from schmubert.export import onnx_export
    from tests.engine.networks.test_band import TINY, made, music

    source, out = tmp_path / "band.safetensors", tmp_path / "band.onnx"
    checkpoint.save(source, made().state_dict(), TINY, {"meters": [COMMON.shape]})
    states = [music(COMMON)[..., : len(TRIO)]]
    monkeypatch.setattr(onnx_export, "_states", lambda *_: states)  # a check of a few seconds less
    monkeypatch.setattr(onnx_export, "_trace", traced_band)
    onnx_export.export_onnx(source, out, precision)
    forms = frozenset({"melody_form", "bass_form", "drums_form"})
    found = {*branches_of(onnx.load(str(out)))}
    assert {frozenset({"bass"}) | {"bass_form"}, forms, frozenset({"chords"})} <= found
    denoiser, tokens = OnnxDenoiser(out), music(COMMON)
    whole = answering(denoiser, 1)(tokens)
    for columns in (
        [Track.BASS],
        [Track.MELODY, Track.DRUMS_FORM],
        [Track.CHORDS],
        [Track.TRAITS],
        [Track.MELODY_FORM, Track.BASS_FORM, Track.DRUMS_FORM],
        BAND,
        [],
    ):
        part = answering(denoiser, 1, columns)(tokens)
        for track, ours, theirs in zip(BAND, part, whole, strict=True):
            assert ours.shape == theirs.shape
            assert ours.dtype == theirs.dtype
            assert not ours[:, :16].any()
            if track in columns:
                np.testing.assert_allclose(ours[:, 16:], theirs[:, 16:], atol=1e-3)
            else:
                assert not ours.any()
