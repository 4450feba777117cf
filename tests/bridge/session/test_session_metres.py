"""What is kept of a session in other metres: its log, and bars of the MIDI file."""

from io import BytesIO
from pathlib import Path

import mido
import msgspec
import pytest

from schmubert.bridge.protocol.meters import words_of
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.verify import verify_session
from schmubert.engine.music.meter import Meter
from tests.bridge.metres import METERS
from tests.bridge.session.sessions import SETUP, kept, midi_of, note, quiet
from tests.bridge.virtual_daw import Daw, song_position

pytestmark = pytest.mark.parametrize("meter", METERS, ids=str)
QUARTERS_BPM = 100.0


@pytest.fixture
def log(tmp_path: Path, meter: Meter) -> Log:
    """A session with a jump: 3 bars, then from bar 9 on, a note of the player's on each bar line.

    Its metre is in the log, as the player said it.
    """
    signature, feel = words_of(meter)
    setup = msgspec.structs.replace(SETUP, signature=signature, feel=feel)
    bar, quarter_s = meter.clocks_per_bar, 60.0 / QUARTERS_BPM
    daw = Daw(QUARTERS_BPM, now=0.0).clocks(48).start()
    downbeats = [daw.now + number * bar / 24 * quarter_s for number in range(6)]
    daw.clocks(3 * bar).send(song_position(8 * bar // 6)).clocks(3 * bar + 2)
    script = [(at_s, 0, message) for at_s, message in daw.script]
    for at_s in downbeats:
        script += note(at_s, 72)
    seconds = daw.now + 0.5
    _, _, recording = kept(tmp_path, script, quiet, seconds=seconds, setup=setup)
    assert recording.folder is not None
    return Log(recording.folder)


def test_a_log_is_decided_again_in_its_metre(log: Log, meter: Meter) -> None:
    assert log.session.setup.meter == meter
    verdict = verify_session(log.session, log)
    assert verdict.difference is None
    assert verdict.same > 20


def test_bar_lines_of_the_file_are_those_of_the_song(log: Log, meter: Meter) -> None:
    midi = mido.MidiFile(file=BytesIO(midi_of(log)))
    head = list(midi.tracks[0])
    (signature,) = [one for one in head if one.type == "time_signature"]
    assert (signature.numerator, signature.denominator) == meter.signature
    assert signature.clocks_per_click == meter.clocks
    bar = midi.ticks_per_beat * 4 * signature.numerator // signature.denominator
    ticks, tick = [], 0
    for message in next(track for track in midi.tracks if track.name == "You: Melody"):
        tick += message.time
        if message.type == "note_on" and message.velocity and message.note == 72:
            ticks.append(tick)
    assert len(ticks) == 6
    assert [abs((one + bar // 2) % bar - bar // 2) <= 2 for one in ticks] == [True] * 6
    tempi = [round(mido.tempo2bpm(one.tempo)) for one in head if one.type == "set_tempo"]
    assert set(tempi) == {round(QUARTERS_BPM)}
    assert [one.text for one in head if one.type == "marker"][:2] == [
        "start at bar 1",
        "jump to bar 9",
    ]
