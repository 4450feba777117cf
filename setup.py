"""Maps the folders at the top level onto the package `schmubert` (see ARCHITECTURE.md)."""

from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
ROOMS = ("bridge", "engine", "training", "export", "cli")
ITSELF = "package"
"""The folder of `schmubert` itself. One named `schmubert` would shadow what is installed."""
DATA = ("py.typed", "*.pyi", "*.md", "*.mid", "*.onnx", "*.json", "static/*")
"""What a package holds besides modules: types, models with cards, tunes, weights, the page."""

FOLDERS = sorted(
    path.parent.relative_to(HERE).as_posix()
    for room in ROOMS
    for path in (HERE / room).rglob("__init__.py")
)
"""Every folder with an `__init__.py`, sub-packages included."""

PACKAGES = {"schmubert": ITSELF} | {
    f"schmubert.{folder.replace('/', '.')}": folder for folder in FOLDERS
}

setup(
    packages=list(PACKAGES),
    package_dir=PACKAGES,
    package_data={"": list(DATA)},
)
