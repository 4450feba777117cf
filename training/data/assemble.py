"""The second half of `prepare`: shards -> the files of a dataset, in the order of the sources."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.vocabulary import TRIO, Track, first_onset
from schmubert.training.data.archive import name_of
from schmubert.training.data.layout import (
    ABOUT,
    DAMAGED,
    FILE,
    FORMAT,
    PARTS,
    PIECE,
    SPLITS,
    TEXT,
    About,
    checksum_of,
)
from schmubert.training.data.manifest import Manifest
from schmubert.training.data.numbers import Numbers
from schmubert.training.data.shards import CHORDS, Column, Found, PrepareSettings, read_shard

UNFINISHED = ".unfinished"
DIGEST_BYTES = 16


def held_out(song: str, share: float) -> bool:
    """Whether `song` is kept for validation: by its name alone, whatever else there is."""
    return _place_of(song) < share * 2**64


def split_of(song: str, settings: PrepareSettings) -> int:
    """The number in SPLITS of the split of `song`: by its name alone, whatever else there is.

    Validation takes the songs from one end, test from the other: a share of one that is changed
    leaves the other as it is.
    """
    if held_out(song, settings.validation):
        return SPLITS.index("validation")
    if _place_of(song) >= (1.0 - settings.test) * 2**64:
        return SPLITS.index("test")
    return SPLITS.index("train")


def _place_of(song: str) -> int:
    digest = hashlib.blake2b(song.encode(), digest_size=8, person=b"validation").digest()
    return int.from_bytes(digest, "big")


class Assembly:
    """Columns, pieces and songs, written as they come; equal columns are stored once.

    `files` are open for writing, by the names of PARTS.
    """

    def __init__(self, settings: PrepareSettings, files: Mapping[str, BinaryIO]) -> None:
        self.settings = settings
        self.files = files
        self.rows: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
        self.read = 0
        self.columns, self.known, self.songs, self.pairs = (Numbers() for _ in range(4))
        self.sources: dict[str, int] = {}
        self.songs_of: Counter[int] = Counter()
        self.damaged: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        self.bars: Counter[str] = Counter()
        self.cast: Counter[str] = Counter()
        self.splits: Counter[str] = Counter(dict.fromkeys(SPLITS, 0))

    def add(self, found: Found, manifest: Manifest, archive: str) -> None:
        """Add what a file of `archive` gave; its song is the manifest's group, else its tune."""
        self.read += 1
        if found.reason:
            self.skipped[found.reason] += 1
            if found.reason == "damaged":
                self.damaged.append(f"{found.path}\t{found.detail}\n")
            return
        entry = manifest[found.path]
        numbers = [self._column(column) for column in found.columns]
        new = np.zeros(len(found.pieces), PIECE)
        count = 0
        for piece in found.pieces:
            columns = tuple(-1 if k < 0 else numbers[k] for k in piece.columns)
            key = np.array(columns, "<i4").tobytes()
            if not self.known.of(key)[1]:
                self.left_out["pieces that were there already"] += 1
                continue
            heard = [found.columns[piece.columns[track]] for track in TRIO if columns[track] >= 0]
            on_grid = sum(c.on_grid for c in heard) / max(1, sum(c.onsets for c in heard))
            row = (*columns, 0, 0, piece.bars, piece.tempo_bpm, on_grid, 0, *piece.meter, 0)
            new[count] = row
            count += 1
        if not count:
            self.skipped["copy of another file"] += 1
            return
        for counter, counted in (
            (self.left_out, found.left_out),
            (self.bars, found.bars),
            (self.cast, found.cast),
        ):
            counter.update(counted)
        name = entry.song_group or found.tune
        folder = self.settings.folder(found.path)
        split = split_of(folder or name, self.settings)
        song = self._song(f"{folder}/{name}" if folder else name, split)
        source = self.sources.setdefault(
            _source_of(found.path, manifest, archive), len(self.sources)
        )
        self.songs_of[source] += self.pairs.of(np.array([source, song], "<i4").tobytes())[1]
        new["song"], new["file"], new["source"] = song, self.rows["files"], source
        new["split"] = split
        self._write("pieces", new[:count])
        title = entry.title or found.path.rsplit("/", 1)[-1].rpartition(".")[0]
        file = (self._text(found.path), self._text(title), song, source)
        self._write("files", np.array([file], FILE))
        if entry.licence:
            self.licences[entry.licence] += 1

    def _song(self, name: str, split: int) -> int:
        song, new = self.songs.of(name.encode("utf-8", "surrogateescape"))
        if new:
            self._write("songs", np.array([self._text(name)], TEXT))
            self.splits[SPLITS[split]] += 1
        return song

    def _text(self, text: str) -> tuple[int, int]:
        start = self.rows["names"]
        data = np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8)
        self._write("names", data)
        return start, len(data)

    def _column(self, column: Column) -> int:
        salt = bytes([column.kind, column.per_bar])
        digest = hashlib.blake2b(column.tokens, digest_size=DIGEST_BYTES, salt=salt).digest()
        number, new = self.columns.of(digest)
        if new:
            tokens = np.frombuffer(column.tokens, "<u2")
            row = (self.rows["columns"], len(tokens), column.kind, self.rows["active"])
            self._write("index", np.array([row], "<i8"))
            self._write("columns", tokens)
            if column.kind != CHORDS:
                onset = first_onset(Track.DRUMS if column.kind == Track.DRUMS else Track.MELODY)
                bars = (tokens.reshape(-1, column.per_bar) >= onset).any(axis=1)
                self._write("active", np.concatenate([[0], np.cumsum(bars)]).astype("<u2"))
        return number

    def _write(self, name: str, rows: NDArray[Any]) -> None:
        self.files[name].write(rows.tobytes())
        self.rows[name] += len(rows)

    def close(self) -> None:
        """Let go of what was needed to gather it."""
        for numbers in (self.columns, self.known, self.songs, self.pairs):
            numbers.close()

    def about(
        self, sources: Sequence[str], inputs: Sequence[str], checksums: Mapping[str, int]
    ) -> About:
        """What goes into `dataset.json`."""
        return About(
            format=FORMAT,
            settings=self.settings,
            sources=tuple(sources),
            inputs=tuple(inputs),
            files=self.read,
            files_used=self.rows["files"],
            songs=self.rows["songs"],
            pieces=self.rows["pieces"],
            columns=self.rows["index"],
            songs_of={name: self.songs_of[number] for name, number in self.sources.items()},
            bars=_by_count(self.bars),
            cast=_by_count(self.cast),
            splits=dict(self.splits),
            skipped=_by_count(self.skipped),
            left_out=_by_count(self.left_out),
            licences=_by_count(self.licences),
            rows=dict(self.rows),
            checksums=dict(checksums),
        )


