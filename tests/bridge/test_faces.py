"""The public faces of what the port owner, its screen and its sessions are made of."""

import subprocess
import sys
from importlib import import_module

import pytest

PACKAGES = ("protocol", "clock", "owner", "session", "screen", "page", "osc", "doctor")
OWNERS = ("protocol", "clock", "owner", "screen", "page", "osc")
"""What the process that owns the ports loads."""


def loaded_by(code: str) -> set[str]:
    report = "\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_of_a_face_is_there(name: str) -> None:
    package = import_module(f"schmubert.bridge.{name}")
    assert package.__all__
    for each in package.__all__:
        assert not isinstance(getattr(package, each), type(sys)), f"{each} is a module"


def test_faces_load_nothing_before_it_is_asked_for() -> None:
    loaded = loaded_by("\n".join(f"import schmubert.bridge.{name}" for name in PACKAGES))
    assert loaded & {"numpy", "rtmidi", "mido", "rich", "msgspec"} == set()


def test_all_that_the_owner_may_use_is_light() -> None:
    code = "\n".join(f"from schmubert.bridge.{name} import *" for name in OWNERS)
    assert loaded_by(code) & {"numpy", "torch", "onnxruntime", "rich", "mido"} == set()
    assert loaded_by(code) & {"starlette", "uvicorn", "websockets", "asyncio"} == set()


def test_nothing_of_page_and_osc_is_loaded_where_they_are_not_used() -> None:
    loaded = loaded_by("import schmubert.bridge.command, schmubert.bridge.owner.loop")
    served = ("schmubert.bridge.page", "schmubert.bridge.osc", "pythonosc")
    assert [name for name in loaded if name.startswith(served)] == []


def test_the_owner_of_osc_loads_nothing_of_it() -> None:
    assert "pythonosc" not in loaded_by("import schmubert.bridge.osc.process")
