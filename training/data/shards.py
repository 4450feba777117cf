"""The first half of `prepare`: MIDI files -> shards, a chunk of files each, on every core.

A shard is named by the hash of what went into it: settings, paths and contents. So work that is
done is known when it is met again, whatever was interrupted, and never mistaken for other work.
The hash of what came out stands at its end: a shard that was damaged is made anew.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import numpy as np

from schmubert.engine.checksum import DamagedError
from schmubert.engine.music.song import Unusable, corpus_song
from schmubert.engine.music.trios import Rules, Stretch, Voice, cut_song, require_tracks
from schmubert.engine.music.vocabulary import FIRST_ONSET, PITCHED, Track
from schmubert.engine.writing import naming
from schmubert.training.data.archive import Item

SHARD_FORMAT = 6  # raise it when the same file would give other columns: old shards are redone
DIGEST_BYTES = 16
MOST_BYTES = 8_000_000  # no song is that long; what is, is no song

KINDS = ("melody", "bass", "drums", "comping", "chords")
"""The columns of a piece: tokens a cell by `Track`, the rhythm of all others, a chord a beat."""
COMPING, CHORDS = KINDS.index("comping"), KINDS.index("chords")


class PrepareSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a corpus becomes a dataset. `drum_maps` are (pattern of paths, name of a drum map).

    `validation` and `test` are the shares of songs kept for these. Files in one folder whose paths
    fit one of the patterns `together` are never in different splits.
    """

    drum_map: str = "general-midi"
    drum_maps: tuple[tuple[str, str], ...] = ()
    together: tuple[str, ...] = ()
    least_bars: int = 4
    most_leads: int = 3
    validation: float = 0.05
    test: float = 0.03

    def __post_init__(self) -> None:
        for share in (self.validation, self.test):
            if not 0.0 <= share < 1.0:
                raise ValueError(f"a share of {share} of the songs is outside 0..1")
        if self.validation + self.test >= 1.0:
            raise ValueError(
                f"{self.validation} for validation, {self.test} for test: none is left"
            )
        self.rules("")
        for pattern, _ in self.drum_maps:
            self.rules(pattern)

    def rules(self, path: str) -> Rules:
        """The rules for the file at `path`: the first pattern that fits names the drum map."""
        drum_map = self.drum_map
        for pattern, name in self.drum_maps:
            if fnmatch(path, pattern):
                drum_map = name
                break
        return Rules(drum_map, self.least_bars, self.most_leads)

    def folder(self, path: str) -> str:
        """The folder of the file at `path` where such files are kept together, else nothing."""
        if any(fnmatch(path, pattern) for pattern in self.together):
            return path.rpartition("/")[0]
        return ""


class Column(msgspec.Struct, frozen=True):
    """A column of a stretch, of a `kind` (the number of its name in KINDS), `per_bar` a bar.

    Its little-endian uint16 tokens, and its onsets, near the grid and all.
    """

    kind: int
    per_bar: int
    tokens: bytes
    onsets: int = 0
    on_grid: int = 0


class Piece(msgspec.Struct, frozen=True):
    """A stretch with one lead: which of the file's columns play in it by KINDS, -1 where none.

    `meter` are beats, cells of a beat, clocks of a beat; the tempo is in beats.
    """

    columns: tuple[int, int, int, int, int]
    meter: tuple[int, int, int]
    bars: int
    tempo_bpm: float


class Found(msgspec.Struct, frozen=True):
    """What a file gave: columns and pieces, or the `reason` why there are none.

    `tune` is the hash of a melody or bass by its intervals: copies of a song share it, transposed
    ones too. `left_out` counts what was dropped of a file that is used, `bars` what there is of
    each metre, `cast` the columns' stretches by what plays in them.
    """

    path: str
    columns: tuple[Column, ...] = ()
    pieces: tuple[Piece, ...] = ()
    tune: str = ""
    left_out: dict[str, int] = {}
    bars: dict[str, int] = {}
    cast: dict[str, int] = {}
    reason: str = ""
    detail: str = ""


class Task(msgspec.Struct, frozen=True):
    """A chunk of files: number `number` of source `source`."""

    number: int
    source: int
    items: tuple[Item, ...]


