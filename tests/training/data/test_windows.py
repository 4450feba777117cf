"""Windows of many pieces are looked for a part after another."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.data import windows
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.layout import PARTS, PIECE, Files

BARS = 20


def made_of(pieces: int, about: Any = None) -> Dataset:
    """A dataset of so many `pieces`; all three columns of each are one of ten that always sound."""
    rows = np.zeros(pieces, PIECE)
    for kind in ("melody", "bass", "drums"):
        rows[kind] = np.random.default_rng(len(kind)).integers(10, size=pieces)
    rows["bars"], rows["beats"], rows["cells"] = BARS, COMMON.beats, COMMON.cells
    index = np.zeros((10, 4), np.int64)
    index[:, 3] = np.arange(10) * (BARS + 1)
    active = np.tile(np.arange(BARS + 1, dtype=np.uint16), 10)
    empty = {part: np.zeros(0, kind.base) for part, kind in PARTS.items()}
    return Dataset(about, Files(**{**empty, "pieces": rows, "index": index, "active": active}))


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_parts_make_the_whole(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    split = made_of(3000).split("train")
    rows = np.stack([split.dataset.pieces[kind] for kind in ("melody", "bass", "drums")], axis=1)
    first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
    expected = [[number, bar] for number in first.tolist() for bar in (0, 4)]
    monkeypatch.setattr(windows, "PIECES_AT_ONCE", at_once)
    assert split.windows(16, 4).tolist() == expected
    assert split.count_windows(16, 4, TRIO) == len(expected)


def test_windows_of_many_pieces_are_counted_in_no_more_memory() -> None:
    def peak(pieces: int) -> int:
        split = made_of(pieces).split("train")
        tracemalloc.start()
        assert split.count_windows(16, 4, TRIO[:2]) == 200
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(12_000)  # what is kept once, however many come
    assert peak(48_000) < 1.2 * peak(12_000)
