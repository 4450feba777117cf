"""Files that are written whole or not at all, whatever ends the process or the disk."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PART = ".part"


class NotWrittenError(OSError):
    """A file cannot be written: a line that names it and says why."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to: once the block has ended well, it takes its place.

    Until then what was at `path` stays whole, and others that would write to it wait.
    NotWrittenError where it cannot be written, a full disk included; nothing is left beside it
    then. A device or a pipe is no file, and stays.
    """
    with naming(path):
        refuse_device(path)
        beside = _beside(path)
        with _alone(beside):
            try:
                yield beside
                sync(beside)
                beside.replace(path)
                sync_folder(path.parent)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise


def refuse_device(path: Path) -> None:
    """NotWrittenError where what is at `path`, wherever links lead, is no file and no folder."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise NotWrittenError(f"{path} is a device or a pipe, not a file: name another place")


def resolved(path: Path) -> Path:
    """Where `path` leads. A link to itself leads nowhere and stays: whoever opens it says so."""
    return Path(os.path.realpath(path))


def _beside(path: Path) -> Path:
    """A hidden place in the folder of `path`, under a name that nobody else's file has.

    It is the same each time, so that the next one to write replaces what a killed process left.
    """
    name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".schmubert-{name}{PART}")


if sys.platform == "win32":

    @contextmanager
    def _alone(_path: Path) -> Iterator[None]:
        """Nothing: Windows gives no file another name that is open, so none can be held."""
        yield

else:
    import fcntl

    @contextmanager
    def _alone(path: Path) -> Iterator[None]:
        """Have `path` as an empty file that is ours alone; wait while another writes to it.

        What a killed process left is nobody's: the system lets a lock go when its owner ends.
        """
        while True:
            with path.open("ab") as file:
                with suppress(OSError):  # not all file systems know locks
                    fcntl.flock(file, fcntl.LOCK_EX)
                if not _is_at(file, path):  # the one before us has renamed or removed it
                    continue
                file.truncate(0)
                yield
                return

    def _is_at(file: IO[bytes], path: Path) -> bool:
        """Whether what is open as `file` is what is at `path`."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), path.stat())
        except FileNotFoundError:
            return False


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
        reason = obstacle(path, error)
        if reason is None:
            reason = f"{path} cannot be written: {error.strerror or error}"
        raise NotWrittenError(reason) from error


def in_the_way(path: Path) -> Path | None:
    """The file that is where a folder would have to be for `path` to lie in; None for none."""
    folders = (folder for folder in path.parents if os.path.lexists(folder))
    nearest = next(folders, None)
    return nearest if nearest is not None and not nearest.is_dir() else None


def obstacle(path: Path, error: OSError) -> str | None:
    """What is in the way of `path` where the system says `error`, and what to do, in a line.

    None where that is no matter of files and folders.
    """
    if (file := in_the_way(path)) is not None:
        return f"{file} is a file, not a folder: name another place"
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{path} is a file: name a folder"
    windows = os.name == "nt" and isinstance(error, PermissionError) and path.is_dir()
    if isinstance(error, IsADirectoryError) or windows:
        return f"{path} is a folder: name a file"
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return f"{path}: there is no folder {path.parent}, name one that is there"
    return None


def told(error: Exception) -> str:
    """What `error` says in a line, without the number by which the system knows it."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if not isinstance(error.filename, str | os.PathLike) or not os.fspath(error.filename):
        return error.strerror
    path = Path(error.filename)
    return obstacle(path, error) or f"{path}: {error.strerror}"


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
