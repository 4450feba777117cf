"""What a command reads is never what it writes over, nor is a device, with --force or without."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.cli.tune import tune
from schmubert.engine.diffusion import compose
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import Score
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.keys import make


def call(words: str, model: Path) -> Result:
    return CliRunner().invoke(main, [*words.split(), "--calls", "2", "--model", str(model)])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model_file: Path) -> Path:
    """A folder of a song, songs by any name, charts and a model."""
    monkeypatch.chdir(tmp_path)
    tokens = tune().tokens.copy()
    tokens[::4, Track.DRUMS] = 1
    for name in ("in.mid", "like.mid", "to.png"):
        Path(name).write_bytes(
            midi_bytes(replace(tune(), tokens=tokens), [Track.MELODY, Track.DRUMS])
        )
    for name in ("chart.txt", "chart.png"):
        Path(name).write_text("Am F C G7")
    for path in map(Path, ("g/1.mid", "g/1.png", "answers/1.mid", "demo/demo.mid")):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(Path("like.mid").read_bytes())
    Path("own.onnx").write_bytes(tiny_model_file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("force", ["", " --force"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "generate --like g/1.mid --out g",
            "g/1.mid is a song to read: name another place with --out",
        ),
        (
            "generate --like g/1.png --out o --plot g",
            "g/1.png is a file to read: name another place with --plot",
        ),
        (
            "accompany g --out answers --like answers/1.mid",
            "answers/1.mid is a song to read: name another place with --out",
        ),
        (
            "interpolate in.mid like.mid --out like.mid --bars 2",
            "like.mid is a song to read: name another place with --out",
        ),
        (
            "interpolate in.mid to.png --out o.mid --plot to.png --bars 2",
            "to.png is a file to read: name another place with --plot",
        ),
        (
            "accompany in.mid --out like.mid --like like.mid",
            "like.mid is a song to read: name another place with --out",
        ),
        (
            "accompany in.mid --out o.mid --plot to.png --like to.png",
            "to.png is a file to read: name another place with --plot",
        ),
        (
            "accompany in.mid --out chart.txt --chords @chart.txt",
            "chart.txt is a file to read: name another place with --out",
        ),
        (
            "accompany in.mid --out o.mid --plot chart.png --chords @chart.png",
            "chart.png is a file to read: name another place with --plot",
        ),
        (
            "continue in.mid --out own.onnx --bars 2",
            "own.onnx is a file to read: name another place with --out",
        ),
        (
            "infill in.mid --out o.png --plot o.png --bars 2",
            "o.png is where --out writes, too: name another place with --plot",
        ),
    ],
)
def test_what_is_read_stays(here: Path, words: str, said: str, force: str) -> None:
    before = _files(here)
    result = call(words + force, Path("own.onnx"))
    assert (result.exit_code, result.output) == (1, f"Error: {said}\n")
    assert _files(here) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("demo --melody demo/demo.mid --no-sound", "demo/demo.mid is a song to read"),
        ("export-onnx own.onnx --out own.onnx", "own.onnx is a file to read"),
        ("import-weights own.onnx --out own.safetensors", "own.safetensors is a file to read"),
        ("keygen own --engine own.pub", "own.pub is the engine's key: give the player another"),
    ],
)
@pytest.mark.parametrize("force", ["", " --force"])
def test_other_commands_spare_what_they_read(here: Path, words: str, said: str, force: str) -> None:
    make(Path("own"))
    Path("own.safetensors").hardlink_to("own.onnx")
    before = _files(here)
    result = CliRunner().invoke(main, (words + force).split())
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {said}")
    assert _files(here) == before


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
@pytest.mark.parametrize("force", ["", " --force"])
def test_a_pipe_stays_a_pipe(force: str) -> None:
    os.mkfifo("pipe")
    for places in ("--out pipe", "--out o.mid --plot pipe"):
        result = call(f"accompany in.mid {places}{force}", Path("own.onnx"))
        said = "Error: pipe is a device or a pipe, not a file: name another place\n"
        assert (result.exit_code, result.output) == (1, said)
    assert Path("pipe").is_fifo()
    assert not Path("o.mid").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_a_link_to_itself_is_no_song_and_no_model_and_no_place_for_pieces() -> None:
    Path("loop").symlink_to("loop")
    for words in (
        "accompany in.mid --out loop/o.mid",
        "accompany in.mid --out o.mid --model loop",
        "accompany loop --out o.mid",
        "generate --out loop --count 1",
        "template ardour --out loop",
        "export-onnx loop --out o.onnx",
    ):
        result = CliRunner().invoke(main, words.split())
        assert result.exit_code in (1, 2), words
        assert "loop" in result.output.splitlines()[-1], result.output
        assert isinstance(result.exception, SystemExit), words


def test_what_another_process_writes_meanwhile_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = compose.accompany

    def slowly(*given: Any) -> Score:
        Path("o.mid").write_bytes(b"theirs")
        return made(*given)

    monkeypatch.setattr(compose, "accompany", slowly)
    result = call("accompany in.mid --out o.mid", Path("own.onnx"))
    assert result.exit_code == 1
    assert "o.mid exists: choose another name, or write over it (--force" in result.output
    assert Path("o.mid").read_bytes() == b"theirs"
    assert call("accompany in.mid --out o.mid --force", Path("own.onnx")).exit_code == 0
    assert Path("o.mid").read_bytes() != b"theirs"


def test_other_places_are_written_to(here: Path) -> None:
    words = "accompany in.mid --out o.mid --plot p.png --like like.mid --chords @chart.txt"
    result = call(words, Path("own.onnx"))
    assert result.exit_code == 0, result.output
    names = {path.name for path in here.iterdir()}
    assert {"o.mid", "p.png", "like.mid", "chart.txt"} <= names
    assert not [name for name in names if name.endswith(".part")]
