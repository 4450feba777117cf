"""The second half of `prepare`: shards -> the files of a dataset, in the order of the sources."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import Track, first_onset
from schmubert.training.data.dataset import (
    ABOUT,
    ACTIVE,
    COLUMN_INDEX,
    COLUMNS,
    DAMAGED,
    FORMAT,
    PIECE,
    PIECES,
    SONGS,
    About,
    File,
    Songs,
)
from schmubert.training.data.manifest import NOTHING, Manifest
from schmubert.training.data.shards import Column, Found, PrepareSettings, read_shard

UNFINISHED = ".unfinished"


def held_out(song: str, share: float) -> bool:
    """Whether `song` is kept for validation: by its name alone, whatever else there is."""
    digest = hashlib.blake2b(song.encode(), digest_size=8, person=b"validation").digest()
    return int.from_bytes(digest, "big") < share * 2**64


class Assembly:
    """Columns, pieces and songs as they are gathered; equal columns are stored once."""

    def __init__(self, settings: PrepareSettings, columns: BinaryIO, active: BinaryIO) -> None:
        self.settings = settings
        self.columns_file, self.active_file = columns, active
        self.steps = 0
        self.files = 0
        self.index: list[tuple[int, int, int]] = []
        self.column_of: dict[bytes, int] = {}
        self.pieces: list[tuple[object, ...]] = []
        self.known: set[tuple[int, ...]] = set()
        self.songs: dict[str, int] = {}
        self.used: list[File] = []
        self.damaged: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()

    def add(self, found: Found, manifest: Manifest) -> None:
        """Add what a file gave; its song is the manifest's group, else its tune."""
        self.files += 1
        if found.reason:
            self.skipped[found.reason] += 1
            if found.reason == "damaged":
                self.damaged.append(f"{found.path}\t{found.detail}\n")
            return
        entry = manifest.rows.get(found.path, NOTHING)
        numbers = [self._column(column) for column in found.columns]
        new = []
        for piece in found.pieces:
            columns = tuple(-1 if k < 0 else numbers[k] for k in piece.columns)
            if columns in self.known:
                self.left_out["pieces that were there already"] += 1
                continue
            self.known.add(columns)
            heard = [found.columns[k] for k in piece.columns if k >= 0]
            on_grid = sum(c.on_grid for c in heard) / max(1, sum(c.onsets for c in heard))
            new.append((columns, piece.bars, piece.tempo_bpm, on_grid))
        if not new:
            self.skipped["copy of another file"] += 1
            return
        self.left_out.update(found.left_out)
        name = entry.song_group or found.tune
        song = self.songs.setdefault(name, len(self.songs))
        validation = held_out(name, self.settings.validation)
        title = entry.title or found.path.rsplit("/", 1)[-1].rpartition(".")[0]
        for columns, bars, tempo_bpm, on_grid in new:
            row = (columns, song, len(self.used), bars, tempo_bpm, on_grid, validation)
            self.pieces.append(row)
        self.used.append(File(found.path, song, title))
        if entry.licence:
            self.licences[entry.licence] += 1

    def _column(self, column: Column) -> int:
        track = column.track
        digest = hashlib.blake2b(column.tokens, digest_size=16, salt=bytes([track])).digest()
        number = self.column_of.get(digest)
        if number is None:
            number = self.column_of[digest] = len(self.index)
            tokens = np.frombuffer(column.tokens, "<u2")
            self.index.append((self.steps, len(tokens), track))
            self.steps += len(tokens)
            self.columns_file.write(column.tokens)
            bars = (tokens.reshape(-1, STEPS_PER_BAR) >= first_onset(Track(track))).any(axis=1)
            lines = np.concatenate([[0], np.cumsum(bars)])
            self.active_file.write(lines.astype("<u2").tobytes())
        return number

    def about(self, sources: Sequence[str], inputs: Sequence[str]) -> About:
        """What goes into `dataset.json`."""
        return About(
            format=FORMAT,
            settings=self.settings,
            sources=tuple(sources),
            inputs=tuple(inputs),
            files=self.files,
            files_used=len(self.used),
            songs=len(self.songs),
            pieces=len(self.pieces),
            columns=len(self.index),
            steps=self.steps,
            skipped=_by_count(self.skipped),
            left_out=_by_count(self.left_out),
            licences=_by_count(self.licences),
        )


def assemble(
    out: Path,
    shards: Path,
    keys: Sequence[tuple[int, str]],
    manifests: Mapping[int, Manifest],
    settings: PrepareSettings,
    sources: Sequence[str],
    inputs: Sequence[str],
) -> About:
    """Join the `shards` with these (source, key) into the dataset `out`.

    The old dataset there, if any, stays whole until the new one is. ValueError, and nothing
    written, where no file gives a piece.
    """
    files = {name: out / (name + UNFINISHED) for name in (COLUMNS, ACTIVE)}
    with files[COLUMNS].open("wb") as columns, files[ACTIVE].open("wb") as active:
        assembly = Assembly(settings, columns, active)
        for source, key in keys:
            for found in read_shard(shards, key):
                assembly.add(found, manifests.get(source, Manifest()))
    if not assembly.pieces:
        for path in files.values():
            path.unlink()
        reasons = ", ".join(f"{n} {reason}" for reason, n in _by_count(assembly.skipped).items())
        raise ValueError(f"none of the {assembly.files} MIDI files can be used: {reasons}")

    files |= {name: out / (name + UNFINISHED) for name in (COLUMN_INDEX, PIECES, SONGS, DAMAGED)}
    with files[COLUMN_INDEX].open("wb") as file:
        np.save(file, np.array(assembly.index, "<i8").reshape(-1, 3))
    with files[PIECES].open("wb") as file:
        np.save(file, np.array(assembly.pieces, PIECE))
    catalogue = Songs(tuple(assembly.songs), tuple(assembly.used))
    files[SONGS].write_bytes(msgspec.json.encode(catalogue))
    files[DAMAGED].write_text("".join(assembly.damaged), encoding="utf-8")

    about = assembly.about(sources, inputs)
    unfinished = out / (ABOUT + UNFINISHED)
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    (out / ABOUT).unlink(missing_ok=True)  # from here on there is no dataset, until the last line
    for name, path in files.items():
        path.replace(out / name)
    unfinished.replace(out / ABOUT)
    return about


def _by_count(counter: Counter[str]) -> dict[str, int]:
    return {key: n for key, n in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])) if n}
