"""What a corpus says about its files: a `manifest.csv` beside them."""

import csv
import hashlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from schmubert.training.data.on_disk import Table


class Entry(NamedTuple):
    """A file's row: `song_group` is shared by all files of one song; empty where not said."""

    song_group: str
    title: str
    licence: str


NOTHING = Entry("", "", "")


class Manifest:
    """The rows of a manifest by path, on disk, and the hash of the whole."""

    def __init__(self) -> None:
        self.digest = ""
        self._table = Table("path", *Entry._fields)
        self._insert = f"INSERT OR REPLACE INTO rows VALUES (?{', ?' * len(Entry._fields)})"
        self._select = f"SELECT {', '.join(Entry._fields)} FROM rows WHERE path = ?"

    def __setitem__(self, path: str, entry: Entry) -> None:
        self._table.execute(self._insert, (_key(path), *entry))

    def __getitem__(self, path: str) -> Entry:
        """What is said of the file at `path`, NOTHING where it has no row."""
        found = self._table.execute(self._select, (_key(path),)).fetchone()
        return NOTHING if found is None else Entry(*found)

    def __bool__(self) -> bool:
        """Whether it has a row."""
        return self._table.execute("SELECT 1 FROM rows LIMIT 1").fetchone() is not None

    def paths(self) -> Iterator[str]:
        """The paths of all rows."""
        for (key,) in self._table.execute("SELECT path FROM rows"):
            yield key.decode()

    def close(self) -> None:
        """Let the temporary file go."""
        self._table.close()


def _key(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def read_manifest(path: str, file: IO[bytes]) -> Manifest:
    """The manifest in `file`, found at `path`, to which its paths are relative.

    Columns used: path (required), song_group, title, licence. ValueError if it is none.
    """
    folder = path.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    digest = hashlib.blake2b(digest_size=16)

    def lines() -> Iterator[str]:
        for number, line in enumerate(file):
            digest.update(line)
            yield line.decode("utf-8" if number else "utf-8-sig")

    manifest = Manifest()
    try:
        table = csv.DictReader(lines())
        if "path" not in (table.fieldnames or ()):
            raise ValueError("it has no column named path")
        for row in table:
            if row["path"]:
                entry = Entry(*(row.get(column) or "" for column in Entry._fields))
                manifest[prefix + row["path"]] = entry
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path} is no manifest: {error}") from error
    manifest.digest = digest.hexdigest()
    return manifest
