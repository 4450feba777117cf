import errno
import random
import re
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Play, Setup
from schmubert.bridge.session.log import LOG_NAME, SONG_NAME, Log, Session, line
from schmubert.bridge.session.midi_export import MidiExport
from schmubert.bridge.session.playback import play
from schmubert.bridge.session.recording import Recording
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import (
    BEGAN_S,
    NOTE_OFF,
    NOTE_ON,
    RIG,
    SETUP,
    START,
    STOP,
    Script,
    VirtualTime,
    Whim,
    clocks,
    kept,
    note,
    whims,
)

SESSION = Session("2026-11-24T20:15:03+01:00", BEGAN_S, "1.2.3", SETUP, RIG, Timing())


def quiet() -> Whim:
    return Whim(random.Random(1), float("inf"))


def song(beats: int = 16, tempo_bpm: float = 120.0) -> Script:
    """A bar of clocks, Start, and a note on each beat; Stop."""
    beat_s = 60.0 / tempo_bpm
    script = clocks(0.0, 4 + beats, tempo_bpm)
    script += [(4 * beat_s - 0.005, 0, START), ((4 + beats) * beat_s - 0.005, 0, STOP)]
    for beat in range(beats):
        script += note((4 + beat) * beat_s + 0.003, 60 + beat % 4)
    return script


def again(log: Log) -> bytes:
    export = MidiExport(log.session)
    for seen in log:
        export.see(seen)
    return export.midi()


def on_ports(log: Log) -> list[tuple[int, bytes]]:
    ports = MemoryPorts(clock=lambda: 0.0)
    play(log, ports, passing=VirtualTime())
    return [(port, message) for _, port, message in ports.sent]


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    lives=st.sampled_from([12.0, float("inf")]),
    tempo_bpm=st.sampled_from([None, 133.0]),
    offset_s=st.sampled_from([0.0, -0.0171, 0.03]),
)
def test_replaying_a_recorded_session_is_the_session(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    lives: float,
    tempo_bpm: float | None,
    offset_s: float,
) -> None:
    rng = random.Random(seed)
    brains = iter([Whim(rng, lives), *(Whim(rng, float("inf")) for _ in range(9))])
    timing = Timing(tempo_bpm, offset_s=offset_s)
    folder = tmp_path_factory.mktemp("sessions")
    ports, seen, recording = kept(folder, whims(seed), lambda: next(brains), timing=timing)
    assert recording.folder is not None
    log = Log(recording.folder)
    assert list(log) == seen
    assert log.damage is None
    assert again(log) == (recording.folder / SONG_NAME).read_bytes()
    sent = [(one.at_s, one.what.port, one.what.message) for one in log if type(one.what) is Sent]
    assert sent == ports.sent
    assert on_ports(log) == [(port, message) for _, port, message in ports.sent]
    verdict = verify_session(log.session, log)
    assert verdict.difference is None
    assert verdict.same >= len(sent)


def test_the_property_meets_notes_stops_jumps_and_deaths(tmp_path: Path) -> None:
    kinds: dict[str, int] = {}
    for seed in range(6):
        rng = random.Random(seed)
        brains = iter([Whim(rng, 12), *(Whim(rng, float("inf")) for _ in range(9))])
        _, seen, _ = kept(tmp_path, whims(seed), lambda brains=brains: next(brains))
        for one in seen:
            kinds[type(one.what).__name__] = kinds.get(type(one.what).__name__, 0) + 1
    wanted = {"Sent": 50, "Play": 30, "Heard": 50, "BrainRestarted": 2, "Silence": 3, "Pedal": 3}
    assert {name for name, least in wanted.items() if kinds.get(name, 0) < least} == set()


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


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folders = [kept(tmp_path, [], quiet, seconds=0.1)[2].folder for _ in range(3)]
    names = [folder.name for folder in folders if folder is not None]
    assert names == ["2026-11-24-20-15-03", "2026-11-24-20-15-03-2", "2026-11-24-20-15-03-3"]


def test_what_was_written_is_there_at_once(tmp_path: Path) -> None:
    recording = Recording(tmp_path, SESSION, lambda _: None)
    recording.see(Record(BEGAN_S + 1.0, Sent(0, b"\x90\x40\x40", BEGAN_S + 1.0)))
    assert recording.folder is not None
    log = Log(recording.folder)
    assert len(list(log)) == 1, "no close, no flush: a killed bridge leaves this"
    assert log.damage is not None
    assert "killed" in log.damage


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lines: list[str] = []
    ports, _, _ = kept(tmp_path / "file" / "in", song(), quiet, say=lines.append)
    assert ports.sent
    (only,) = lines
    assert re.search(r"cannot record in .*: .*the music goes on", only)


def test_a_full_disk_is_one_line_and_the_music_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []

    def write(_: Recording, text: bytes) -> None:
        if len(written) > 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(text)

    monkeypatch.setattr(Recording, "_write", write)
    lines: list[str] = []
    ports, _, _ = kept(tmp_path, song(), quiet, say=lines.append)
    assert len(written) == 101
    assert [text for text in lines if "recorded" not in text] == [
        "the recording ends here: No space left on device; the music goes on"
    ]
    assert ports.sent[-1][0] > BEGAN_S + 4.0


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


def test_a_log_that_was_touched_is_found_out(tmp_path: Path) -> None:
    _, _, recording = kept(tmp_path, song(), quiet)
    assert recording.folder is not None
    log = Log(recording.folder)
    seen = list(log)
    index = next(k for k, one in enumerate(seen) if type(one.what) is Sent and k > 60)
    sent = seen[index].what
    assert isinstance(sent, Sent)
    forged = Sent(sent.port, bytes((sent.message[0], 12, 3)), sent.wanted_s)
    changed = [*seen[:index], Record(seen[index].at_s, forged), *seen[index + 1 :]]
    verdict = verify_session(log.session, changed)
    assert verdict.difference is not None
    assert verdict.difference.startswith(f"line {index + 2} says Sent(")
    without = [*seen[:index], *seen[index + 1 :]]
    assert verify_session(log.session, without).difference is not None
    no_play = [one for one in seen if not isinstance(one.what, Play)]
    assert verify_session(log.session, no_play).difference is not None


def test_an_interrupted_replay_ends_what_sounds() -> None:
    log = [
        Record(1.0, Sent(0, bytes((NOTE_ON, 40, 90)))),
        Record(1.1, Sent(0, bytes((NOTE_ON, 41, 90)))),
        Record(1.2, Sent(0, bytes((NOTE_OFF, 40, 0)))),
        Record(9.0, Sent(0, bytes((NOTE_OFF, 41, 0)))),
    ]
    passing = VirtualTime()
    ports = MemoryPorts(clock=passing.now)
    late_s = play(log, ports, passing=passing, stopped=lambda: passing.now() > BEGAN_S + 2.0)
    assert len(late_s) == 3
    assert [message for _, _, message in ports.sent[3:]] == [bytes((NOTE_OFF, 41, 0))]
    assert ports.sent[1][0] - ports.sent[0][0] == pytest.approx(0.1)


def test_a_line_is_json_for_others_too() -> None:
    text = line(Record(1.5, Sent(0, b"\x90\x40\x40", 1.25)))
    assert text == (
        b'{"at_s":1.5,"what":{"type":"Sent","port":0,"message":"kEBA","wanted_s":1.25}}\n'
    )
    assert b'"setup":{"type":"Setup"' in line(SESSION)
    assert Setup in type(SESSION).__annotations__.values()
