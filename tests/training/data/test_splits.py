"""Which files are one song, which split a song is in, and which source it is of."""

from pathlib import Path

import numpy as np
import pytest

from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import Score
from schmubert.training.data.assemble import held_out, split_of
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.prepare import prepare_dataset
from schmubert.training.data.shards import PrepareSettings
from tests.training.small_corpus import archive, folder, song


def test_the_split_is_by_song_and_stays_as_songs_are_added(tmp_path: Path) -> None:
    settings = PrepareSettings(validation=0.4, test=0.3)
    few = {f"{n:02}.mid": midi_bytes(song(n, 5)) for n in range(20)}
    more = few | {f"x{n:02}.mid": midi_bytes(song(100 + n, 5)) for n in range(20)}
    sides = []
    for name, content in (("few", few), ("more", more)):
        prepare_dataset(
            [folder(tmp_path / name, content)], tmp_path / f"{name}.set", settings, workers=1
        )
        dataset = Dataset.open(tmp_path / f"{name}.set")
        names, trained, tested = (
            {dataset.song(song) for song in part.songs[part.numbers].tolist()}
            for part in map(dataset.split, ("validation", "train", "test"))
        )
        sides.append((names, tested))
        assert names.isdisjoint(trained | tested)
        assert trained.isdisjoint(tested)
        assert len(names) + len(trained) + len(tested) == dataset.about.songs
    for before, after in zip(*sides, strict=True):
        assert before < after
        assert 1 <= len(before) <= 14


def test_the_share_kept_is_the_share_asked_for() -> None:
    names = [f"song {k}" for k in range(4000)]
    for share in (0.0, 0.05, 0.5):
        assert sum(held_out(name, share) for name in names) / 4000 == pytest.approx(share, abs=0.02)


def test_the_splits_do_not_depend_on_each_other() -> None:
    names = [f"song {k}" for k in range(4000)]
    usual = [split_of(name, PrepareSettings()) for name in names]
    assert usual.count(1) / 4000 == pytest.approx(0.05, abs=0.01)
    assert usual.count(2) / 4000 == pytest.approx(0.03, abs=0.01)
    assert [split == 1 for split in usual] == [held_out(name, 0.05) for name in names]
    more = [split_of(name, PrepareSettings(validation=0.2)) for name in names]
    assert [split == 2 for split in more] == [split == 2 for split in usual]
    assert all(split == 1 for split, was in zip(more, usual, strict=True) if was == 1)


def test_files_of_a_folder_stay_together(tmp_path: Path) -> None:
    content = {
        f"games/{game}/{n}.mid": midi_bytes(song(20 * game + n, 5))
        for game in range(12)
        for n in range(4)
    }
    settings = PrepareSettings(together=("games/*",), validation=0.3, test=0.3)
    prepare_dataset([folder(tmp_path / "songs", content)], tmp_path / "out", settings, workers=1)
    dataset = Dataset.open(tmp_path / "out")
    assert dataset.about.songs == len(content)
    found: dict[str, set[str]] = {}
    for name in ("train", "validation", "test"):
        split = dataset.split(name)
        for piece in split.numbers.tolist():
            game = split.path(piece).rpartition("/")[0]
            found.setdefault(game, set()).add(name)
            assert dataset.song(int(split.songs[piece])).startswith(f"{game}/")
    assert len(found) == 12
    assert all(len(names) == 1 for names in found.values())
    assert set().union(*found.values()) == {"train", "validation", "test"}


def test_a_source_is_a_folder_of_an_archive_with_a_manifest(tmp_path: Path) -> None:
    songs = {f"{name}/x/{n}.mid": midi_bytes(song(ord(name) + n)) for name in "ab" for n in (0, 9)}
    plain = archive(tmp_path / "plain.tar.gz", songs)
    told = archive(tmp_path / "told.tar.gz", {**songs, "manifest.csv": b"path\na/x/0.mid\n"})
    for source, expected in ((plain, {"plain": 4}), (told, {"a": 2, "b": 2})):
        report = prepare_dataset([source], tmp_path / source.stem, workers=1)
        assert report.about.songs_of == expected
        assert sum(report.about.splits.values()) == 4


def test_a_transposed_copy_is_the_same_song(tmp_path: Path) -> None:
    original = song(5)
    later = np.concatenate([np.zeros((32, 3), np.int64), original.tokens])
    content = {
        "a.mid": midi_bytes(original),
        "b.mid": midi_bytes(original.transposed(3)),
        "c.mid": midi_bytes(Score(later)),
        "d.mid": midi_bytes(song(6)),
    }
    prepare_dataset([folder(tmp_path / "songs", content)], tmp_path / "out", workers=1)
    dataset = Dataset.open(tmp_path / "out")
    assert [dataset.file(k).song for k in range(4)] == [0, 0, 0, 1]
