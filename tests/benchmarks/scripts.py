"""The scripts of `benchmarks/` as modules, and how they are run."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from click.testing import CliRunner

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def benchmark(name: str) -> ModuleType:
    """The script `name`; what it shares with others lies beside it, as when it is run."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(FOLDER))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def run(name: str, *words: object) -> str:
    """What the script `name` prints."""
    done = CliRunner().invoke(benchmark(name).main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output
