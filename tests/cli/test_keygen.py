"""`schmubert keygen`: the files, and what is said of them."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.engine.service.keys import player_key, public_key


def keygen(*words: object) -> Result:
    return CliRunner().invoke(main, ["keygen", *map(str, words)])


def test_it_says_who_gets_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = keygen("studio")
    assert made.exit_code == 0
    assert made.output.splitlines()[0] == "studio.key: secret, for you alone"
    assert "schmubert keygen NAME --engine studio.pub" in made.output
    assert "--key studio.key --players FOLDER" in made.output
    made = keygen("anna", "--engine", "studio.pub")
    assert made.exit_code == 0
    assert "schmubert-bridge --engine tcp://HOST:28765 --key anna.key" in made.output
    assert player_key(Path("anna.key")).engine == public_key(Path("studio.pub"))
    secret = player_key(Path("anna.key")).secret.decode()
    assert secret not in made.output + Path("anna.pub").read_text()
    if os.name == "posix":
        assert Path("anna.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_there_is_kept_unless_that_is_said(tmp_path: Path) -> None:
    assert keygen(tmp_path / "anna").exit_code == 0
    before = (tmp_path / "anna.key").read_text()
    again = keygen(tmp_path / "anna")
    assert again.exit_code == 1
    assert "anna.key is there already: take another name, or --force" in again.output
    assert (tmp_path / "anna.key").read_text() == before
    assert keygen(tmp_path / "anna", "--force").exit_code == 0
    assert (tmp_path / "anna.key").read_text() != before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("anna", "--engine", "nowhere.pub"), "nowhere.pub: No such file"),
        (("nowhere/anna",), "there is no folder nowhere"),
        (("noise/anna",), "noise is a file, not a folder: name another place"),
        (("anna", "--engine", "noise"), "noise is no public key"),
    ],
)
def test_what_goes_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("noise").write_bytes(os.urandom(300))
    failed = keygen(*words)
    assert failed.exit_code == 1
    (line,) = failed.output.splitlines()
    assert line.startswith("Error: ")
    assert says in line
    assert not Path("anna.key").exists()