def shard_key(settings: PrepareSettings, task: Task, contents: list[bytes]) -> str:
    """The name of the shard that `task` gives under `settings`."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(msgspec.msgpack.encode((SHARD_FORMAT, settings, task.source)))
    for item, content in zip(task.items, contents, strict=True):
        digest.update(msgspec.msgpack.encode((item.path, len(content))))
        digest.update(content)
    return digest.hexdigest()


def key_only(settings: PrepareSettings, task: Task) -> str:
    """The key of `task`, without the work: to see whether a dataset was made of these files."""
    return shard_key(settings, task, [item.load() for item in task.items])


def make_shard(folder: Path, settings: PrepareSettings, task: Task) -> str:
    """Write the shard of `task` into `folder`, unless it is there and whole; returns its key."""
    contents = [item.load() for item in task.items]
    key = shard_key(settings, task, contents)
    if not _is_whole(folder, key):
        found = [
            read_file(item.path, content, settings.rules(item.path))
            for item, content in zip(task.items, contents, strict=True)
        ]
        data = msgspec.msgpack.encode(found)
        path = shard_path(folder, key)
        unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
        with naming(path):
            with unfinished.open("wb") as file:
                file.write(data)
                file.write(_digest(data))
            unfinished.replace(path)
    return key


def _is_whole(folder: Path, key: str) -> bool:
    """Whether the shard of `key` is there as it was written."""
    try:
        _content(shard_path(folder, key))
    except (FileNotFoundError, DamagedError):
        return False
    return True


def _content(path: Path) -> memoryview:
    """What is in a shard before its checksum; DamagedError where that is another."""
    written = memoryview(path.read_bytes())
    data, digest = written[:-DIGEST_BYTES], written[-DIGEST_BYTES:]
    if digest != _digest(data):
        raise DamagedError(f"{path} is damaged: run the same command again, it is made anew")
    return data


def _digest(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def shard_path(folder: Path, key: str) -> Path:
    """Where the shard of this `key` lies."""
    return folder / f"{key}.shard"


def read_shard(folder: Path, key: str) -> Iterator[Found]:
    """What `make_shard` wrote, a file after another; DamagedError where it is another by now."""
    for found in msgspec.msgpack.decode(_content(shard_path(folder, key)), type=list[msgspec.Raw]):
        yield msgspec.msgpack.decode(found, type=Found)


def read_file(path: str, content: bytes, rules: Rules) -> Found:
    """The columns and pieces in the bytes of a MIDI file; every piece has a melody."""
    try:
        if len(content) > MOST_BYTES:
            raise Unusable("too large", f"{len(content)} bytes")
        cut = cut_song(corpus_song(content), rules)
        require_tracks(cut, [Track.MELODY])
    except Unusable as error:
        return Found(path, reason=error.reason, detail=str(error))
    left_out, bars, cast = Counter(cut.left_out), Counter[str](), Counter[str]()
    columns: list[Column] = []
    pieces: list[Piece] = []
    for stretch in cut.stretches:
        if not stretch.leads:
            left_out["stretches without a melody"] += 1
            continue
        bars[str(stretch.meter)] += stretch.bars
        cast["melody"] += 1
        cast["another lead"] += len(stretch.leads) - 1
        cast["bass"] += stretch.bass is not None
        cast["drums"] += stretch.drums is not None
        cast["comping"] += stretch.leads[0].comping is not None
        _add(stretch, columns, pieces)
    return Found(
        path,
        tuple(columns),
        tuple(pieces),
        tune(columns),
        left_out=dict(left_out),
        bars=dict(bars),
        cast=dict(cast),
    )


def _add(stretch: Stretch, columns: list[Column], pieces: list[Piece]) -> None:
    meter = stretch.meter

    def added(kind: int, voice: Voice | None) -> int:
        if voice is None:
            return -1
        per_bar = meter.beats if kind == CHORDS else meter.steps
        tokens = voice.column.astype("<u2").tobytes()
        columns.append(Column(kind, per_bar, tokens, voice.onsets, voice.on_grid))
        return len(columns) - 1

    bass, drums = added(Track.BASS, stretch.bass), added(Track.DRUMS, stretch.drums)
    chords = added(CHORDS, Voice(stretch.chords))
    for lead in stretch.leads:
        melody, comping = added(Track.MELODY, lead.melody), added(COMPING, lead.comping)
        numbers = (melody, bass, drums, comping, chords)
        heard = (meter.beats, meter.cells, meter.clocks)
        pieces.append(Piece(numbers, heard, stretch.bars, stretch.tempo_bpm))


def tune(columns: list[Column]) -> str:
    """The least hash of a melody or bass as intervals from its first note.

    As with MinHash, two files that share most of their columns most likely share it.
    """
    hashes = []
    for column in columns:
        if column.kind in PITCHED:
            tokens = np.frombuffer(column.tokens, "<u2").astype(np.int64)
            onsets = tokens >= FIRST_ONSET
            first = tokens[onsets][0]
            relative = np.where(onsets, tokens - first + 1000, tokens).astype("<u2")
            start = int(onsets.argmax()) // column.per_bar * column.per_bar
            data = relative[start:].tobytes().rstrip(b"\0")
            hashes.append(hashlib.blake2b(data, digest_size=8).hexdigest())
    return min(hashes, default="")
