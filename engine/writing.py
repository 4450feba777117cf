"""Files that are written whole or not at all, whatever ends the process or the disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"


class NotWrittenError(OSError):
    """A file cannot be written: a line that names it and says why."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to: once the block has ended well, it takes its place.

    Until then what was at `path` stays whole. NotWrittenError where it cannot be written, a full
    disk included; nothing is left beside it then.
    """
    beside = path.with_name(path.name + PART)
    try:
        with naming(path):
            yield beside
            sync(beside)
            beside.replace(path)
            sync_folder(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole, or leave what is there; NotWrittenError as in `replacing`."""
    with replacing(path) as beside:
        beside.write_bytes(data)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """OSErrors inside say that `path` cannot be written, and why, as NotWrittenError."""
    try:
        yield
    except NotWrittenError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotWrittenError(f"{path} cannot be written: {reason}") from error


def sync(path: Path) -> None:
    """Have the system put a file on the disk itself."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """The same for the names in `folder`, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
