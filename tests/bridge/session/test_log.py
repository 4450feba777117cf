from pathlib import Path

import pytest

from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.session.log import LOG_NAME, Log, line
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import (
    SESSION,
    kept,
    quiet,
    song,
)


@pytest.mark.parametrize("cut", [2, 7, 40])
def test_a_log_cut_off_is_used_up_to_there(tmp_path: Path, cut: int) -> None:
    _, seen, recording = kept(tmp_path, song(), quiet)
    assert recording.folder is not None
    path = recording.folder / LOG_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    log = Log(path)
    read = list(log)
    assert read == seen[: len(read)]
    assert len(read) == whole[:-cut].count(b"\n") - 1
    assert log.damage is not None
    number = whole[:-cut].count(b"\n") + 1
    assert log.damage.startswith(f"line {number} is damaged")
    assert verify_session(log.session, read).difference is None


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    _, seen, recording = kept(tmp_path, song(), quiet)
    assert recording.folder is not None
    path = recording.folder / LOG_NAME
    lines = path.read_bytes().split(b"\n")
    lines[20] = lines[20].replace(b":", b";", 1)
    path.write_bytes(b"\n".join(lines))
    log = Log(path)
    assert list(log) == seen[:19]
    assert log.damage == "line 21 is damaged: what is before it is used"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"", "no log of a session"),
        (b"{}\n", "no log of a session"),
        (b"\xff\xfe\n", "no log of a session"),
        (b'{"type":"Session","format":99}\n', "format 99"),
    ],
)
def test_what_is_no_log_says_so(tmp_path: Path, head: bytes, says: str) -> None:
    path = tmp_path / LOG_NAME
    path.write_bytes(head)
    with pytest.raises(ValueError, match=says):
        Log(tmp_path)


def test_a_line_is_json_for_others_too() -> None:
    text = line(Record(1.5, Sent(0, b"\x90\x40\x40", 1.25)))
    assert text == (
        b'{"at_s":1.5,"what":{"type":"Sent","port":0,"message":"kEBA","wanted_s":1.25}}\n'
    )
    assert b'"setup":{"type":"Setup"' in line(SESSION)
    assert Settings in type(SESSION).__annotations__.values()
