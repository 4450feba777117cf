"""What can be told of a picture without looking at it."""

from pathlib import Path

from matplotlib.image import imread


def shown(path: Path, colour: str) -> int:
    """How many pixels of `path` are of `colour`, above the legend."""
    picture = (imread(path)[:-40, :, :3] * 255).round().astype(int)
    wanted = [int(colour[index : index + 2], 16) for index in (1, 3, 5)]
    return int((abs(picture - wanted).max(axis=-1) <= 2).sum())
