"""The dataset: what is read out of it is what was in the songs, and windows are where it sounds."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.music.score import STEPS_PER_BAR, Score, canonical
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.training.data.dataset import Dataset, Split
from tests.engine.music.corpus_trios import trios_of
from tests.training.small_corpus import files, prepared

CONTENT = files(12)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), CONTENT, 0.3))


def splits(dataset: Dataset) -> list[Split]:
    return [dataset.split(name) for name in ("train", "validation", "test")]


def test_every_window_is_that_of_the_song(dataset: Dataset) -> None:
    compared = 0
    for split in splits(dataset):
        for piece in split.numbers:
            columns = dataset.columns(np.array([piece]))
            if (columns < 0).any():
                continue
            (trio,) = trios_of(CONTENT[split.path(piece)])
            assert split.tempo_bpm(piece) == pytest.approx(trio.tempo_bpm)
            for first in range(0, trio.bars - 4, 3):
                found = split.tokens(piece, first, 4)
                np.testing.assert_array_equal(found, trio.window(first, 4).tokens)
                compared += 1
    assert compared > 20


@settings(deadline=None)
@given(st.data())
def test_a_batch_is_canonical_and_absent_tracks_are_masked(
    dataset: Dataset, data: st.DataObject
) -> None:
    split = data.draw(st.sampled_from(splits(dataset)[:2]))
    bars = data.draw(st.integers(1, 16))
    piece = st.sampled_from(split.numbers.tolist())
    rows = data.draw(st.lists(piece, min_size=1, max_size=4))
    lengths = dataset.pieces["bars"]
    windows = np.array([[p, data.draw(st.integers(0, int(lengths[p]) - bars))] for p in rows])
    batch = split.batch(windows, bars)
    assert batch.dtype == np.int64
    assert batch.shape == (len(rows), bars * STEPS_PER_BAR, 3)
    for (number, first), tokens in zip(windows, batch, strict=True):
        np.testing.assert_array_equal(canonical(tokens), tokens)
        np.testing.assert_array_equal(split.tokens(number, first, bars), tokens)
        Score(tokens)
        absent = dataset.columns(np.array([number]))[0] < 0
        np.testing.assert_array_equal((tokens == MASK).all(axis=0), absent)
        np.testing.assert_array_equal((tokens == MASK).any(axis=0), absent)


@settings(deadline=None)
@given(
    bars=st.integers(1, 24),
    hop=st.integers(1, 20),
    tracks=st.lists(st.sampled_from(TRIO), min_size=1, max_size=3, unique=True),
    on_grid=st.sampled_from([0.0, 0.99]),
    sounding=st.sampled_from(
        [Fraction(n, d) for n, d in ((1, 3), (1, 2), (1, 4), (7, 10), (1, 1))]
    ),
)
def test_windows_are_where_every_track_sounds(
    dataset: Dataset, bars: int, hop: int, tracks: list[Track], on_grid: float, sounding: Fraction
) -> None:
    for split in splits(dataset):
        expected = []
        seen = set()
        for number in split.numbers:
            row = dataset.pieces[number]
            columns = tuple(dataset.columns(np.array([number]), tracks)[0].tolist())
            if min(columns) < 0 or columns in seen or row["on_grid"] < on_grid:
                continue
            seen.add(columns)
            for first in range(0, row["bars"] - bars + 1, hop):
                tokens = split.tokens(number, first, bars)[:, tracks]
                onsets = tokens >= np.where(np.array(tracks) == Track.DRUMS, 1, 2)
                active = onsets.reshape(bars, STEPS_PER_BAR, -1).any(axis=1).sum(axis=0)
                if (sounding.denominator * active >= sounding.numerator * bars).all():
                    expected.append([number, first])
        found = split.windows(bars, hop, tracks, on_grid, float(sounding))
        assert found.tolist() == expected
        if sounding == Fraction(1, 3):
            assert split.windows(bars, hop, tracks, on_grid).tolist() == expected
            assert on_grid or split.count_windows(bars, hop, tracks) == len(expected)


def test_starts_lead_to_the_same_tokens(dataset: Dataset) -> None:
    split = dataset.split("train")
    windows = split.windows(8, 4)
    starts = split.starts(windows)
    batch = split.batch(windows, 8)
    drums = np.stack([dataset.tokens[start : start + 128] for start in starts[:, Track.DRUMS]])
    np.testing.assert_array_equal(drums, batch[..., Track.DRUMS])
    alone = np.flatnonzero(dataset.pieces["bass"] < 0)[:1]
    rows = np.stack([alone, np.zeros_like(alone)], axis=1)
    assert split.starts(rows)[0, 1:].tolist() == [-1, -1]


def test_the_splits_share_no_song(dataset: Dataset) -> None:
    train, validation, test = splits(dataset)
    assert len(train.numbers)
    assert len(validation.numbers)
    parts = [set(part.songs[part.numbers].tolist()) for part in (train, validation, test)]
    assert len(set().union(*parts)) == sum(map(len, parts))
    assert sum(len(part.numbers) for part in (train, validation, test)) == len(dataset.pieces)
    assert {train.title(piece) for piece in train.numbers} <= {f"{n:02}" for n in range(12)}
    assert (train.on_grid[train.numbers] == 1.0).all()
    with pytest.raises(ValueError, match="no split 'all'; there are train, validation, test"):
        dataset.split("all")


def test_windows_that_cannot_be(dataset: Dataset) -> None:
    split = dataset.split("train")
    assert split.windows(1000).shape == (0, 2)
    for bars, hop, tracks in ((0, 1, TRIO), (4, 0, TRIO), (4, 1, ())):
        with pytest.raises(ValueError, match="no windows of"):
            split.windows(bars, hop, tracks)
    for sounding in (0.0, -0.5, 1.01, float("nan")):
        with pytest.raises(ValueError, match="share of"):
            split.windows(4, sounding=sounding)
    piece = int(split.numbers[0])
    length = int(dataset.pieces["bars"][piece])
    for first, bars in ((-1, 4), (length - 3, 4), (0, 0)):
        with pytest.raises(ValueError, match="leaves its piece"):
            split.tokens(piece, first, bars)


def test_folders_that_hold_no_dataset(tmp_path: Path) -> None:
    for folder_ in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ValueError, match="run `schmubert prepare SOURCE --out"):
            Dataset.open(folder_)
    data = prepared(tmp_path, CONTENT, 0.05)
    (columns,) = data.glob("columns-*.bin")
    columns.write_bytes(columns.read_bytes()[:-64])
    with pytest.raises(ValueError, match=rf"{columns.name} is damaged\).*--out {data} --force"):
        Dataset.open(data)
    about = data / "dataset.json"
    said = json.loads(about.read_text())
    for wrong, words in (
        (json.dumps({**said, "format": 1}), "has format 1, this schmubert reads 2"),
        (json.dumps({"format": 2}), "cannot be used"),
        ("{}", "cannot be used"),
        ("no json", "cannot be used"),
    ):
        about.write_text(wrong)
        with pytest.raises(ValueError, match=rf"{words}.*--out {data} --force") as caught:
            Dataset.open(data)
        assert "\n" not in str(caught.value)
