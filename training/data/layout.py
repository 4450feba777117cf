"""The files of a dataset's folder, format 2: written one after another, read by memory mapping.

All little-endian, rows of one size. Each is named by its part and its CRC-32, so that those of a
new dataset can lie beside those of an old one: `columns-1a2b3c4d.bin`. Earlier ones are called
`columns.bin`.

- `columns`: the tokens of all columns, uint16, one after another
- `index`: int64 [columns, 4]: where a column begins in it, its length in tokens, its kind
  (the number of its name in KINDS), and where its bar lines begin in `active`
- `active`: uint16, for each column the bars with onsets before each of its bar lines
- `pieces`: a row a piece, see `PIECE`
- `files`, `songs`: the MIDI files and the songs, see `FILE` and `TEXT`
- `names`: paths, titles and names of songs, UTF-8
- `damaged-1a2b3c4d.txt`: files that could not be read, and why
- `dataset.json`: what it was made of, which files it has and their checksums, and one of itself;
  written last: without it there is no dataset
"""

import mmap
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.engine.checksum import UNSEALED, DamagedError, checked, sealed
from schmubert.training.data.shards import KINDS, PrepareSettings

FORMAT = 2
SPLITS = ("train", "validation", "test")
ABOUT, DAMAGED = "dataset.json", "damaged"
AT_ONCE = 1 << 20  # bytes of a file that are read at a time to check it

PIECE = np.dtype(
    [
        *((kind, "<i4") for kind in KINDS),  # numbers of columns, -1 where the piece has none
        ("song", "<i4"),
        ("file", "<i4"),
        ("bars", "<i4"),
        ("tempo_bpm", "<f4"),  # beats of its metre
        ("on_grid", "<f4"),  # share of its trio's onsets within a tenth of a cell of the grid
        ("source", "<i2"),
        ("beats", "u1"),
        ("cells", "u1"),
        ("clocks", "u1"),
        ("split", "u1"),  # the number of its name in SPLITS
    ]
)
TEXT = np.dtype([("start", "<i8"), ("length", "<i4")])  # a place in names.bin, in bytes
FILE = np.dtype([("path", TEXT), ("title", TEXT), ("song", "<i4"), ("source", "<i4")])

PARTS: dict[str, np.dtype[Any]] = {
    "columns": np.dtype("<u2"),
    "index": np.dtype(("<i8", (4,))),
    "active": np.dtype("<u2"),
    "pieces": PIECE,
    "files": FILE,
    "songs": TEXT,
    "names": np.dtype("u1"),
}
"""What lies in each binary file, by its part."""
OURS = re.compile(rf"({'|'.join(PARTS)}|{DAMAGED})(-[0-9a-f]{{8}})?\.(bin|txt)")
"""What files of a dataset are called, beside `dataset.json`."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset was made of and what was left out; `inputs` are hashes of files and rules.

    `sources` are the names of the folders and archives. `songs_of` has the songs of each source in
    the order of their numbers, `bars` those of each metre, `cast` the stretches by what plays in
    them. `rows` are by part, `checksums` by file. `checksum` is that of `dataset.json`, which
    earlier ones do not say.
    """

    format: int
    settings: PrepareSettings
    sources: tuple[str, ...]
    inputs: tuple[str, ...]
    files: int
    files_used: int
    songs: int
    pieces: int
    columns: int
    songs_of: dict[str, int]
    bars: dict[str, int]
    cast: dict[str, int]
    splits: dict[str, int]
    skipped: dict[str, int]
    left_out: dict[str, int]
    licences: dict[str, int]
    rows: dict[str, int]
    checksums: dict[str, int]
    checksum: str = ""

    def file_of(self, part: str) -> str:
        """The name of the file that holds `part`; KeyError where there is none."""
        for name in self.checksums:
            if part == part_of(name):
                return name
        raise KeyError(f"no file of {part}")


@dataclass(frozen=True)
class Files:
    """The binary files of a dataset, each memory-mapped."""

    columns: NDArray[np.uint16]
    index: NDArray[np.int64]
    active: NDArray[np.uint16]
    pieces: NDArray[Any]
    files: NDArray[Any]
    songs: NDArray[Any]
    names: NDArray[np.uint8]


class _Head(msgspec.Struct):
    """What every format of `dataset.json` says."""

    format: int


def read_about(folder: Path) -> About:
    """What `dataset.json` in `folder` says; ValueError with what to do for none."""
    again = f"run `schmubert prepare SOURCE --out {folder} --force`"
    try:
        said = (folder / ABOUT).read_bytes()
        found = msgspec.json.decode(said, type=_Head).format
        if found != FORMAT:
            raise ValueError(
                f"the dataset in {folder} has format {found}, this schmubert reads {FORMAT}:"
                f" {again}"
            )
        checked(said)
        return msgspec.json.decode(said, type=About)
    except FileNotFoundError as error:
        raise ValueError(
            f"{folder} holds no finished dataset: run `schmubert prepare SOURCE --out {folder}`"
        ) from error
    except (OSError, DamagedError, msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(
            f"the dataset in {folder} cannot be used ({ABOUT}: {error}): {again}"
        ) from error


def written_about(about: About) -> bytes:
    """`about` as it stands in `dataset.json`, its checksum filled in."""
    unsealed = msgspec.structs.replace(about, checksum=UNSEALED)
    return sealed(msgspec.json.format(msgspec.json.encode(unsealed)) + b"\n")


def opened(folder: Path) -> tuple[About, Files]:
    """The dataset in `folder`, every file of it checked; ValueError with what to do for none."""
    about = read_about(folder)
    try:
        for name, checksum in about.checksums.items():
            if checksum_of(folder / name) != checksum:
                raise ValueError(f"{name} is damaged")
        mapped = {part: _mapped(folder / about.file_of(part), PARTS[part]) for part in PARTS}
        for part, rows in about.rows.items():
            if len(mapped[part]) != rows:
                raise ValueError("its files do not belong together")
    except (OSError, ValueError, KeyError) as error:
        reason: Exception = error
        if isinstance(error, FileNotFoundError):
            reason = ValueError(f"{Path(error.filename).name} is missing")
        raise ValueError(
            f"the dataset in {folder} cannot be used ({reason}):"
            f" run `schmubert prepare SOURCE --out {folder} --force`"
        ) from error
    return about, Files(**mapped)


def part_of(name: str) -> str | None:
    """The part of a dataset that a file called `name` holds, None where it holds none."""
    found = OURS.fullmatch(name)
    return found[1] if found else None


def checksum_of(path: Path) -> int:
    """The CRC-32 of a file."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(AT_ONCE):
            checksum = zlib.crc32(block, checksum)
    return checksum


def let_go(mapped: NDArray[Any]) -> None:
    """Give the pages of a file that is `mapped` back to the system, where that can be told so."""
    pages = getattr(mapped, "_mmap", None)
    if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)


def _mapped(path: Path, kind: np.dtype[Any]) -> NDArray[Any]:
    row, shape = (kind, ()) if kind.subdtype is None else kind.subdtype
    if not path.stat().st_size:
        return np.zeros((0, *shape), row)
    return np.memmap(path, row, "r").reshape(-1, *shape)
