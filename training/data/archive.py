"""Where MIDI files come from: a folder, or an archive read as a stream without unpacking it."""

import io
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from schmubert.engine.music.texts import MIDI_SUFFIXES
from schmubert.training.data.on_disk import in_order

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tar")
MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Item:
    """A file of a source: its `path` inside (with slashes), and its content or where that lies.

    `read_bytes` says how much of the source had been read when it turned up.
    """

    path: str
    content: bytes | Path
    read_bytes: int

    def load(self) -> bytes:
        """The content of the file."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    def open(self) -> IO[bytes]:
        """The file, to be read as far as is wanted."""
        content = self.content
        return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def check_source(source: Path) -> None:
    """ValueError where `source` is neither a folder nor an archive that can be read."""
    if not source.exists():
        raise ValueError(f"{source} does not exist")
    if not source.is_dir() and not source.name.lower().endswith(ARCHIVE_SUFFIXES):
        kinds = ", ".join(ARCHIVE_SUFFIXES)
        raise ValueError(f"{source} is neither a folder nor an archive ({kinds})")


def name_of(source: Path) -> str:
    """The name of `source` without what says that it is an archive."""
    name = source.resolve().name
    return next((name[: -len(s)] for s in ARCHIVE_SUFFIXES if name.lower().endswith(s)), name)


def size_of(source: Path) -> int:
    """The bytes that `items` will have read of `source` at its end."""
    if not source.is_dir():
        return source.stat().st_size
    return sum((source / path).stat().st_size for path in _paths(source))


def items(source: Path) -> Iterator[Item]:
    """The MIDI files and manifests in `source`: a folder's in order of path, an archive's as found.

    Raises ValueError where an archive is damaged.
    """
    yield from _of_folder(source) if source.is_dir() else _of_archive(source)


def is_manifest(path: str) -> bool:
    """Whether `path` is a table of songs, at the top or in the top folder."""
    parts = path.split("/")
    return parts[-1] == MANIFEST and len(parts) <= 2


def _is_read(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    # macOS adds a "._" file beside each that it packs, with the same suffix and no music
    is_midi = name.lower().endswith(MIDI_SUFFIXES) and not name.startswith("._")
    return is_midi or is_manifest(path)


def _paths(folder: Path, inside: str = "") -> Iterator[str]:
    """The paths in `folder` of the files that are read and lie below the folder `inside`."""
    try:
        entries = os.scandir(folder / inside)
    except OSError:
        return
    with entries:
        for entry in entries:
            path = inside + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _paths(folder, f"{path}/")
            elif _is_read(path) and (folder / path).is_file():
                yield path


def _of_folder(folder: Path) -> Iterator[Item]:
    read = 0
    for inside in in_order(_paths(folder)):
        path = folder / inside
        read += path.stat().st_size
        yield Item(inside, path, read)


def _of_archive(archive: Path) -> Iterator[Item]:
    """The files of `archive`; a manifest, which may be large, lies on disk until the next one."""
    found = 0
    with archive.open("rb") as file, TemporaryDirectory() as folder:
        manifest = Path(folder, MANIFEST)
        try:
            with tarfile.open(fileobj=file, mode="r|*") as tar:
                for member in tar:
                    path = member.name.removeprefix("./")
                    if not member.isfile() or not _is_read(path):
                        continue
                    content: IO[bytes] | None = tar.extractfile(member)
                    if content is None:
                        continue
                    found += 1
                    if is_manifest(path):
                        with manifest.open("wb") as copy:
                            shutil.copyfileobj(content, copy)
                        yield Item(path, manifest, file.tell())
                    else:
                        yield Item(path, content.read(), file.tell())
        except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, OSError) as error:
            raise ValueError(
                f"{archive} is damaged after {found} files ({error}): get it again"
            ) from error
