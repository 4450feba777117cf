"""A model that fails or never returns: a line, and an engine that can be ended."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx")

import numpy as np  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from schmubert.engine.service.client import Client, spawn_engine  # noqa: E402
from tests import tiny_model  # noqa: E402
from tests.engine.service.asking import ask  # noqa: E402

FOR_EVER = np.iinfo(np.int64).max
NEVER_WARMED_UP = 48  # steps


def changed(path: Path, graph: Any) -> Path:
    model = onnx.load(str(path))
    graph(model.graph)
    onnx.save(model, str(path))
    return path


def failing(path: Path) -> Path:
    """A model that reads a place beyond its bar."""

    def beyond(graph: Any) -> None:
        for constant in graph.initializer:
            if constant.name == "bar":
                constant.CopyFrom(numpy_helper.from_array(np.asarray(1 << 20), "bar"))

    return changed(tiny_model.write(path), beyond)


def endless(path: Path, steps: int) -> Path:
    """A model that never returns from windows of so many `steps`."""

    def looped(graph: Any) -> None:
        mod = next(node for node in graph.node if node.op_type == "Mod")
        mod.output[0] = "in_one_bar"
        body = helper.make_graph(
            [
                helper.make_node("Identity", ["go_on"], ["goes_on"]),
                helper.make_node("Add", ["carried", "carried"], ["carried_on"]),
            ],
            "body",
            [
                helper.make_tensor_value_info("number", TensorProto.INT64, []),
                helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
                helper.make_tensor_value_info("carried", TensorProto.INT64, []),
            ],
            [
                helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
                helper.make_tensor_value_info("carried_on", TensorProto.INT64, []),
            ],
        )
        constants = {"endless": steps, "often": FOR_EVER, "once": 1, "nothing": 0}
        graph.initializer.extend(
            numpy_helper.from_array(np.asarray(value, np.int64), name)
            for name, value in constants.items()
        )
        graph.initializer.append(numpy_helper.from_array(np.asarray(True), "yes"))
        nodes = [
            helper.make_node("Equal", ["steps", "endless"], ["is_endless"]),
            helper.make_node("Where", ["is_endless", "often", "once"], ["times"]),
            helper.make_node("Loop", ["times", "yes", "nothing"], ["looped"], body=body),
            helper.make_node("Add", ["in_one_bar", "looped"], ["in_bar"]),
        ]
        at = list(graph.node).index(mod) + 1
        rest = [*graph.node[:at], *nodes, *graph.node[at:]]
        del graph.node[:]
        graph.node.extend(rest)

    return changed(tiny_model.write(path), looped)


def test_a_model_that_fails_is_one_line(tmp_path: Path) -> None:
    model = failing(tmp_path / "beyond.onnx")
    command = [sys.executable, "-m", "schmubert.engine", "--bind", "tcp://127.0.0.1:*"]
    ended = subprocess.run(
        [*command, "--model", str(model)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Error: beyond fails on 256 steps (")
    assert line.endswith("export the model again, or take another")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("steps", [256, NEVER_WARMED_UP], ids=["at the start", "playing"])
def test_a_model_that_never_returns_can_be_ended(
    tmp_path: Path, steps: int, number: signal.Signals
) -> None:
    model, log = endless(tmp_path / "endless.onnx", steps), tmp_path / "engine.log"
    address = f"ipc://{tmp_path}/engine"
    process = spawn_engine(address, log, model, "cpu")
    try:
        socket = tmp_path / "engine"  # made when the engine knows how to end
        until_s = time.monotonic() + 60.0
        while not (socket.exists() and (steps == 256 or "listening" in log.read_text())):
            assert time.monotonic() < until_s
            time.sleep(0.05)
        if steps == NEVER_WARMED_UP:
            with Client(address) as client:
                while not client.send(ask(1, steps=steps)):  # it may not be connected yet
                    assert time.monotonic() < until_s
                    time.sleep(0.05)
                time.sleep(1.0)
        else:
            time.sleep(1.0)
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(10.0) == 128 + number
    finally:
        process.kill()
        process.wait()
    assert log.read_text().splitlines()[-1] == "the model does not return: ended without it"
