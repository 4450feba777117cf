"""Measurements are run by hand: what they take from the packages and from each other is there."""

import ast
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="measurements train, too")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def taken(path: Path) -> Iterator[tuple[str, str]]:
    """The names that `path` imports of ours: (module, name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, one.name) for one in node.names)


def defined(path: Path) -> set[str]:
    """The names that stand at the top of `path`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        names |= {
            one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)
        }
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {one.asname or one.name for one in node.names}
    return names


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.stem)
def test_all_that_is_imported_is_there(path: Path) -> None:
    for module, name in taken(path):
        room, _, file = module.partition(".")
        beside = BENCHMARKS / f"{file if room == 'benchmarks' else module}.py"
        if room == "schmubert":
            there = hasattr(importlib.import_module(module), name)
            assert there or find_spec(f"{module}.{name}") is not None, (module, name)
        elif beside.exists():
            assert name in defined(beside), (module, name)
        else:
            assert room != "benchmarks", module
