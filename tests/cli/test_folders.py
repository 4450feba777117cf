"""A folder of songs, whatever they are called: one that fails is a line, and the rest goes on."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.cli.tune import tune
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import Score
from schmubert.engine.music.vocabulary import Track

MELODY = midi_bytes(tune(), [Track.MELODY])
Model = tuple[str, Path]


@pytest.fixture
def model(tiny_model_file: Path) -> Model:
    return "--model", tiny_model_file


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def _written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MELODY)
    return path


def test_a_wrapped_song_is_found_and_its_answer_is_a_plain_file(
    tmp_path: Path, model: Model
) -> None:
    (tmp_path / "songs").mkdir()
    wrapped = b"RIFF" + (len(MELODY) + 12).to_bytes(4, "little") + b"RMIDdata"
    wrapped += len(MELODY).to_bytes(4, "little") + MELODY
    (tmp_path / "songs" / "a.rmi").write_bytes(wrapped)
    result = call("accompany", tmp_path / "songs", "--out", tmp_path / "out", *model)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "a.rmi.mid").read_bytes().startswith(b"MThd")


def test_any_name_on_disk_can_be_read_drawn_and_told(tmp_path: Path, model: Model) -> None:
    songs, plots = tmp_path / "songs", tmp_path / "plots"
    latin = os.fsdecode("caf\xe9.mid".encode("latin-1"))
    for name in (latin, r"$\frac{$.mid", "\u6771\u4eac.mid", "new\nline.mid"):
        _written(songs / name)
    words = ("--out", tmp_path / "out", "--plot", plots, *model, "--calls", 2)
    result = call("accompany", songs, *words)
    assert result.exit_code == 0, result.output
    assert "4 of 4 songs written" in result.output
    assert result.output.count("16 bars of bass") == 4
    assert "for another melody in one of them: that song alone, with --melody" in result.output
    assert len([*plots.iterdir()]) == 4
    alone = call("accompany", songs / latin, "--out", tmp_path / latin, *model, "--calls", 2)
    assert alone.exit_code == 0, alone.output
    assert "caf\xe9.mid: 16 bars of bass" in alone.output


def test_a_fault_in_one_song_leaves_the_others(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mid", "b.mid", "c.mid"):
        _written(tmp_path / "songs" / name)

    def draw(_score: Score, path: Path, *_more: object) -> None:
        if path.name == "b.png":
            raise RuntimeError("two\nlines")
        path.write_bytes(b"")

    monkeypatch.setattr("schmubert.cli.piano_roll.draw", draw)
    words = ("--out", tmp_path / "out", "--plot", tmp_path / "plots", *model, "--calls", 2)
    result = call("accompany", tmp_path / "songs", *words)
    assert result.exit_code == 1
    assert (tmp_path / "plots" / "c.png").exists()
    assert "left out b.mid: a fault of schmubert's own: RuntimeError: two lines" in result.output
    assert result.output.endswith("Error: 1 of 3 songs could not be used\n")
