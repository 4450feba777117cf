"""Files that a player names: what is wrong with one is said before a port is opened."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schmubert.bridge.choices.files import can_be_used, is_a_song
from schmubert.bridge.protocol.settings import Settings
from schmubert.cli.tune import tune
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.smf import midi_file, track_body
from schmubert.engine.music.styles import song_to_play_like
from schmubert.engine.networks.model_file import default_model
from tests import tiny_model
from tests.bridge.called import Performance, performances, run
from tests.bridge.test_command import NoPorts

BAND = ("--in", "A", "--out", "Bass")


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[Performance]:
    NoPorts.asked.clear()
    return performances(monkeypatch, NoPorts)


def broken_models(folder: Path) -> Iterator[tuple[Path, str]]:
    whole = tiny_model.write(folder / "whole.onnx").read_bytes()
    flipped = bytearray(default_model().read_bytes())  # it has a checksum
    flipped[len(flipped) // 2] ^= 1
    for name, data, says in (
        ("empty.onnx", b"", "is no model of schmubert's, or not all of one: name one"),
        ("cut.onnx", whole[: len(whole) // 2], "not all of one"),
        ("flipped.onnx", bytes(flipped), "it is damaged, .*; get it again"),
        ("picture.onnx", b"GIF89a" * 99, "is no model of schmubert's"),
        ("picture.safetensors", b"GIF89a" * 99, "is no model of schmubert's"),
        ("notes.txt", whole, "a model ends in .onnx or .safetensors"),
    ):
        (folder / name).write_bytes(data)
        yield folder / name, says


def broken_songs(folder: Path) -> Iterator[tuple[Path, str]]:
    whole = midi_bytes(tune())
    for name, data, says in (
        ("empty.mid", b"", "cannot play like .*; name a MIDI file"),
        ("cut.mid", whole[:9], "cannot play like .*: its header is cut off; name a MIDI file"),
        ("picture.mid", b"GIF89a" * 99, "cannot play like .*; name a MIDI file"),
        ("silent.mid", midi_file(480, [track_body([], 480)]), "it holds no note; name another"),
    ):
        (folder / name).write_bytes(data)
        yield folder / name, says


@pytest.mark.parametrize("address", [(), ("--engine", "tcp://127.0.0.1:1")])
def test_a_file_that_is_none_of_its_kind_is_said_before_a_port_is_opened(
    performed: list[Performance], tmp_path: Path, address: tuple[str, ...]
) -> None:
    broken = [("--model", *one) for one in broken_models(tmp_path)]
    broken += [("--like", *one) for one in broken_songs(tmp_path)]
    for option, path, says in broken:
        result = run(*BAND, *address, option, str(path))
        assert result.exit_code == 1, path
        last = result.output.splitlines()[-1]
        assert last.startswith("Error: ")
        with pytest.raises(ValueError, match=says):
            raise ValueError(last)
    assert not performed
    assert not NoPorts.asked


def test_what_is_whole_is_played(performed: list[Performance], tmp_path: Path) -> None:
    model, song = tiny_model.write(tmp_path / "whole.onnx"), tmp_path / "song.mid"
    song.write_bytes(midi_bytes(tune()))
    result = run(*BAND, "--model", str(model), "--like", str(song), "--set", "style=song")
    assert result.exit_code == 0, result.output
    assert performed


def test_what_is_no_song_is_none_to_the_brain_either(tmp_path: Path) -> None:
    for path, _ in broken_songs(tmp_path):
        with pytest.raises(ValueError, match="cannot play like"):
            song_to_play_like(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads all")
def test_what_must_not_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(tune()))
    path.chmod(0)
    with pytest.raises(PermissionError):
        can_be_used(Settings(like=str(path)))


def test_nothing_that_computes_is_loaded_for_it(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(tune()))
    is_a_song(path)
    code = (
        "import sys; from pathlib import Path;"
        " from schmubert.bridge.choices.files import is_a_song;"
        f" is_a_song(Path({str(path)!r}));"
        " sys.exit(bool({'numpy', 'symusic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
