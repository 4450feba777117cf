"""A log that anybody wrote: replay, export and verification never meet what cannot be."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schmubert.bridge.session.log import LOG_NAME
from schmubert.cli.main import main
from tests.bridge.session.sessions import Whim, kept, whims

HOSTILE = (
    *(0, -1, 99, 1e308, -1e308, 2**63, -(2**63), 0.5, None, True, "", "x", [], {}, [[]]),
    *("\x1b[2J", "////", "kDz/"),
)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    brain = Whim(random.Random(3), float("inf"))
    folder = tmp_path_factory.mktemp("session")
    _, _, recording = kept(folder, whims(3, 2.0), lambda: brain, seconds=2.5)
    assert recording.folder is not None
    return (recording.folder / LOG_NAME).read_bytes().splitlines(keepends=True)


def replayed(path: Path, data: bytes, *words: str) -> Result:
    log = path / LOG_NAME
    log.write_bytes(data)
    for old in (path / "session.mid", path / "out.mid"):
        old.unlink(missing_ok=True)
    result = CliRunner().invoke(main, ["replay", str(path), *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert all(c.isprintable() or c == "\n" for c in result.output)
    if result.exit_code:
        assert result.output.splitlines()[-1].startswith("Error: ")
    return result


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value inside `value`."""
    found = [way] if way else []
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, one in inside:
        found += places(one, (*way, key))
    return found


def changed(line: bytes, draw: Callable[[list[Any]], Any]) -> bytes:
    said = json.loads(line)
    *way, last = draw(places(said))
    inner = said
    for key in way:
        inner = inner[key]
    inner[last] = draw(list(HOSTILE))
    return json.dumps(said).encode() + b"\n"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_log_with_any_value_changed_is_replayed_or_named(
    data: st.DataObject, lines: list[bytes], tmp_path: Path
) -> None:
    number = data.draw(st.integers(0, len(lines) - 1) | st.just(0))
    other = list(lines)
    other[number] = changed(lines[number], lambda of: data.draw(st.sampled_from(of)))
    replayed(tmp_path, b"".join(other), "--verify", "--out", str(tmp_path / "out.mid"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.integers(0, 5000), rubbish=st.binary(max_size=60))
def test_a_log_with_rubbish_in_it_is_replayed_or_named(
    lines: list[bytes], tmp_path: Path, cut: int, rubbish: bytes
) -> None:
    whole = b"".join(lines)
    replayed(tmp_path, whole[:cut] + rubbish + whole[cut + 7 :], "--verify")


@pytest.mark.parametrize("number", [0, 5])
@pytest.mark.parametrize("text", [b"[" * 200_000, b'{"a":' * 100_000, b"x" * 3_000_000])
def test_a_line_that_goes_deep_or_on_and_on_is_damaged(
    lines: list[bytes], tmp_path: Path, number: int, text: bytes
) -> None:
    result = replayed(tmp_path, b"".join([*lines[:number], text, b"\n", *lines[number + 1 :]]))
    said = "no log of a session: line 1" if number == 0 else "line 6 is damaged"
    assert said in result.output


@pytest.mark.parametrize(
    ("kind", "field", "value", "said"),
    [
        ("Moved", "tempo_bpm", 0, "tempo 0 is outside"),
        ("Moved", "at_s", 1e308, "time 1e+308 is outside"),
        ("Sent", "port", 99, "output 99 is outside 0..2"),
        ("Sent", "message", "kDz/", "90 3c ff is no MIDI message"),
        ("Came", "port", 99, "input 99 is outside 0..1"),
        ("Heard", "velocity", 255, "velocity 255 is outside 0..127"),
    ],
)
def test_the_line_and_what_is_wrong_in_it_are_named(
    lines: list[bytes], tmp_path: Path, kind: str, field: str, value: object, said: str
) -> None:
    records = [json.loads(line) for line in lines]
    for record in records:
        record.pop("crc", None)  # as logs of earlier releases are
    number = next(n for n, one in enumerate(records) if one.get("what", {}).get("type") == kind)
    records[number]["what"][field] = value
    data = b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in records)
    result = replayed(tmp_path, data)
    assert f"line {number + 1} is damaged ({said}" in result.output


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("began", "\x1b[2J"),
        ("at_s", 1e999),
        ("rig", {"clock": 99}),
        ("timing", {"tempo_bpm": -1}),
        ("setup", {"controls": [{"type": "Control", "name": "nothing", "value": 1.0}]}),
        ("setup", {"controls": [{"type": "Control", "name": "swing", "value": 1e9}]}),
    ],
)
def test_what_was_played_with_is_checked_too(
    lines: list[bytes], tmp_path: Path, field: str, value: Any
) -> None:
    head = json.loads(lines[0])
    head[field] = {**head[field], **value} if isinstance(value, dict) else value
    result = replayed(tmp_path, json.dumps(head).encode() + b"\n" + b"".join(lines[1:]))
    assert result.exit_code == 1
    assert "no log of a session: line 1" in result.output
