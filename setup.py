"""Maps the folders at the top level onto the package `schmubert` (see ARCHITECTURE.md)."""

from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
ROOMS = ("bridge", "engine", "training", "export", "cli")

FOLDERS = sorted(
    path.parent.relative_to(HERE).as_posix()
    for room in ROOMS
    for path in (HERE / room).rglob("__init__.py")
)
"""Every folder with an `__init__.py`, sub-packages included."""

setup(
    packages=[f"schmubert.{folder.replace('/', '.')}" for folder in FOLDERS],
    package_dir={f"schmubert.{folder.replace('/', '.')}": folder for folder in FOLDERS},
    package_data={"schmubert.engine": ["py.typed", "*.onnx", "MODEL_CARD.md"]}
    | {f"schmubert.{room}": ["py.typed", "*.mid"] for room in ROOMS if room != "engine"},
)
