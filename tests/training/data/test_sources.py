"""Drawing by source: nothing said is as ever, and what is said is what is drawn."""

import numpy as np
import pytest

from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.data.batches import SongWindows, weighed, windows_by_song
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.data.prepare import prepare_dataset
from schmubert.training.data.shards import PrepareSettings
from tests.training.small_corpus import archive, song

SONGS = {"few": 2, "many": 6}


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    path = tmp_path_factory.mktemp("data")
    content = {
        f"{source}/{n}.mid": midi_bytes(song(10 * len(source) + n, 16 + 8 * n))
        for source, count in SONGS.items()
        for n in range(count)
    }
    packed = archive(path / "songs.tar.gz", {"manifest.csv": b"path\nfew/0.mid\n", **content})
    settings = PrepareSettings(validation=0.0, test=0.0)
    prepare_dataset([packed], path / "out", settings, workers=1)
    return Dataset.open(path / "out").split("train")


@pytest.fixture
def windows(split: Split) -> SongWindows:
    return windows_by_song(split, 8, 2, TRIO, 0.0)


def drawn(split: Split, windows: SongWindows, count: int = 4000) -> dict[str, float]:
    """How often each source is drawn, as a share."""
    rows = windows.draw(count, np.random.default_rng(0))
    sources = split.sources[rows[:, 0]]
    names = split.dataset.source_names
    return {name: float((sources == k).mean()) for k, name in enumerate(names)}


def test_each_song_is_as_likely_where_nothing_is_said(split: Split, windows: SongWindows) -> None:
    assert weighed(split, windows, {}) is windows
    for equal in (windows, weighed(split, windows, {"few": 1.0, "many": 1.0})):
        assert drawn(split, equal)["few"] == pytest.approx(2 / 8, abs=0.03)
        songs = split.songs[equal.draw(8000, np.random.default_rng(1))[:, 0]]
        assert np.bincount(songs) / 8000 == pytest.approx(np.full(8, 1 / 8), abs=0.02)


def test_a_weight_counts_for_each_song_of_its_source(split: Split, windows: SongWindows) -> None:
    assert drawn(split, weighed(split, windows, {"many": 0.5}))["few"] == pytest.approx(
        2 / 5, abs=0.03
    )
    assert drawn(split, weighed(split, windows, {"many": 0.0})) == {"few": 1.0, "many": 0.0}


def test_weights_that_leave_nothing_or_are_of_nobody(split: Split, windows: SongWindows) -> None:
    with pytest.raises(ValueError, match="no source 'man'; there are few, many"):
        weighed(split, windows, {"man": 1.0})
    for none in ({"few": 0.0, "many": 0.0}, {"few": -1.0}, {"few": float("nan")}):
        with pytest.raises(ValueError, match="leave nothing to draw"):
            weighed(split, windows, none)
