"""Recipes in model files: brought along, missing in older ones, and damaged."""

import json
from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch", reason="checkpoints are torch's")

from schmubert.engine.denoiser import recipe_of  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load  # noqa: E402
from schmubert.engine.recipe import RECIPE, Recipe  # noqa: E402
from tests import tiny_model  # noqa: E402

TINY = ModelConfig(token_width=8, width=16, layers=1, heads=2, positions="rotary", dropout=0.0)
OTHER = Recipe(calls=6, remasked=0.5, refining=1, harmony=3.0, temperature=0.8)


def model(folder: Path, kind: str, **said: Any) -> Path:
    """A model file in which the recipe is as `said`; without one, as older releases wrote it."""
    path = folder / f"m{kind}"
    if kind == ".safetensors":
        checkpoint.save(path, network(TINY).state_dict(), TINY, {"step": 7, **said})
        return path
    graph = onnx.load(str(tiny_model.write(path)))
    for name, value in said.items():
        graph.metadata_props.add(key=f"schmubert.{name}", value=json.dumps(value))
    path.write_bytes(graph.SerializeToString())
    return path


@pytest.mark.parametrize("kind", [".onnx", ".safetensors"])
def test_a_model_brings_its_recipe_and_an_older_one_has_the_usual(
    kind: str, tmp_path: Path
) -> None:
    assert recipe_of(load(model(tmp_path, kind), "cpu")) == RECIPE
    assert recipe_of(load(model(tmp_path, kind, recipe=OTHER.plain()), "cpu")) == OTHER
    assert recipe_of(load(model(tmp_path, kind, recipe={"calls": 8}), "cpu")) == Recipe(calls=8)


@pytest.mark.parametrize("kind", [".onnx", ".safetensors"])
@pytest.mark.parametrize("junk", [None, [], "x", {"calls": 0}, {"remasked": float("nan")}])
def test_a_recipe_that_is_none_is_one_line(kind: str, junk: Any, tmp_path: Path) -> None:
    path = model(tmp_path, kind, recipe=junk)
    with pytest.raises(ValueError, match=rf"^[^\n]*m\{kind}: its recipe cannot be read: [^\n]+$"):
        load(path, "cpu")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_a_recipe_in_an_onnx_file_that_is_no_json_is_one_line(text: str, tmp_path: Path) -> None:
    path = model(tmp_path, ".onnx")
    graph = onnx.load(str(path))
    graph.metadata_props.add(key="schmubert.recipe", value=text)
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(ValueError, match=r"^[^\n]*m\.onnx: its recipe cannot be read: [^\n]+$"):
        load(path, "cpu")
