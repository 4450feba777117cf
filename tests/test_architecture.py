"""The house: which room may import which, and what a player's machine never loads."""

import ast
import importlib
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("engine", "bridge", "training", "export", "cli")
ARROWS: dict[str, set[str]] = {
    "engine.writing": set(),
    "engine.music": {"engine.writing"},
    "engine.recipe": set(),
    "engine.seen": {"engine.music"},
    "engine.denoiser": {"engine.music", "engine.recipe", "engine.seen"},
    "engine.diffusion": {"engine.music", "engine.recipe", "engine.denoiser", "engine.seen"},
    "engine.extras": set(),
    "engine.checksum": set(),
    "engine.networks": {
        "engine.music",
        "engine.denoiser",
        "engine.seen",
        "engine.recipe",
        "engine.extras",
        "engine.checksum",
        "engine.writing",
    },
    "engine.service": {
        "engine.music",
        "engine.denoiser",
        "engine.seen",
        "engine.recipe",
        "engine.diffusion",
        "engine.networks",
    },
    "bridge.protocol": set(),
    "bridge.clock": {"bridge.protocol"},
    "bridge.brain": {"bridge.protocol"},
    "bridge.screen": {"bridge.protocol"},
    "bridge.page": {"bridge.protocol", "bridge.screen"},
    "bridge.osc": {"bridge.protocol", "bridge.screen", "bridge.page"},
    "bridge.owner": {"bridge.protocol", "bridge.clock"},
    "bridge.sound": {"bridge.protocol", "bridge.owner"},
    "bridge.session": {"bridge.protocol", "bridge.clock", "bridge.owner"},
    "bridge.doctor": {
        "bridge.protocol",
        "bridge.clock",
        "bridge.owner",
        "bridge.sound",
        "bridge.page",
    },
    "bridge.options": {"bridge.protocol", "bridge.clock", "bridge.owner", "bridge.session"},
    "bridge.choices": {"bridge.options", "bridge.protocol", "bridge.clock"},
    "training.data": set(),
    "training.metrics": {"training.data"},
    "training.learning": {"training.data", "training.metrics"},
    "training.evaluation": {"training.data", "training.metrics", "training.learning"},
}
"""What each package may import of its own room. What is not named here, the files at the top of a
room, may import all of it."""
DOWNWARDS = {
    "engine": {"engine"},
    "bridge": {"bridge", "engine"},
    "training": {"training", "engine"},
    "export": {"export", "engine"},
    "cli": {"cli", "engine", "bridge", "training", "export"},
}
"""What each room may import."""
MAY_KNOW_THE_SERVICE = {
    "engine.service",
    "engine.__main__",
    "engine.limit_options",
    "bridge",
    "cli",
}

FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
PACKAGES = [path.parent for path in FILES if path.name == "__init__.py"]
NAMES_A_MODULE = re.compile(rf"schmubert\.({'|'.join(ROOMS)})(\.\w+)+(:\w+)?")
HEAVY = {"torch", "onnxruntime", "onnx", "matplotlib", "accelerate", "sklearn"}
MOST_LINES = 400
MOST_ENTRIES = 15
MOST_ARCHITECTURE_LINES = 150


class Import(NamedTuple):
    module: str
    line: int
    lazy: bool
    """Inside a function, or for the type checker only."""


@cache
def imports(source: str) -> tuple[Import, ...]:
    """What `source` imports, modules named in strings (for import_module) included.

    What is started as a process of its own, `-m` before it, is not imported.
    """
    tree = ast.parse(source)
    started = {
        after
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple | ast.List)
        for before, after in pairwise(node.elts)
        if isinstance(before, ast.Constant) and before.value == "-m"
    }
    named = {
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and NAMES_A_MODULE.fullmatch(str(node.value))
    } - started

    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            line = getattr(child, "lineno", 0)
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, line, lazy) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = "." * child.level + (child.module or "")
                yield from (Import(f"{base}.{alias.name}", line, lazy) for alias in child.names)
            elif child in named:
                yield Import(ast.literal_eval(child).split(":")[0], line, True)
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from walk(child, lazy or function or typing)

    return tuple(walk(tree, False))


