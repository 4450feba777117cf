"""What the packages of training show: every name is there, and none is loaded unasked."""

import importlib
import subprocess
import sys

import pytest

PARTS = ("", ".data", ".learning", ".metrics", ".evaluation")
FACES = [f"schmubert.training{part}" for part in PARTS]


@pytest.mark.parametrize("face", FACES)
def test_every_name_is_there(face: str) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    package = importlib.import_module(face)
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError):
        package.no_such_name  # noqa: B018


@pytest.mark.parametrize("face", FACES)
def test_a_face_alone_loads_nothing_heavy(face: str) -> None:
    told = f"import sys, {face}; print(*{{'numpy', 'torch', 'msgspec'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_name_is_what_its_module_defines() -> None:
    from schmubert.training.data import Dataset
    from schmubert.training.data.dataset import Dataset as Defined

    assert Dataset is Defined
