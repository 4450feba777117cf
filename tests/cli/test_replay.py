import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.session.log import BEFORE_NAME, LOG_NAME, SONG_NAME
from schmubert.cli.main import main
from tests.bridge.session.sessions import Whim, kept, song, takes, whims


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, words)])


@pytest.fixture
def session(tmp_path: Path) -> tuple[Path, list[tuple[int, bytes]]]:
    """A session's folder, and what was sent in it."""
    brain = Whim(random.Random(3), float("inf"))
    ports, _, recording = kept(tmp_path, whims(3, 2.0), lambda: brain, seconds=2.5)
    assert recording.folder is not None
    assert ports.sent
    return recording.folder, [(port, message) for _, port, message in ports.sent]


def test_it_writes_the_same_bytes(session: tuple[Path, list[tuple[int, bytes]]]) -> None:
    folder, sent = session
    out = folder / "again.mid"
    result = run(folder, "--out", out, "--verify")
    assert result.exit_code == 0, result.output
    assert out.read_bytes() == (folder / SONG_NAME).read_bytes()
    assert "the same, byte for byte" in result.output
    assert "all the same" in result.output
    onsets = sum(message[0] & 0xF0 == 0x90 for _, message in sent)
    assert f"{onsets} notes of the band" in result.output


def test_nothing_is_written_over_without_force(
    session: tuple[Path, list[tuple[int, bytes]]],
) -> None:
    folder, _ = session
    out = folder / "again.mid"
    out.touch()
    result = run(folder, "--out", out)
    assert result.exit_code == 1
    assert "--force" in result.output
    assert out.read_bytes() == b""
    assert run(folder, "--out", out, "--force").exit_code == 0
    assert out.read_bytes() == (folder / SONG_NAME).read_bytes()


@pytest.mark.parametrize("name", [LOG_NAME, SONG_NAME])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_the_session_itself_is_not_written_over(
    session: tuple[Path, list[tuple[int, bytes]]], name: str, force: tuple[str, ...]
) -> None:
    folder, _ = session
    before = (folder / name).read_bytes()
    result = run(folder, "--out", folder / name, *force)
    assert result.exit_code == 1
    assert "to read: name another place with --out" in result.output
    assert (folder / name).read_bytes() == before


def test_a_missing_file_is_made_again(session: tuple[Path, list[tuple[int, bytes]]]) -> None:
    folder, _ = session
    song = folder / SONG_NAME
    whole = song.read_bytes()
    song.unlink()
    assert "was missing: made" in run(folder).output
    assert song.read_bytes() == whole


def test_a_damaged_log_says_where(session: tuple[Path, list[tuple[int, bytes]]]) -> None:
    folder, _ = session
    log = folder / LOG_NAME
    lines = log.read_bytes().split(b"\n")
    log.write_bytes(b"\n".join([*lines[:30], b"rubbish", *lines[31:]]))
    result = run(folder, "--verify")
    assert result.exit_code == 0, result.output
    assert "line 31 is damaged" in result.output
    log.write_bytes(b"rubbish")
    result = run(folder)
    assert result.exit_code == 1
    assert "no log of a session: line 1" in result.output.splitlines()[-1]


def test_a_log_that_was_changed_does_not_prove_itself(
    session: tuple[Path, list[tuple[int, bytes]]],
) -> None:
    folder, _ = session
    log = folder / LOG_NAME
    lines = log.read_bytes().splitlines(keepends=True)
    sent = next(k for k, line in enumerate(lines) if b'"Sent"' in line)
    changed = b"".join(lines[:sent] + lines[sent + 1 :])
    log.write_bytes(changed)
    assert f"line {sent + 1} is damaged" in run(folder, "--verify").output
    log.write_bytes(re.sub(rb',"crc":"[0-9a-f]+"', b"", changed))  # as by hand
    result = run(folder, "--verify")
    assert result.exit_code == 1
    assert f"line {sent + 1} says" in result.output.splitlines()[-1]
    assert "is another" in result.output


def test_it_plays_what_was_sent(
    session: tuple[Path, list[tuple[int, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[MemoryPorts] = []

    class Ports(MemoryPorts):
        named = ("output 'A': a new port",)

        def __init__(self, inputs: object, outputs: object, api: object) -> None:
            super().__init__()
            assert (inputs, outputs, api) == ((), ("A", "B"), "jack")
            opened.append(self)

    monkeypatch.setattr("schmubert.bridge.owner.ports.MidiPorts", Ports)
    folder, sent = session
    result = run(folder, "--play", "A", "--play", "B", "--api", "jack")
    assert result.exit_code == 0, result.output
    (ports,) = opened
    assert ports.closed
    assert [(port, message) for _, port, message in ports.sent] == [
        (min(port, 1), message) for port, message in sent
    ]
    assert "notes played" in result.output


def test_no_session_is_one_line(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert LOG_NAME in line
    assert "--record" in line


def test_a_take_from_the_midst_is_verified_by_what_went_in_before(tmp_path: Path) -> None:
    (take,) = takes(tmp_path, song(), (4.5, 8.0))
    done = run(take, "--verify")
    assert done.exit_code == 0, done.output
    assert "all the same" in done.output
    assert "breaks off" not in done.output
    (take / BEFORE_NAME).unlink()
    done = run(take, "--verify")
    assert done.exit_code == 1
    assert "no before.jsonl" in done.output.splitlines()[-1]