def name_of(path: Path) -> str:
    """`engine/music/score.py` -> `engine.music.score`; a package is named by its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def module_of(imported: str) -> str | None:
    """The module of ours that `imported` (a module, or a name in one) is or lies in."""
    if not imported.startswith("schmubert."):
        return None
    parts = imported.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts) or None


def place_of(module: str) -> str:
    """The part of the house that has rules of its own and holds `module`, else its room."""
    held = [place for place in ARROWS if f"{module}.".startswith(f"{place}.")]
    return held[0] if held else module.split(".")[0]


def wrong_ways(name: str, source: str) -> list[str]:
    """The imports of `source`, the module `name`, that the house forbids."""
    found = []
    room, place = name.split(".")[0], place_of(name)
    for imported, line, lazy in imports(source):
        target = module_of(imported)
        if imported.startswith("."):
            found.append(f"line {line}: {imported} is relative")
        elif imported.split(".")[0] in ROOMS:
            found.append(f"line {line}: {imported} lacks its `schmubert.`")
        elif target is not None:
            there = place_of(target)
            if target.split(".")[0] not in DOWNWARDS[room]:
                found.append(f"line {line}: {room} must not know {imported}")
            elif there == "engine.service" and not {place, name, room} & MAY_KNOW_THE_SERVICE:
                found.append(f"line {line}: {name} must not know the service, {imported}")
            elif place in ARROWS and there.split(".")[0] == room:
                if there not in ARROWS[place] | {place}:
                    found.append(f"line {line}: {place} must not know {imported}")
            elif room == "cli" and not lazy and target.split(".")[0] not in {"cli", "engine"}:
                found.append(f"line {line}: {imported} is imported before it is needed")
    return found


def test_every_room_has_code_and_every_place_is_there() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(ROOMS)
    assert {
        place for place in ARROWS if not any(place_of(name) == place for name in MODULES)
    } == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    assert wrong_ways(name_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("engine.music.score", "from schmubert.bridge.clock.midi_clock import Clock"),
        ("engine.music.score", "from schmubert.engine.diffusion import samplers"),
        ("engine.diffusion.samplers", "def f():\n    import schmubert.engine.networks.load"),
        ("engine.networks.load", "from schmubert.engine.diffusion.corruption import MASKING"),
        ("engine.service.jobs", "from .score import Score"),
        ("engine.service.jobs", "from engine.music.score import Score"),
        ("bridge.brain.plan", "from schmubert.bridge.owner.report import quantile"),
        ("bridge.brain.plan", "from schmubert.bridge import command"),
        ("bridge.owner.owner", "from schmubert.bridge.brain import capture"),
        ("bridge.screen.view", "from schmubert.bridge.owner import witness"),
        ("bridge.clock.pulse", "from schmubert.bridge.owner.ledger import Ledger"),
        ("bridge.command", "import schmubert.training.learning.train"),
        ("training.data.shards", "from schmubert.training.metrics import bits"),
        ("training.learning.train", "def f():\n    from schmubert.cli.main import main"),
        ("training.learning.train", "from schmubert.engine.service import wire"),
        ("export.onnx_export", "importlib.import_module('schmubert.training.learning.train')"),
        ("cli.demo", "from schmubert.bridge.owner import owner"),
    ],
)
def test_a_wrong_import_is_seen(name: str, line: str) -> None:
    assert len(wrong_ways(name, line)) == 1


def test_cli_names_the_others_when_it_needs_them() -> None:
    lazy = "def f():\n    from schmubert.bridge.owner import owner"
    assert wrong_ways("cli.demo", lazy) == []
    assert (
        wrong_ways("cli.main", "COMMANDS = {'train': 'schmubert.training.learning.train:x'}") == []
    )


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {
        name: {
            target
            for imported, _, _ in imports(path.read_text(encoding="utf-8"))
            if (target := module_of(imported)) is not None and target != name
        }
        for name, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # CycleError names the circle


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_package_shows_its_public_face(folder: Path) -> None:
    name = name_of(folder / "__init__.py")
    if name.split(".")[0] in {"training", "export"}:
        pytest.importorskip("torch", reason="training and export need what [train] installs")
    package = importlib.import_module(f"schmubert.{name}")
    assert package.__doc__
    assert package.__all__, "a package that nobody uses"
    for public in package.__all__:
        assert getattr(package, public) is not None


def test_every_folder_with_code_is_a_package() -> None:
    assert {path.parent for path in FILES} == set(PACKAGES)


def test_tests_mirror_the_folders() -> None:
    """Each folder of tests of a room is one of the room's own."""
    folders = {
        path.parent.relative_to(ROOT / "tests")
        for room in ROOMS
        for path in (ROOT / "tests" / room).rglob("test_*.py")
    }
    assert {folder for folder in folders if not (ROOT / folder).is_dir()} == set()


def named_in_architecture() -> set[str]:
    """The files that the tables of ARCHITECTURE.md name, each with the folder of its row."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w/]+/)` \| (.*) \|$", text, re.MULTILINE)
    return {folder + file for folder, row in rows for file in re.findall(r"`(\w+\.py)`", row)}


def test_architecture_names_every_module_and_no_other() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in FILES if path.name != "__init__.py"}
    assert named_in_architecture() == there


def test_architecture_speaks_of_no_file_that_is_gone() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`(?:\w+/)*(\w+\.py)`", text))
    known = {path.name for path in [*FILES, *ROOT.glob("*.py"), *ROOT.glob("tests/*.py")]}
    known |= {path.name for path in (ROOT / "package").iterdir()}
    assert names - known == set()
    assert len(text.splitlines()) <= MOST_ARCHITECTURE_LINES


def test_no_file_needs_a_table_of_contents() -> None:
    everything = [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in everything
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_the_top_of_the_bridge_is_seen_at_a_glance() -> None:
    entries = {path.name for path in (ROOT / "bridge").iterdir()} - {"__pycache__"}
    assert len(entries) <= MOST_ENTRIES


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


def test_neither_brain_nor_engine_reads_files_of_a_corpus() -> None:
    code = "import schmubert.bridge.brain.process, schmubert.engine.service.server"
    assert "symusic" not in loaded_by(code)


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
