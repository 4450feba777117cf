"""What tests of the commands share."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper


@pytest.fixture(scope="session")
def any_model(tiny_model_file: Path) -> Path:
    """The model of `tests/tiny_model.py`, but to it every event is as likely as any other."""
    model = onnx.load(tiny_model_file)
    for table in model.graph.initializer:
        if table.name.endswith("_bar"):
            flat = np.zeros_like(numpy_helper.to_array(table))
            table.CopyFrom(numpy_helper.from_array(flat, table.name))
    path = tiny_model_file.with_name("any.onnx")
    onnx.save(model, str(path))
    return path


@pytest.fixture(scope="session")
def melody_model(tiny_model_file: Path) -> Path:
    """The model of `tests/tiny_model.py`, of its melody alone."""
    model = onnx.load(tiny_model_file)
    for output in [output for output in model.graph.output if output.name != "melody"]:
        model.graph.output.remove(output)
    for entry in model.metadata_props:
        if entry.key == "schmubert.tracks":
            entry.value = "melody"
        elif entry.key == "schmubert.vocabulary":
            entry.value = json.dumps({"sizes": [90], "masks": [90]})
    path = tiny_model_file.with_name("melody.onnx")
    onnx.save(model, str(path))
    return path
