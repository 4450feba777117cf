"""Which windows of bars there are in pieces, some thousand pieces at a time.

So looking for them takes no more memory where there are more pieces.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.training.data.layout import Files, let_go
from schmubert.training.data.numbers import Numbers
from schmubert.training.data.shards import CHORDS

SOUNDING = 1 / 3  # a track sounds in a window if it has onsets in this share of its bars

HOP_BARS = 16
"""Windows start every so many bars of a piece, where nobody says otherwise."""
PIECES_AT_ONCE = 512
"""So many pieces are looked at for windows at a time: of 40,000 files, 32 MB of files and libraries
are mapped then, 51 MB with 4,096 pieces, and no time is lost."""

Windows: TypeAlias = NDArray[np.int64]
"""Windows [n, 2]: piece and first bar."""
Columns: TypeAlias = Callable[[NDArray[np.int64], Sequence[int]], NDArray[np.int64]]
"""The columns of pieces [n] by kinds: [n, kinds], -1 for none."""


@dataclass(frozen=True)
class Wanted:
    """Windows of `bars` bars, every `hop` bars, in which all `tracks` sound: see `Split.windows`.

    ValueError where there can be none.
    """

    bars: int
    hop: int
    tracks: Sequence[int]
    on_grid: float = 0.0
    sounding: float = SOUNDING
    meter: Meter | None = COMMON

    def __post_init__(self) -> None:
        if self.bars < 1 or self.hop < 1 or not self.tracks:
            raise ValueError(
                f"no windows of {self.bars} bars every {self.hop} bars of {len(self.tracks)} tracks"
            )
        if not 0.0 < self.sounding <= 1.0:
            raise ValueError(f"a share of {self.sounding} of the bars is outside 0..1, or 0")

    @property
    def least(self) -> int:
        """In so many bars of a window a track has onsets, if it sounds."""
        # a third of 3 bars is 1, however held
        return max(1, math.ceil(round(self.sounding * self.bars, 6)))

    def fit(self, pieces: NDArray[Any], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of `pieces` [n], which have these `columns` [n, tracks], may have windows."""
        fit = (columns >= 0).all(axis=1) & (pieces["bars"] >= self.bars)
        fit &= pieces["on_grid"] >= self.on_grid
        if self.meter is not None:
            fit &= pieces["beats"] == self.meter.beats
            fit &= pieces["cells"] == self.meter.cells
        return fit


def windows_in(
    files: Files, numbers: NDArray[np.int64], columns: Columns, wanted: Wanted
) -> Iterator[Windows]:
    """The windows `wanted` in the pieces `numbers` [n] of a dataset, a part [n, 2] after another.

    Pieces that share all of the tracks count once. The pages of what was looked at go back to the
    system.
    """
    with closing(Numbers()) as known:
        for some in np.array_split(numbers, len(numbers) // PIECES_AT_ONCE + 1):
            pieces, lines = files.pieces[some], columns(some, wanted.tracks)
            fit = np.flatnonzero(wanted.fit(pieces, lines))
            kept = fit[[known.of(row.tobytes())[1] for row in lines[fit]]]
            counts = (pieces["bars"][kept].astype(np.int64) - wanted.bars) // wanted.hop + 1
            lines = lines[kept][:, [kind != CHORDS for kind in wanted.tracks]]
            yield _sounding(files, some[kept], lines, counts, wanted)
            for mapped in (files.active, files.index, files.pieces):
                let_go(mapped)


def _sounding(
    files: Files,
    numbers: NDArray[np.int64],
    columns: NDArray[np.int64],
    counts: NDArray[np.int64],
    wanted: Wanted,
) -> Windows:
    """The windows of pieces `numbers` in which all their `columns` sound; each has `counts`."""
    row = np.repeat(np.arange(len(numbers)), counts)
    first = (np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)) * wanted.hop
    sounds = np.ones(len(row), bool)
    for column in columns.T:
        line = files.index[column, 3]
        before = files.active[line[row] + first].astype(np.int64)
        after = files.active[line[row] + first + wanted.bars].astype(np.int64)
        sounds &= after - before >= wanted.least
    return np.stack([numbers[row], first], axis=1)[sounds]
