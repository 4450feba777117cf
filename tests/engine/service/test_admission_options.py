"""Whom an engine lets in: its options, and the folder of players."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from schmubert.engine.__main__ import engine_command
from schmubert.engine.service.admission import Players
from schmubert.engine.service.keys import make, public_key


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "schmubert.engine", *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_other_computers_need_keys() -> None:
    ended = run("--bind", "tcp://0.0.0.0:*")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Error: other computers reach tcp://0.0.0.0:")
    assert "--anyone-may-connect where you trust everybody" in line
    assert ended.stdout == ""


def test_options_that_do_not_go_together_are_told(tmp_path: Path) -> None:
    key, public = map(str, make(tmp_path / "studio"))
    players, lost = str(tmp_path), str(tmp_path / "nowhere")
    for words, says in (
        (("--key", key), "go together"),
        (("--players", players), "go together"),
        (("--key", key, "--players", players, "--anyone-may-connect"), "keep strangers out"),
        (("--key", key, "--players", lost), "there is no such folder or file"),
        (("--key", lost, "--players", players), "nowhere: No such file"),
        (("--key", public, "--players", players), "is no secret key"),
    ):
        ended = CliRunner().invoke(engine_command, ["--bind", "tcp://127.0.0.1:*", *words])
        assert ended.exit_code in (1, 2)
        assert says in ended.output.splitlines()[-1]


def test_anyone_may_connect_where_that_is_said(tiny_model_file: Path) -> None:
    words = ["--bind", "tcp://0.0.0.0:*", "--anyone-may-connect", "--linger-s", "0.1"]
    ended = run(*words, "--model", str(tiny_model_file), "--device", "cpu")
    assert ended.returncode == 0
    assert ended.stderr == "whoever reaches this address can use this engine\n"


def test_players_are_a_folder_or_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key, public = make(tmp_path / "anna")
    anna = public_key(public)
    alone = Players(public)
    assert alone.callback("", anna)
    assert not alone.callback("", b"x" * 40)
    with pytest.raises(ValueError, match="is a secret key"):
        Players(key)
    folder = tmp_path / "players"
    folder.mkdir()
    players = Players(folder)
    assert not players
    assert not players.callback("", anna)
    (folder / "noise.pub").write_bytes(b"noise")
    shutil.copy(key, folder)  # a secret does not belong there, and opens nothing
    assert not players.callback("", anna)
    assert "passed over: " in caplog.text
    shutil.copy(public, folder)
    assert players.callback("", anna)
    assert len(players) == 1
    shutil.rmtree(folder)
    assert not players.callback("", anna)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_a_folder_to_which_others_can_add_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ValueError, match=f"others can add players to {tmp_path}: chmod o-w"):
        Players(tmp_path)
