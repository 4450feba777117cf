from pathlib import Path

import mido
import pytest

from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Heard
from schmubert.bridge.session.log import SONG_NAME
from schmubert.bridge.session.midi_export import MidiExport
from schmubert.engine.music.smf import read
from schmubert.engine.music.vocabulary import Track
from tests.bridge.session.sessions import (
    BEGAN_S,
    NOTE_ON,
    SESSION,
    kept,
    quiet,
    song,
)


def test_a_song_as_a_midi_file(tmp_path: Path) -> None:
    ports, _, recording = kept(tmp_path, song(), quiet, seconds=12.0)
    assert recording.folder is not None
    assert recording.folder == tmp_path / "2026-11-24-20-15-03"
    midi = mido.MidiFile(recording.folder / SONG_NAME)
    assert [track.name for track in midi.tracks] == [
        "schmubert 2026-11-24T20:15:03+01:00",
        "You: Melody",
        "You: Bass",
        "Melody",
        "Bass",
        "Drums",
    ]
    head = list(midi.tracks[0])
    assert [(one.numerator, one.denominator) for one in head if one.type == "time_signature"] == [
        (4, 4)
    ]
    assert [round(mido.tempo2bpm(one.tempo), 2) for one in head if one.type == "set_tempo"] == [120]
    assert [one.text for one in head if one.type == "marker"] == [
        "start at bar 1",
        "stop at bar 4, beat 4",
    ]
    first_note_s = BEGAN_S + 2.0  # bar 1 is where the file begins: nothing sounded before
    assert heard_at(midi, 1, first_note_s) == pytest.approx(
        [BEGAN_S + 2.003 + 0.5 * beat for beat in range(16)], abs=0.0006
    )
    bass = [at_s for at_s, port, data in ports.sent if port == 1 and data[0] & 0xF0 == NOTE_ON]
    assert bass
    assert heard_at(midi, 4, first_note_s) == pytest.approx(bass, abs=0.0006)


def heard_at(midi: mido.MidiFile, track: int, zero_s: float) -> list[float]:
    """The seconds of the note-ons of a track, by another reader's arithmetic."""
    one = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    one.tracks += [midi.tracks[0], midi.tracks[track]]
    at_s, found = zero_s, []
    for message in one:
        at_s += message.time
        if message.type == "note_on" and message.velocity:
            found.append(at_s)
    return found


def test_a_stage_that_was_left_on_for_days_is_a_file_that_can_be_read() -> None:
    export, days = MidiExport(SESSION), 7 * 24 * 3600.0
    for at_s in (BEGAN_S + 1.0, BEGAN_S + days):
        for late_s, velocity in ((0.0, 90), (0.5, 0)):
            heard = Heard(at_s + late_s, int(Track.MELODY), 60, velocity)
            export.see(Record(heard.at_s, heard))
    file = read(export.midi())
    assert file.oddities == ()
    onsets = [one.tick for one in file.tracks[1].events if one.status & 0xF0 == NOTE_ON]
    assert onsets[1] - onsets[0] == round((days - 1.0) * 2 * file.ticks_per_beat)


def test_every_note_of_the_file_is_ended(tmp_path: Path) -> None:
    script = [*song()[:-40], (5.0, 0, bytes((NOTE_ON, 99, 90)))]  # a key that is never let go
    _, _, recording = kept(tmp_path, script, quiet)
    assert recording.folder is not None
    for track in mido.MidiFile(recording.folder / SONG_NAME).tracks:
        sounding = set()
        for message in track:
            if message.type == "note_on" and message.velocity:
                sounding.add(message.note)
            elif message.type in ("note_on", "note_off"):
                sounding.discard(message.note)
        assert sounding == set()
