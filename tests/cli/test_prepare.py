from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.cli.tune import tune
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.vocabulary import Track
from schmubert.training.data.dataset import Dataset


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    (folder / "pop").mkdir(parents=True)
    for semitones in range(4):
        data = midi_bytes(tune().transposed(semitones), [Track.MELODY])
        (folder / "pop" / f"{semitones}.mid").write_bytes(data)
    (folder / "broken.mid").write_bytes(b"MThd")
    return folder


def prepare(*words: object) -> Result:
    return CliRunner().invoke(main, ["prepare", *map(str, words), "--workers", "1"])


def test_a_folder_becomes_a_dataset_and_a_table(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    result = prepare(songs, "--out", out, "--drum-map", "thesis", "--drum-map", "pop/*=published")
    assert result.exit_code == 0, result.output
    assert "damaged" in result.output
    assert "files a second" in result.output
    about = Dataset.open(out).about
    assert (about.files, about.files_used) == (5, 4)
    assert about.settings.drum_map == "thesis"
    assert (about.settings.validation, about.settings.test, about.settings.together) == (
        0.05,
        0.03,
        (),
    )
    assert about.settings.drum_maps == (("pop/*", "published"),)
    again = prepare(songs, "--out", out, "--drum-map", "thesis", "--drum-map", "pop/*=published")
    assert again.exit_code == 0
    assert "nothing to do" in again.output


def test_splits_are_asked_for(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    result = prepare(songs, "--out", out, "--together", "pop/*", "--validation", 0, "--test", 0.999)
    assert result.exit_code == 0, result.output
    assert "songs for test" in result.output
    dataset = Dataset.open(out)
    assert dataset.about.settings.together == ("pop/*",)
    assert len(dataset.split("test").numbers) == len(dataset.pieces) > 0


def test_bad_input_is_one_line(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    for words, said in [
        ((songs, "--out", out, "--drum-map", "jazz"), "no drum map 'jazz'"),
        ((songs, "--out", out, "--drum-map", "pop/*=jazz"), "no drum map 'jazz'"),
        ((tmp_path / "none", "--out", out), "none"),
        ((tmp_path, "--out", songs), str(songs)),
    ]:
        result = prepare(*words)
        assert result.exit_code == 1, result.output
        assert said in result.output
        assert len([line for line in result.output.splitlines() if "Error" in line]) == 1
    assert not out.exists()
    assert sorted(path.name for path in songs.iterdir()) == ["broken.mid", "pop"]
