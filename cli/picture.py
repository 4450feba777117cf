"""A picture as a file, whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

from schmubert.engine.writing import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(picture: "Figure", path: Path) -> None:
    """Write `picture` to `path`, whose suffix says the format; NotWrittenError as in `replacing`.

    ValueError where there is no such format.
    """
    with replacing(path) as beside:
        picture.savefig(beside, dpi=110, format=path.suffix[1:] or None)
