"""A prepared dataset: memory-mapped token columns, pieces that combine them, an index by song.

`layout.py` says what lies in which file of its folder.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chords import HIT, HOLD_CHORD
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.plans import chord_column
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.stacks import MOST_LINES, line_of, track_named
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, PITCHED, TRIO, Track
from schmubert.training.data.layout import SPLITS, About, Files, let_go, opened
from schmubert.training.data.shards import CHORDS, COMPING, KINDS
from schmubert.training.data.windows import HOP_BARS, SOUNDING, Wanted, Windows, windows_in

BAND = (*TRIO, COMPING)
"""The columns of the tokens of a `Band`, by number of their kind."""
BAND_MASK = (*MASK, HIT + 1)
"""The mask of each column of a `Band`: one past its events."""

STACKED = len(KINDS)
"""Kinds from here on are melodies stacked on a piece's own."""
SHARED = ("file", "bass", "drums", "chords", "bars", "beats", "cells", "clocks")
"""What pieces have in common whose melodies play together."""


def kinds_of(names: Sequence[str]) -> tuple[int, ...]:
    """The kinds of columns of tracks by name: "melody2" is the first that is stacked."""
    lines = [(track_named(name), line_of(name)) for name in names]
    return tuple(STACKED + line - 1 if line else int(track) for track, line in lines)


def names_of_kinds(kinds: Sequence[int]) -> list[str]:
    """What `kinds_of` made `kinds` of."""
    return [KINDS[k] if k < STACKED else f"melody{k - STACKED + 2}" for k in kinds]


class File(NamedTuple):
    """A MIDI file of a dataset: its path within its source's archive, whose `song` it is, its title
    and the name of its `source`."""

    path: str
    song: int
    title: str
    source: str


@dataclass(frozen=True)
class Band:
    """What plays in windows of one `meter`.

    `tokens` int64 [n, steps, 4] are melody, bass, drums and comping (`HOLD`, `OFF`, `HIT`), all
    masked (`BAND_MASK`) where a piece has none. `chords` int64 [n, beats] is the plan: a window
    that begins inside a chord begins with that chord's token.
    """

    tokens: Tokens
    chords: NDArray[np.int64]
    meter: Meter


