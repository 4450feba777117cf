"""What tests of several rooms share."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import tiny_model

# how long an example takes says more of a shared machine than of the code
# Every run draws other examples: many short runs find what one long run does.
settings.register_profile("shared", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=1000)
# --hypothesis-profile=brief: what is the same on every Python is looked at closely on one
settings.register_profile("brief", deadline=None, max_examples=20)
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def no_priority(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only live tests are in a hurry: others must not take the processor from those beside them."""

    def refuse(*_: object) -> None:
        raise PermissionError

    if request.node.get_closest_marker("live") is None:
        monkeypatch.setattr(os, "sched_setscheduler", refuse, raising=False)


@pytest.fixture(scope="session")
def tiny_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX model that plays the bar of `tests/tiny_model.py` over and over."""
    return tiny_model.write(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture(scope="session")
def traced_band(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Traces the tiny band of `test_band.py` once: it is the same one, whatever it becomes."""
    pytest.importorskip("torch", reason="export needs torch")
    from schmubert.export import onnx_export

    once, trace = tmp_path_factory.mktemp("traced") / "band.onnx", onnx_export._trace

    def copied(model: Any, config: Any, path: Path) -> None:
        if not once.exists():
            trace(model, config, once)
        shutil.copy(once, path)

    return copied
