"""Maps the folders at the top level onto the package `schmubert` (see ARCHITECTURE.md)."""

from setuptools import setup

ROOMS = ("bridge", "engine", "training", "export", "cli")

setup(
    packages=[f"schmubert.{room}" for room in ROOMS],
    package_dir={f"schmubert.{room}": room for room in ROOMS},
    package_data={"schmubert.engine": ["py.typed", "*.onnx", "MODEL_CARD.md"]}
    | {f"schmubert.{room}": ["py.typed", "*.mid"] for room in ROOMS if room != "engine"},
)