@dataclass(frozen=True)
class Dataset:
    """A dataset, open for reading; make one with `prepare`.

    `tokens` are all columns end to end. `index` [columns, 4] has of each where it begins there, its
    length in tokens, its kind (the number of its name in KINDS), and where its bar lines begin in
    `active`. `pieces` has a row a piece (`PIECE` in layout.py).
    """

    about: About
    files: Files

    @staticmethod
    def open(folder: Path | str) -> "Dataset":
        """The dataset in `folder`; ValueError with what to do where there is none."""
        return Dataset(*opened(Path(folder)))

    @property
    def tokens(self) -> NDArray[np.uint16]:
        """The tokens of all columns, end to end."""
        return self.files.columns

    @property
    def index(self) -> NDArray[np.int64]:
        """Of each column: its start, its length, its kind, where its bar lines begin."""
        return self.files.index

    @property
    def pieces(self) -> NDArray[Any]:
        """A row a piece."""
        return self.files.pieces

    @property
    def source_names(self) -> tuple[str, ...]:
        """The names of all sources, by number."""
        return tuple(self.about.songs_of)

    def file(self, number: int) -> File:
        """A MIDI file by its number."""
        row = self.files.files[number]
        path, title = (self._text(row[name]) for name in ("path", "title"))
        return File(path, int(row["song"]), title, self.source_names[row["source"]])

    def song(self, number: int) -> str:
        """The name of a song by its number."""
        return self._text(self.files.songs[number])

    def _text(self, place: Any) -> str:
        start, length = (int(value) for value in place)
        return self.files.names[start : start + length].tobytes().decode("utf-8", "surrogateescape")

    def columns(self, pieces: NDArray[np.int64], kinds: Sequence[int] = TRIO) -> NDArray[np.int64]:
        """The numbers of the columns of these `kinds` in `pieces` [n]: [n, kinds], -1 for none.

        Kinds beyond those of a piece are of melodies stacked on its own (`kinds_of`).
        """
        rows = self.pieces[pieces]
        found = [
            self.stacked[pieces, kind - STACKED] if kind >= STACKED else rows[KINDS[kind]]
            for kind in kinds
        ]
        return np.stack(found, axis=1).astype(np.int64)

    @cached_property
    def stacked(self) -> NDArray[np.int64]:
        """What may be stacked on the melody of each piece [pieces, 2]: columns, -1 for none.

        They are the melodies of those pieces that share all but the melody with it.
        """
        alike = [np.asarray(self.pieces[name], np.int64) for name in SHARED]
        group = np.unique(np.stack(alike, axis=1), axis=0, return_inverse=True)[1].ravel()
        order = np.argsort(group, kind="stable")
        first = np.flatnonzero(np.diff(group[order], prepend=-1))
        size = np.diff(np.append(first, len(order)))
        start, many = np.repeat(first, size), np.repeat(size, size)
        place = np.arange(len(order)) - start
        melodies = np.asarray(self.pieces["melody"], np.int64)[order]
        found = np.full((len(order), MOST_LINES - 1), -1, np.int64)
        for line in range(1, MOST_LINES):
            other = melodies[start + (place + line) % many]
            found[order, line - 1] = np.where(line < many, other, -1)
        return found

    def split(self, name: str) -> "Split":
        """The "train", "validation" or "test" part; no song is in two.

        Test songs are for the figures of a release: nothing is trained on them, chosen or tuned by
        them, and only `evaluate --split test` asks for them.
        """
        if name not in SPLITS:
            raise ValueError(f"no split {name!r}; there are {', '.join(SPLITS)}")
        numbers = np.flatnonzero(self.pieces["split"] == SPLITS.index(name))
        let_go(self.pieces)
        return Split(self, numbers, name)

    def source_weights(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """The weight of each source [sources] by name, 1 where it is not said.

        ValueError with the sources there are where one is unknown, or where nothing is left.
        """
        if unknown := set(weights) - set(self.source_names):
            there = ", ".join(sorted(self.source_names))
            raise ValueError(f"the dataset has no source {min(unknown)!r}; there are {there}")
        found = np.array([weights.get(name, 1.0) for name in self.source_names], np.float64)
        if (found < 0.0).any() or not found.any() or not np.isfinite(found).all():
            raise ValueError(f"sources weighed {dict(weights)} leave nothing to draw from")
        return found


@dataclass(frozen=True)
class Split:
    """A part of a dataset; pieces keep their numbers in it: `numbers` are those of this part."""

    dataset: Dataset
    numbers: NDArray[np.int64]
    name: str = ""

    @property
    def songs(self) -> NDArray[np.int64]:
        """The song of every piece of the dataset, by its number."""
        return np.asarray(self.dataset.pieces["song"], np.int64)

    @property
    def sources(self) -> NDArray[np.int64]:
        """The number of the source of every piece of the dataset, by its number."""
        return np.asarray(self.dataset.pieces["source"], np.int64)

    @property
    def on_grid(self) -> NDArray[np.float32]:
        """The share of onsets near a cell of every piece of the dataset, by its number."""
        return np.asarray(self.dataset.pieces["on_grid"], np.float32)

    def title(self, piece: int) -> str:
        """The title of the file that `piece` comes from."""
        return self._file(piece).title

    def path(self, piece: int) -> str:
        """The path, within its source, of the file that `piece` comes from."""
        return self._file(piece).path

    def _file(self, piece: int) -> File:
        return self.dataset.file(int(self.dataset.pieces["file"][piece]))

    def tempo_bpm(self, piece: int) -> float:
        """The tempo at which `piece` starts, in beats of its metre."""
        return float(self.dataset.pieces["tempo_bpm"][piece])

    def meter(self, piece: int) -> Meter:
        """The metre of `piece`."""
        row = self.dataset.pieces[piece]
        return Meter(*(int(row[name]) for name in ("beats", "cells", "clocks")))

    def windows(
        self,
        bars: int,
        hop: int = HOP_BARS,
        tracks: Sequence[int] = TRIO,
        on_grid: float = 0.0,
        sounding: float = SOUNDING,
        meter: Meter | None = COMMON,
    ) -> Windows:
        """The windows [n, 2] of `bars` bars, every `hop` bars, in which all `tracks` sound.

        A track sounds where it has onsets in at least a share `sounding` of the bars; comping
        (`COMPING`) and stacked melodies (`kinds_of`) can be asked for too, and a chord plan
        (`CHORDS`), which has only to be there. Pieces with less than `on_grid` of their onsets near
        a cell are left out, and pieces that share all of `tracks` count once. All have the beats
        and cells of `meter`, or where it is None any.
        """
        wanted = Wanted(bars, hop, tracks, on_grid, sounding, meter)
        return np.concatenate([*self._windows(wanted)])

    def count_windows(self, bars: int, hop: int, tracks: Sequence[int]) -> int:
        """How many `windows` there are, in memory that does not grow with them."""
        return sum(len(some) for some in self._windows(Wanted(bars, hop, tracks)))

    def _windows(self, wanted: Wanted) -> Iterator[Windows]:
        return windows_in(self.dataset.files, self.numbers, self.dataset.columns, wanted)

    def meter_of(self, windows: Windows) -> Meter:
        """The metre of all `windows` [n, 2]; ValueError where they have several."""
        rows = self.dataset.pieces[windows[:, 0]]
        found = {(int(beats), int(cells)) for beats, cells in np.unique(rows[["beats", "cells"]])}
        if len(found) > 1:
            named = ", ".join(f"{beats} beats of {cells} cells" for beats, cells in sorted(found))
            raise ValueError(f"windows of different metres make no batch: {named}")
        return self.meter(int(windows[0, 0])) if len(windows) else COMMON

    def starts(self, windows: Windows, kinds: Sequence[int] = TRIO) -> NDArray[np.int64]:
        """Where each column of `windows` [n, 2] starts in `dataset.tokens`: [n, kinds], or -1.

        A chord plan has a token a beat, the others a token a cell.
        """
        columns = self.dataset.columns(windows[:, 0], kinds)
        rows = self.dataset.pieces[windows[:, 0]]
        beats = rows["beats"].astype(np.int64)[:, None]
        steps = beats * rows["cells"][:, None]
        per_bar = np.where(np.asarray(kinds) == CHORDS, beats, steps)
        starts = self.dataset.index[columns, 0] + windows[:, 1:] * per_bar
        return np.where(columns >= 0, starts, -1)

    def batch(self, windows: Windows, bars: int) -> Tokens:
        """The tokens [n, steps, 3] of `windows` [n, 2], made canonical where they are cut.

        The cells of a track that a piece does not have are all masked. ValueError where the
        windows have different metres, or one leaves its piece.
        """
        return self._tokens(self._checked(windows, bars), bars, TRIO)

    def grid(self, windows: Windows, bars: int, kinds: Sequence[int]) -> Tokens:
        """The tokens [n, steps, kinds] of `windows` [n, 2], as in `batch`, of any `kinds`.

        A chord plan stands at the first cell of each beat.
        """
        windows = self._checked(windows, bars)
        cells = [Track.MELODY if kind == CHORDS else kind for kind in kinds]
        tokens = self._tokens(windows, bars, cells)
        if CHORDS in kinds:
            band = self.band(windows, bars)
            tokens[..., kinds.index(CHORDS)] = chord_column(band.chords, band.meter)
        return tokens

    def band(self, windows: Windows, bars: int) -> Band:
        """All that plays in `windows` [n, 2]; ValueError as in `batch`."""
        windows = self._checked(windows, bars)
        meter = self.meter_of(windows)
        tokens = self._tokens(windows, bars, BAND)
        starts = self.starts(windows, (CHORDS,))
        cells = starts + np.arange(bars * meter.beats)
        chords = self.dataset.tokens[cells].astype(np.int64)
        for row in np.flatnonzero(chords[:, 0] == HOLD_CHORD):
            before = starts[row, 0] - windows[row, 1] * meter.beats
            plan = np.asarray(self.dataset.tokens[before : starts[row, 0]])
            chords[row, 0] = plan[np.flatnonzero(plan != HOLD_CHORD)[-1]]
        return Band(tokens, chords, meter)

    def _checked(self, windows: Windows, bars: int) -> Windows:
        windows = np.asarray(windows, np.int64).reshape(-1, 2)
        room = self.dataset.pieces["bars"][windows[:, 0]] - bars
        if bars < 1 or ((windows[:, 1] < 0) | (windows[:, 1] > room)).any():
            raise ValueError(f"a window of {bars} bars leaves its piece")
        return windows

    def _tokens(self, windows: Windows, bars: int, kinds: Sequence[int]) -> Tokens:
        starts = self.starts(windows, kinds)
        cells = starts[:, None, :] + np.arange(bars * self.meter_of(windows).steps)[:, None]
        absent = starts < 0
        tokens = self.dataset.tokens[np.where(absent[:, None, :], 0, cells)].astype(np.int64)
        held_over = (*PITCHED, COMPING, *range(STACKED, STACKED + MOST_LINES - 1))
        ended = [column for column, kind in enumerate(kinds) if kind in held_over]
        held = tokens[..., ended]
        sounded = np.logical_or.accumulate(held >= FIRST_ONSET, axis=1)
        held[(held == OFF) & ~sounded] = HOLD  # it ended a note from before the cut
        tokens[..., ended] = held
        masks = np.asarray([BAND_MASK[0 if kind >= STACKED else kind] for kind in kinds])
        return np.where(absent[:, None, :], masks, tokens)

    def tokens(self, piece: int, first_bar: int, bars: int) -> Tokens:
        """The tokens [steps, 3] of `piece` from `first_bar` on, as in `batch`."""
        grid: Tokens = self.batch(np.array([[piece, first_bar]]), bars)[0]
        return grid
