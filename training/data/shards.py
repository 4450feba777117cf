"""The first half of `prepare`: MIDI files -> shards, a chunk of files each, on every core.

A shard is named by the hash of what went into it: settings, paths and contents. So work that is
done is known when it is met again, whatever was interrupted, and never mistaken for other work.
"""

import hashlib
import os
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.song import Unusable, corpus_song
from schmubert.engine.music.trios import Rules, Stretch, Voice, cut_song, require_tracks
from schmubert.engine.music.vocabulary import FIRST_ONSET, TRIO, Track
from schmubert.training.data.archive import Item

SHARD_FORMAT = 1  # raise it when the same file would give other columns: old shards are redone
MOST_BYTES = 8_000_000  # no song is that long; what is, is no song


class PrepareSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a corpus becomes a dataset. `drum_maps` are (pattern of paths, name of a drum map).

    `validation` is the share of songs kept for validation.
    """

    melody_programs: tuple[int, int] = (0, 31)
    bass_programs: tuple[int, int] = (32, 39)
    drum_map: str = "general-midi"
    drum_maps: tuple[tuple[str, str], ...] = ()
    least_bars: int = 4
    most_trios: int = 16
    validation: float = 0.05

    def __post_init__(self) -> None:
        if not 0.0 <= self.validation < 1.0:
            raise ValueError(f"a validation share of {self.validation} is outside 0..1")
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
        return Rules(
            melody_programs=self.melody_programs,
            bass_programs=self.bass_programs,
            drum_map=drum_map,
            least_bars=self.least_bars,
            most_trios=self.most_trios,
        )


class Column(msgspec.Struct, frozen=True):
    """A track of a stretch: little-endian uint16 tokens, and its onsets, near the grid and all."""

    track: int
    tokens: bytes
    onsets: int
    on_grid: int


class Piece(msgspec.Struct, frozen=True):
    """A stretch and which of the file's columns play in it, by track; -1 where none does."""

    columns: tuple[int, int, int]
    bars: int
    tempo_bpm: float


class Found(msgspec.Struct, frozen=True):
    """What a file gave: columns and pieces, or the `reason` why there are none.

    `tune` is the hash of a melody or bass by its intervals: copies of a song share it, transposed
    ones too. `left_out` counts what was dropped of a file that is used.
    """

    path: str
    columns: tuple[Column, ...] = ()
    pieces: tuple[Piece, ...] = ()
    tune: str = ""
    left_out: dict[str, int] = {}
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
    """Write the shard of `task` into `folder`, unless it is there; returns its key."""
    contents = [item.load() for item in task.items]
    key = shard_key(settings, task, contents)
    path = shard_path(folder, key)
    if not path.exists():
        found = [
            read_file(item.path, content, settings.rules(item.path))
            for item, content in zip(task.items, contents, strict=True)
        ]
        unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
        unfinished.write_bytes(msgspec.msgpack.encode(found))
        unfinished.replace(path)
    return key


def shard_path(folder: Path, key: str) -> Path:
    """Where the shard of this `key` lies."""
    return folder / f"{key}.shard"


def read_shard(folder: Path, key: str) -> list[Found]:
    """What `make_shard` wrote."""
    return msgspec.msgpack.decode(shard_path(folder, key).read_bytes(), type=list[Found])


def read_file(path: str, content: bytes, rules: Rules) -> Found:
    """The columns and pieces in the bytes of a MIDI file; every piece has a melody."""
    try:
        if len(content) > MOST_BYTES:
            raise Unusable("too large", f"{len(content)} bytes")
        cut = cut_song(corpus_song(content), rules)
        require_tracks(cut, [Track.MELODY])
    except Unusable as error:
        return Found(path, reason=error.reason, detail=str(error))
    left_out = Counter(cut.left_out)
    columns: list[Column] = []
    pieces: list[Piece] = []
    for stretch in cut.stretches:
        if not any(voice.track is Track.MELODY for voice in stretch.voices):
            left_out["stretches without a melody"] += 1
            continue
        _add(stretch, rules.most_trios, columns, pieces, left_out)
    return Found(path, tuple(columns), tuple(pieces), tune(columns), dict(left_out))


def _add(
    stretch: Stretch,
    most_trios: int,
    columns: list[Column],
    pieces: list[Piece],
    left_out: Counter[str],
) -> None:
    number: dict[int, int] = {}  # by the identity of the voice
    trios = stretch.trios(most_trios)
    for trio in trios:
        for voice in trio:
            if voice is not None and id(voice) not in number:
                number[id(voice)] = len(columns)
                columns.append(_column(voice))
        low, mid, high = (-1 if voice is None else number[id(voice)] for voice in trio)
        pieces.append(Piece((low, mid, high), stretch.bars, stretch.tempo_bpm))
    product = 1
    for track in TRIO:
        product *= max(1, sum(voice.track == track for voice in stretch.voices))
    left_out["combinations over the limit"] += product - len(trios)


def _column(voice: Voice) -> Column:
    tokens = voice.column.astype("<u2").tobytes()
    return Column(int(voice.track), tokens, voice.onsets, voice.on_grid)


def tune(columns: list[Column]) -> str:
    """The least hash of a pitched column as intervals from its first note.

    As with MinHash, two files that share most of their columns most likely share it.
    """
    hashes = []
    for column in columns:
        if column.track != Track.DRUMS:
            tokens = np.frombuffer(column.tokens, "<u2").astype(np.int64)
            onsets = tokens >= FIRST_ONSET
            first = tokens[onsets][0]
            relative = np.where(onsets, tokens - first + 1000, tokens).astype("<u2")
            start = int(onsets.argmax()) // STEPS_PER_BAR * STEPS_PER_BAR
            data = relative[start:].tobytes().rstrip(b"\0")
            hashes.append(hashlib.blake2b(data, digest_size=8).hexdigest())
    return min(hashes, default="")
