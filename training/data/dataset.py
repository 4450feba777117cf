"""A prepared dataset: memory-mapped token columns, pieces that combine them, an index by song.

Files of a dataset folder, all little-endian:

- `columns.bin`: the tokens of all columns, uint16, one after another
- `columns.npy`: int64 [columns, 3]: where a column starts in it, its length in 16ths, its track
- `active.bin`: uint16, for each column the bars with onsets before each of its bar lines
- `pieces.npy`: a row a piece, see `PIECE`
- `songs.json`: the songs, and the files they came from
- `dataset.json`: what it was made of, written last: without it there is no dataset
- `damaged.txt`: files that could not be read, and why
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, PITCHED, TRIO, Track
from schmubert.training.data.shards import PrepareSettings

FORMAT = 1
ABOUT, SONGS, DAMAGED = "dataset.json", "songs.json", "damaged.txt"
COLUMNS, COLUMN_INDEX, ACTIVE, PIECES = "columns.bin", "columns.npy", "active.bin", "pieces.npy"

SOUNDING = 1 / 3  # a track sounds in a window if it has onsets in this share of its bars

HOP_BARS = 16
"""Windows start every so many bars of a piece, where nobody says otherwise."""

PIECE = np.dtype(
    [
        ("columns", "<i4", (len(TRIO),)),  # by track, -1 where the piece has none
        ("song", "<i4"),
        ("file", "<i4"),
        ("bars", "<i4"),
        ("tempo_bpm", "<f4"),
        ("on_grid", "<f4"),  # share of its onsets within a tenth of a 16th of the grid
        ("validation", "?"),
    ]
)

Windows: TypeAlias = NDArray[np.int64]
"""Windows [n, 2]: piece and first bar."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset was made of and what was left out; `inputs` are hashes of files and rules."""

    format: int
    settings: PrepareSettings
    sources: tuple[str, ...]
    inputs: tuple[str, ...]
    files: int
    files_used: int
    songs: int
    pieces: int
    columns: int
    steps: int
    skipped: dict[str, int]
    left_out: dict[str, int]
    licences: dict[str, int]


class File(msgspec.Struct, frozen=True):
    """A MIDI file of a dataset: where it was, whose `song` it is, and its title."""

    path: str
    song: int
    title: str


class Songs(msgspec.Struct, frozen=True):
    """The names of all songs, and the files they came from."""

    songs: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True)
class Dataset:
    """A dataset, open for reading; make one with `prepare`.

    `tokens` are all columns end to end, `starts` and `active` say where each column begins in
    `columns.bin` and `active.bin`, `pieces` has a row a piece (`PIECE`).
    """

    about: About
    tokens: NDArray[np.uint16]
    index: NDArray[np.int64]
    active: NDArray[np.uint16]
    pieces: NDArray[Any]
    catalogue: Songs

    @staticmethod
    def open(folder: Path | str) -> "Dataset":
        """The dataset in `folder`; ValueError with what to do where there is none."""
        folder = Path(folder)
        try:
            about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
            if about.format != FORMAT:
                raise ValueError(f"format {about.format}, this schmubert reads {FORMAT}")
            dataset = Dataset(
                about,
                np.memmap(folder / COLUMNS, "<u2", "r"),
                np.load(folder / COLUMN_INDEX),
                np.memmap(folder / ACTIVE, "<u2", "r"),
                np.load(folder / PIECES),
                msgspec.json.decode((folder / SONGS).read_bytes(), type=Songs),
            )
            dataset._check()
        except FileNotFoundError as error:
            raise ValueError(
                f"{folder} holds no finished dataset: run `schmubert prepare SOURCE --out {folder}`"
            ) from error
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise ValueError(
                f"the dataset in {folder} cannot be used ({error}): prepare it again with --force"
            ) from error
        return dataset

    def _check(self) -> None:
        about = self.about
        sizes = (len(self.tokens), len(self.index), len(self.pieces))
        if sizes != (about.steps, about.columns, about.pieces) or self.pieces.dtype != PIECE:
            raise ValueError("its files do not belong together")

    def split(self, name: str) -> "Split":
        """The "train" or the "validation" part; no song is in both."""
        if name not in ("train", "validation"):
            raise ValueError(f"no split {name!r}; there are train and validation")
        held_out = self.pieces["validation"]
        return Split(self, np.flatnonzero(held_out if name == "validation" else ~held_out))


