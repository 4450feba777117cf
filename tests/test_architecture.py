"""The house: which room may import which, and what a player's machine never loads."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "engine": {"engine"},
    "bridge": {"bridge", "engine"},
    "training": {"training", "engine"},
    "export": {"export", "engine"},
    "cli": {"cli", "engine", "bridge", "training", "export"},
}
FILES = [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]
NAMES_A_MODULE = re.compile(rf"schmubert\.({'|'.join(MAY_IMPORT)})(\.\w+)*(:\w+)?")
HEAVY = {"torch", "onnxruntime", "onnx", "matplotlib", "accelerate"}


class Import(NamedTuple):
    module: str
    line: int
    lazy: bool
    """Inside a function, or for the type checker only."""


def imports(source: str) -> Iterator[Import]:
    """What `source` imports, modules named in strings (for import_module, or `-m`) included."""

    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            line = getattr(child, "lineno", 0)
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, line, lazy) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = "." * child.level + (child.module or "")
                if base == "schmubert":
                    yield from (Import(f"{base}.{a.name}", line, lazy) for a in child.names)
                else:
                    yield Import(base, line, lazy)
            elif isinstance(child, ast.Constant) and NAMES_A_MODULE.fullmatch(str(child.value)):
                yield Import(str(child.value).split(":")[0], line, True)
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from walk(child, lazy or function or typing)

    yield from walk(ast.parse(source), False)


def room_of(module: str) -> str | None:
    match = re.match(r"schmubert\.(\w+)", module)
    return match[1] if match else None


def wrong_ways(room: str, source: str) -> list[str]:
    """The imports of `source`, a file of `room`, that the house forbids."""
    found = []
    for module, line, lazy in imports(source):
        target = room_of(module)
        if module.startswith("."):
            found.append(f"line {line}: {module} is relative")
        elif module.split(".")[0] in MAY_IMPORT:
            found.append(f"line {line}: {module} lacks its `schmubert.`")
        elif target is not None and target not in MAY_IMPORT[room]:
            found.append(f"line {line}: {room} must not know {module}")
        elif room == "cli" and target in {"bridge", "training", "export"} and not lazy:
            found.append(f"line {line}: {module} is imported before it is needed")
    return found


def test_every_room_has_code() -> None:
    rooms = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    assert wrong_ways(room, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("engine", "from schmubert.bridge.clock.midi_clock import Clock"),
        ("bridge", "import schmubert.training.learning.train"),
        ("bridge", "from schmubert import export"),
        ("training", "def f():\n    from schmubert.cli.main import main"),
        ("export", "importlib.import_module('schmubert.training.learning.train')"),
        ("cli", "from schmubert.bridge.owner.loop import run"),
        ("engine", "from .score import Score"),
        ("engine", "from engine.score import Score"),
    ],
)
def test_a_wrong_import_is_seen(room: str, line: str) -> None:
    assert len(wrong_ways(room, line)) == 1


def test_cli_names_the_others_when_it_needs_them() -> None:
    lazy = "def f():\n    from schmubert.bridge.owner.loop import run"
    assert wrong_ways("cli", lazy) == []
    assert wrong_ways("cli", "COMMANDS = {'train': 'schmubert.training.learning.train:main'}") == []


def test_no_folder_shadows_the_package() -> None:
    assert not (ROOT / "schmubert").exists()


def test_nothing_is_installed_under_a_bare_name() -> None:
    ours = [name for name, by in packages_distributions().items() if "schmubert" in by]
    assert set(ours) <= {"schmubert"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh Python has after `code`."""
    report = "\nimport sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code + report],
        cwd=os.sep,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def loaded_by_script(*command: str) -> set[str]:
    """The top-level modules that a console script of this environment imports."""
    script = Path(sysconfig.get_path("scripts"), command[0])
    done = subprocess.run(
        [str(script), *command[1:]],
        cwd=os.sep,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Usage:" in done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.split("|")[-1].strip().split(".")[0] for line in lines}


def test_importing_is_seen() -> None:
    assert {"schmubert", "numpy"} <= loaded_by("import schmubert.engine.music.score")


def test_help_of_the_bridge_is_light() -> None:
    loaded = loaded_by_script("schmubert-bridge", "--help")
    assert "click" in loaded
    assert loaded & (HEAVY | {"numpy", "zmq", "symusic"}) == set()


@pytest.mark.parametrize("module", ["schmubert.bridge.command", "schmubert.bridge.owner.loop"])
def test_the_owner_of_the_ports_is_light(module: str) -> None:
    assert loaded_by(f"import {module}") & (HEAVY | {"numpy", "symusic"}) == set()


def test_help_of_schmubert_is_light() -> None:
    assert loaded_by_script("schmubert", "--help") & (HEAVY | {"symusic"}) == set()


def test_only_files_that_need_it_import_torch() -> None:
    importers = {
        path.relative_to(ROOT).parts[0]
        for path in FILES
        for module, _, _ in imports(path.read_text(encoding="utf-8"))
        if module.split(".")[0] in {"torch", "accelerate"}
    }
    assert importers <= {"engine", "training", "export"}
