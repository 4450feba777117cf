"""What the engine's packages list for others is there, and costs nothing until it is asked for."""

import importlib
import importlib.util
import os
import subprocess
import sys

import pytest

PACKAGES = ["schmubert.engine.music", "schmubert.engine.diffusion"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_that_is_listed_is_there(package: str) -> None:
    face = importlib.import_module(package)
    assert face.__all__
    for name in face.__all__:
        assert getattr(face, name) is not None
        assert importlib.util.find_spec(f"{package}.{name}") is None, "no module of that name"


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_face_loads_no_numpy(package: str) -> None:
    code = f"import sys, {package}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=os.sep, check=False).returncode == 0
