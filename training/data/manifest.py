"""What a corpus says about its files: a `manifest.csv` beside them."""

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Entry(NamedTuple):
    """A file's row: `song_group` is shared by all files of one song; empty where not said."""

    song_group: str
    title: str
    licence: str


NOTHING = Entry("", "", "")


@dataclass(frozen=True)
class Manifest:
    """The rows of a manifest by path, and the hash of the whole."""

    rows: Mapping[str, Entry] = field(default_factory=dict)
    digest: str = ""


def read_manifest(path: str, content: bytes) -> Manifest:
    """The manifest at `path`, its paths made relative to the source; ValueError if it is none.

    Columns used: path (required), song_group, title, licence.
    """
    folder = path.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    try:
        table = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        if "path" not in (table.fieldnames or ()):
            raise ValueError("it has no column named path")
        rows = {
            prefix + row["path"]: Entry(
                row.get("song_group") or "", row.get("title") or "", row.get("licence") or ""
            )
            for row in table
        }
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path} is no manifest: {error}") from error
    return Manifest(rows, hashlib.blake2b(content, digest_size=16).hexdigest())
