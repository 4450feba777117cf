"""Files that were damaged, and runs that were killed: the short forms of two benchmarks."""

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="checkpoints are torch's")
pytest.importorskip("onnx")
pytest.importorskip("tensorboard")

from tests.benchmarks.scripts import FOLDER, benchmark

KINDS = (
    "dataset",
    "shard of a dataset",
    "checkpoint",
    "state of a run",
    "settings of a run",
    "ONNX",
    "session",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_is_noticed(kind: str) -> None:
    missed = benchmark("flips").unnoticed(kind, 16)
    assert missed == dict.fromkeys(missed, 0)
    assert missed


def test_flipped_bits_of_released_models_are_noticed() -> None:
    missed = benchmark("flips").unnoticed("released", 6)
    assert len(missed) >= 2
    assert missed == dict.fromkeys(missed, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="processes there cannot be forked")
def test_killed_runs_end_as_if_nobody_had_killed_them() -> None:
    command = [sys.executable, str(FOLDER / "kills.py"), "--prepare", "3", "--train", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "prepare: 3 of 3 runs ended as if" in done.stdout
    assert "train: 1 of 1 runs ended as if" in done.stdout
