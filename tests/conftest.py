"""What tests of several rooms share."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests import tiny_model

# how long an example takes says more of a shared machine than of the code
settings.register_profile("shared", deadline=None)
# --hypothesis-profile=brief: what is the same on every Python is looked at closely on one
settings.register_profile("brief", deadline=None, max_examples=20)
settings.load_profile("shared")


@pytest.fixture(scope="session")
def tiny_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX model that plays the bar of `tests/tiny_model.py` over and over."""
    return tiny_model.write(tmp_path_factory.mktemp("model") / "tiny.onnx")
