"""Whatever comes in over a cable: the take keeps its MIDI file, and is the same when replayed."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.brain.conductor import Conductor
from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.owner.owner import Owner, Tell
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import is_message
from schmubert.bridge.session.log import SONG_NAME, Log
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import RIG, SETUP, Script, clocks, kept, midi_of, quiet
from tests.bridge.virtual_daw import START

STATUSES = st.sampled_from((0x80, 0x90, 0x93, 0xA0, 0xB0, 0xC0, 0xE0, *range(0xF0, 0x100)))
DATA = st.integers(0, 127) | st.sampled_from((64, 120, 123, 128, 255))
MESSAGES = st.binary(max_size=4) | st.builds(
    lambda status, data: bytes((status, *data)), STATUSES, st.lists(DATA, max_size=3)
)
INPUTS = st.lists(
    st.tuples(st.floats(0.0, 3.0), st.integers(0, 1), MESSAGES), min_size=1, max_size=40
)


def with_clocks(rubbish: Script) -> Script:
    return [*clocks(0.0, 6.0, 120.0), (0.4, 0, START), *rubbish]


@settings(max_examples=12)
@given(INPUTS)
def test_a_take_with_any_input_has_its_midi_file_and_is_replayed(rubbish: Script) -> None:
    with TemporaryDirectory() as folder:
        _, _, recording = kept(Path(folder), with_clocks(rubbish), quiet, seconds=3.5)
        assert recording.folder is not None
        midi = (recording.folder / SONG_NAME).read_bytes()
        mido.MidiFile(file=BytesIO(midi))
        log = Log(recording.folder)
        records = list(log)
        assert log.damage is None
        assert midi_of(log) == midi
        assert verify_session(log.session, records).difference is None


@settings(max_examples=40)
@given(INPUTS)
def test_a_brain_that_is_told_of_any_input_plays_on(rubbish: Script) -> None:
    owner = Owner(RIG, Clock(), Scheduler(RIG.plays))
    conductor = Conductor(SETUP)
    for at_s, port, message in sorted(with_clocks(rubbish)):
        for action in [*owner.receive(at_s, port, message), *owner.tick(at_s)]:
            if isinstance(action, Tell):
                conductor.receive(action.message, at_s)  # type: ignore[arg-type]


@given(st.binary(max_size=5))
def test_what_is_a_message_is_one_to_others_too(data: bytes) -> None:
    if is_message(data):
        mido.Message.from_bytes(data)


def test_a_velocity_that_cannot_be_costs_the_take_nothing(tmp_path: Path) -> None:
    _, _, recording = kept(tmp_path, with_clocks([(1.0, 0, b"\x90\x3c\xff")]), quiet, seconds=3.5)
    assert recording.folder is not None
    assert (recording.folder / SONG_NAME).exists()
