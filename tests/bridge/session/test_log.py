import json
import zlib
from pathlib import Path

import pytest

from schmubert.bridge.protocol.events import Ended, Record, Sent
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.session.log import LOG_NAME, Log, line
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import (
    SESSION,
    kept,
    quiet,
    song,
)
from tests.damage import damaged, flipped


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


def test_every_line_has_a_checksum_of_all_up_to_it(tmp_path: Path) -> None:
    _, seen, recording = kept(tmp_path, song(), quiet)
    assert recording.folder is not None
    path = recording.folder / LOG_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    checksum = 0
    for text in lines:
        said = json.loads(text)
        checksum = zlib.crc32(text[: text.rindex(b',"crc"')] + b"}\n", checksum)
        assert said["crc"] == f"{checksum:08x}"
    for changed in (
        [*lines[:9], *lines[10:]],
        [*lines[:9], lines[10], lines[9], *lines[11:]],
        [*lines[:9], lines[8], *lines[9:]],
    ):
        path.write_bytes(b"".join(changed))
        log = Log(path)
        assert list(log) == seen[:8]
        assert log.damage == "line 10 is damaged: what is before it is used"


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    _, seen, recording = kept(tmp_path, song(), quiet)
    assert recording.folder is not None
    path = recording.folder / LOG_NAME
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    in_the_first_line = (flipped(whole, bit) for bit in range(8 * (first - 24), 8 * first))
    for data in (*damaged(whole, 50), *in_the_first_line):
        path.write_bytes(data)
        if data[:first] != whole[:first]:
            with pytest.raises(ValueError, match=LOG_NAME):
                Log(path)
        else:
            log = Log(path)
            read = list(log)
            assert read == seen[: len(read)]
            assert log.damage is not None


def test_a_log_without_checksums_is_read(tmp_path: Path) -> None:
    records = [Record(1.5, Sent(0, b"\x90\x40\x40", 1.25)), Record(2.0, Ended())]
    (tmp_path / LOG_NAME).write_bytes(b"".join(map(line, [SESSION, *records])))
    log = Log(tmp_path)
    assert (log.session, list(log), log.damage) == (SESSION, records, None)
