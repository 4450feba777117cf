"""What a model file says of itself, read without what would run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.networks.model_file import default_model, meters_in
from tests import tiny_model


@pytest.mark.parametrize("meter", [COMMON, Meter(3), Meter(4, 6, 36)], ids=str)
def test_an_onnx_file_says_its_metres(tmp_path: Path, meter: Meter) -> None:
    assert meters_in(tiny_model.write(tmp_path / "tiny.onnx", meter)) == (meter,)


def test_what_says_nothing_of_metres_plays_4_4(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path / "tiny.onnx", Meter(3))
    path.write_bytes(path.read_bytes().replace(b"schmubert.meters", b"schmubert.nothing"[:16]))
    assert meters_in(path) == (COMMON,)


def test_the_model_that_ships_plays_4_4() -> None:
    assert COMMON in (meters_in(default_model()) or ())


def header(about: dict[str, object]) -> bytes:
    text = json.dumps({"__metadata__": {"about": json.dumps(about)}}).encode()
    return len(text).to_bytes(8, "little") + text


def test_a_checkpoint_says_its_metres(tmp_path: Path) -> None:
    path = tmp_path / "trained.safetensors"
    path.write_bytes(header({"meters": [[4, 4], [3, 4], [2, 6]]}) + bytes(64))
    assert meters_in(path) == (COMMON, Meter(3), Meter(2, 6, 36))
    path.write_bytes(header({"steps": 12}))
    assert meters_in(path) == (COMMON,)


@pytest.mark.parametrize("name", ["m.onnx", "m.safetensors"])
def test_what_cannot_be_read_says_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert meters_in(path) is None
    for content in (b"", b"\x00", b"\xff" * 99, b"GIF89a" * 9, header({"meters": [[9, 4]]})):
        path.write_bytes(content)
        assert meters_in(path) is None
    written = tiny_model.write(tmp_path / "tiny.onnx").read_bytes()
    path.write_bytes(written[: len(written) // 2])
    assert meters_in(path) is None


def test_it_loads_nothing_that_computes() -> None:
    code = (
        "import sys; from schmubert.engine.networks.model_file import default_model, meters_in;"
        " meters_in(default_model());"
        " sys.exit(bool({'numpy', 'onnxruntime', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
