"""A log that an earlier release left is still read, verified and written as the same MIDI file."""

from collections import Counter
from pathlib import Path

import pytest

from schmubert.bridge.session.log import SONG_NAME, Log
from schmubert.bridge.session.midi_export import MidiExport
from schmubert.bridge.session.verify import verify_session

FOLDER = Path(__file__).with_name("format_1")
"""Format 1: a start, a loop, a stop, a brain that died, a port that went, knobs and chords."""


@pytest.fixture
def log() -> Log:
    return Log(FOLDER)


def test_every_line_is_read(log: Log) -> None:
    kinds = Counter(type(record.what).__name__ for record in log)
    assert log.damage is None
    assert kinds.total() == len((FOLDER / "session.jsonl").read_bytes().splitlines()) - 1
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
    export = MidiExport(log.session)
    for record in log:
        export.see(record)
    assert export.midi() == (FOLDER / SONG_NAME).read_bytes()