@dataclass(frozen=True)
class Split:
    """A part of a dataset; pieces keep their numbers in it: `numbers` are those of this part."""

    dataset: Dataset
    numbers: NDArray[np.int64]

    @property
    def songs(self) -> NDArray[np.int64]:
        """The song of every piece of the dataset, by its number."""
        return np.asarray(self.dataset.pieces["song"], np.int64)

    @property
    def on_grid(self) -> NDArray[np.float32]:
        """The share of onsets near a 16th of every piece of the dataset, by its number."""
        return np.asarray(self.dataset.pieces["on_grid"], np.float32)

    def title(self, piece: int) -> str:
        """The title of the file that `piece` comes from."""
        return self._file(piece).title

    def path(self, piece: int) -> str:
        """The path, within its source, of the file that `piece` comes from."""
        return self._file(piece).path

    def _file(self, piece: int) -> File:
        return self.dataset.catalogue.files[int(self.dataset.pieces["file"][piece])]

    def tempo_bpm(self, piece: int) -> float:
        """The tempo at which `piece` starts."""
        return float(self.dataset.pieces["tempo_bpm"][piece])

    def windows(
        self,
        bars: int,
        hop: int = HOP_BARS,
        tracks: Sequence[Track] = TRIO,
        on_grid: float = 0.0,
        sounding: float = SOUNDING,
    ) -> Windows:
        """The windows [n, 2] of `bars` bars, every `hop` bars, in which all `tracks` sound.

        A track sounds where it has onsets in at least a share `sounding` of the bars. Pieces with
        less than `on_grid` of their onsets near a 16th are left out, and pieces that share all of
        `tracks` count once.
        """
        if bars < 1 or hop < 1 or not tracks:
            raise ValueError(f"no windows of {bars} bars every {hop} bars of {len(tracks)} tracks")
        if not 0.0 < sounding <= 1.0:
            raise ValueError(f"a share of {sounding} of the bars is outside 0..1, or 0")
        least = max(1, math.ceil(round(sounding * bars, 6)))  # a third of 3 bars is 1, however held
        pieces = self.dataset.pieces[self.numbers]
        columns = pieces["columns"][:, list(tracks)].astype(np.int64)
        fit = (columns >= 0).all(axis=1) & (pieces["bars"] >= bars) & (pieces["on_grid"] >= on_grid)
        columns, numbers = columns[fit], self.numbers[fit]
        kept = np.sort(np.unique(columns, axis=0, return_index=True)[1])
        columns, numbers = columns[kept], numbers[kept]
        counts = (self.dataset.pieces["bars"][numbers].astype(np.int64) - bars) // hop + 1
        row = np.repeat(np.arange(len(numbers)), counts)
        first = (np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)) * hop
        sounds = np.ones(len(row), bool)
        for column in columns.T:
            # column k has a bar line more than bars, so k lines more lie before it
            line = self.dataset.index[column, 0] // STEPS_PER_BAR + column
            before = self.dataset.active[line[row] + first].astype(np.int64)
            after = self.dataset.active[line[row] + first + bars].astype(np.int64)
            sounds &= after - before >= least
        return np.stack([numbers[row], first], axis=1)[sounds]

    def starts(self, windows: Windows) -> NDArray[np.int64]:
        """Where in `dataset.tokens` each track of `windows` [n, 2] starts: [n, 3], -1 if absent."""
        columns = self.dataset.pieces["columns"][windows[:, 0]].astype(np.int64)
        starts = self.dataset.index[columns, 0] + windows[:, 1:] * STEPS_PER_BAR
        return np.where(columns >= 0, starts, -1)

    def batch(self, windows: Windows, bars: int) -> Tokens:
        """The tokens [n, bars * 16, 3] of `windows` [n, 2], made canonical where they are cut.

        The cells of a track that a piece does not have are all masked.
        """
        windows = np.asarray(windows, np.int64).reshape(-1, 2)
        room = self.dataset.pieces["bars"][windows[:, 0]] - bars
        if bars < 1 or ((windows[:, 1] < 0) | (windows[:, 1] > room)).any():
            raise ValueError(f"a window of {bars} bars leaves its piece")
        starts = self.starts(windows)
        cells = starts[:, None, :] + np.arange(bars * STEPS_PER_BAR)[:, None]
        absent = starts < 0
        tokens = self.dataset.tokens[np.where(absent[:, None, :], 0, cells)].astype(np.int64)
        pitched = tokens[..., list(PITCHED)]
        sounded = np.logical_or.accumulate(pitched >= FIRST_ONSET, axis=1)
        pitched[(pitched == OFF) & ~sounded] = HOLD  # it ended a note from before the cut
        tokens[..., list(PITCHED)] = pitched
        return np.where(absent[:, None, :], np.asarray(MASK), tokens)

    def tokens(self, piece: int, first_bar: int, bars: int) -> Tokens:
        """The tokens [bars * 16, 3] of `piece` from `first_bar` on, as in `batch`."""
        grid: Tokens = self.batch(np.array([[piece, first_bar]]), bars)[0]
        return grid
