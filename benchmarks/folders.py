"""The folder that a measurement leaves its results in."""

import argparse
from pathlib import Path


def empty_folder(parser: argparse.ArgumentParser, named: Path) -> Path:
    """The folder that is `named`, made where it is not there; `parser` refuses one that is full."""
    out = named.resolve()
    if out.exists() and any(out.iterdir()):
        parser.error(f"{out} is not empty")
    out.mkdir(parents=True, exist_ok=True)
    return out
