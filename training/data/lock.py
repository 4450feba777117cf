"""One process at a time writes into a folder: a lock that the system lets go when its owner ends.

What locks is a file open beside the dataset, not that it is there: what a killed process leaves is
in nobody's way.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK = "prepare.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder`, which exists, alone; ValueError with what to do where another process does."""
    path = folder / LOCK
    with path.open("a+b") as file:
        if not _taken(file):
            raise ValueError(
                f"another `schmubert prepare` is writing into {folder}:"
                " wait until it has ended, or name another folder"
            )
        try:
            yield
        finally:
            if sys.platform != "win32":  # there, an open file cannot be removed
                path.unlink(missing_ok=True)


if sys.platform == "win32":
    import msvcrt

    def _taken(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl
    import os

    def _taken(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        # the one before may have removed the file between our opening and locking it
        try:
            return os.path.samestat(os.fstat(file.fileno()), Path(file.name).stat())
        except FileNotFoundError:
            return False
