"""A wheel that is built from a fresh clone holds every module, model and tune."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"package": "schmubert"} | {
    room: f"schmubert/{room}" for room in ("bridge", "engine", "training", "export", "cli")
}
"""Where the files of a folder of the clone lie in the wheel."""


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that a fresh clone has, relative to its root."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone: what belongs to it is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(name) for name in listed.stdout.split("\0") if name]
    return [file for file in files if (ROOT / file).is_file()]


@pytest.fixture(scope="module")
def wheel(tracked: list[Path], tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel that is built from nothing but the tracked files."""
    clone, built = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    for file in tracked:
        if file.parts[0] in FOLDERS or len(file.parts) == 1:
            (clone / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, clone / file)
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(built)!r})"
    done = subprocess.run(
        [sys.executable, "-c", build],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    [made] = built.glob("*.whl")
    return ZipFile(made)


def test_the_wheel_holds_the_files_of_the_rooms_and_no_others(
    wheel: ZipFile, tracked: list[Path]
) -> None:
    expected = {
        f"{FOLDERS[file.parts[0]]}/{file.relative_to(file.parts[0]).as_posix()}"
        for file in tracked
        if file.parts[0] in FOLDERS
    }
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected


def test_every_module_lies_in_a_package(tracked: list[Path]) -> None:
    modules = {file.parent for file in tracked if file.suffix == ".py" and file.parts[0] in FOLDERS}
    assert [folder for folder in sorted(modules) if folder / "__init__.py" not in tracked] == []


def test_what_is_installed_says_its_version(wheel: ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    asked = (
        "import sys, schmubert; assert 'importlib.metadata' not in sys.modules;"
        "print(schmubert.__version__)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", asked],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    [described] = tmp_path.glob("*.dist-info")
    assert f"-{done.stdout.strip()}." in described.name