def assemble(
    out: Path,
    shards: Path,
    keys: Sequence[tuple[int, str]],
    manifests: Sequence[Manifest],
    settings: PrepareSettings,
    sources: Sequence[Path],
    inputs: Sequence[str],
) -> About:
    """Join the `shards` with these (source, key) into the dataset `out`.

    The old dataset there, if any, stays whole until the new one is. ValueError, and nothing
    written, where no file gives a piece.
    """
    paths = {name: out / f"{name}.bin{UNFINISHED}" for name in PARTS}
    files = {name: path.open("wb") for name, path in paths.items()}
    names = [name_of(source) for source in sources]
    assembly = Assembly(settings, files)
    try:
        for source, key in keys:
            for found in read_shard(shards, key):
                assembly.add(found, manifests[source], names[source])
    finally:
        assembly.close()
        for file in files.values():
            file.close()
    if not assembly.rows["pieces"]:
        for path in paths.values():
            path.unlink()
        reasons = ", ".join(f"{n} {reason}" for reason, n in _by_count(assembly.skipped).items())
        raise ValueError(f"none of the {assembly.read} MIDI files can be used: {reasons}")
    damaged = out / (DAMAGED + UNFINISHED)
    damaged.write_text("".join(assembly.damaged), encoding="utf-8")
    checksums = {f"{name}.bin": checksum_of(path) for name, path in paths.items()}
    about = assembly.about([source.name for source in sources], inputs, checksums)
    unfinished = out / (ABOUT + UNFINISHED)
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    (out / ABOUT).unlink(missing_ok=True)  # from here on there is no dataset, until the last line
    for path in (*paths.values(), damaged):
        path.replace(path.with_name(path.name.removesuffix(UNFINISHED)))
    unfinished.replace(out / ABOUT)
    return about


def _source_of(path: str, manifest: Manifest, archive: str) -> str:
    """The name of the source of the file at `path`.

    An archive with a manifest holds a folder a source; any other is one source by its own name.
    """
    folder, sign, _ = path.partition("/")
    return folder if sign and manifest else archive


def _by_count(counter: Counter[str]) -> dict[str, int]:
    return {key: n for key, n in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])) if n}
