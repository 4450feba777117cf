"""A log that an earlier release left is still read, verified and written as the same MIDI file."""

from collections import Counter
from pathlib import Path

import pytest

from schmubert.bridge.session.log import LOG_NAME, SONG_NAME, Log, line
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import midi_of

FOLDER = Path(__file__).with_name("format_1")
"""Format 1: a start, a loop, a stop, a brain that died, a port that went, knobs and chords."""


@pytest.fixture
def log() -> Log:
    return Log(FOLDER)


def test_every_line_is_read(log: Log) -> None:
    kinds = Counter(type(record.what).__name__ for record in log)
    assert log.damage is None
    assert kinds.total() == len((FOLDER / LOG_NAME).read_bytes().splitlines()) - 1
    assert kinds["BrainRestarted"] == 1
    assert kinds["Answered"] == kinds["Asked"] == kinds["Plugged"] == 2


def test_it_says_what_was_played_with(log: Log) -> None:
    setup = log.session.setup
    assert (setup.mode, setup.bars, setup.commit, setup.seed) == ("trade", 2, "step", 7)
    assert setup.chords == "Am F"
    (density,) = setup.controls
    assert (density.name, density.role, density.value) == ("density", 1, 3.0)
    assert log.session.timing.offset_s == -0.0171


def test_it_verifies(log: Log) -> None:
    verdict = verify_session(log.session, log)
    assert verdict.difference is None
    assert verdict.same == 40


def test_its_midi_file_is_the_same(log: Log) -> None:
    assert midi_of(log) == (FOLDER / SONG_NAME).read_bytes()


def test_it_is_written_today_as_format_2(log: Log, tmp_path: Path) -> None:
    """A log read and written again is read as the same, by its names of today."""
    text = line(log.session) + b"".join(line(record) for record in log)
    (tmp_path / LOG_NAME).write_bytes(text)
    assert b'"format":2' in text
    assert b'"type":"BrainRestarted"' in text
    assert b"Reborn" not in text
    again = Log(tmp_path)
    assert again.session == log.session
    assert list(again) == list(log)
    assert verify_session(again.session, again).difference is None


def test_a_line_that_is_cut_off_is_named_here_too(tmp_path: Path) -> None:
    whole = (FOLDER / LOG_NAME).read_bytes()
    (tmp_path / LOG_NAME).write_bytes(whole[:-5])
    log = Log(tmp_path)
    number = whole.count(b"\n")
    assert len(list(log)) == number - 2
    assert log.damage is not None
    assert log.damage.startswith(f"line {number} is damaged, it was cut off")
