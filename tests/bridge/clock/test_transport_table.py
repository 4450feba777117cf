"""What a DAW's messages, and time, do to the transport: state x message -> state, actions."""

import pytest

from schmubert.bridge.clock.midi_clock import KEEPS_TIME_S, Clock
from schmubert.bridge.owner.owner import Action, Owner, Tell
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.messages import Event, Moved, Play
from schmubert.engine.music.vocabulary import Track
from tests.bridge.owner.test_owner import CLOCK, CONTINUE, RIG, START, STOP, TICK_S, note
from tests.bridge.virtual_daw import position

MESSAGES = {
    "clock": CLOCK,
    "start": START,
    "continue": CONTINUE,
    "stop": STOP,
    "position": position(80),  # beat 20
    "note": note(64),
}
LONG_S = KEEPS_TIME_S + 0.2


class Played:
    """A port owner that hears a DAW at 120 BPM, from clock to clock."""

    def __init__(self, tempo_bpm: float | None = None) -> None:
        self.owner = Owner(RIG, Clock(tempo_bpm), Scheduler(RIG.plays))
        self.now = 10.0

    def hears(self, *messages: bytes) -> list[Action]:
        actions = []
        for message in messages:
            actions += self.owner.receive(self.now, 0, message)
            if message == CLOCK:
                self.now += TICK_S
        return actions

    def passes(self, seconds: float) -> list[Action]:
        actions = []
        for _ in range(round(seconds / 0.1)):
            self.now += 0.1
            actions += self.owner.tick(self.now)
        return actions

    def sounds(self) -> "Played":
        """A note of the bass begins, and goes on for long."""
        transport = self.owner.clock.transport
        beat = transport.timeline.beats(self.now)
        self.owner.take(
            Play(transport.passage, int(Track.BASS), beat, beat + 99.0, (Event(beat, 40, 90),))
        )
        assert any(isinstance(action, Send) for action in self.owner.tick(self.now))
        return self

    @property
    def state(self) -> str:
        clock = self.owner.clock
        armed = clock.armed_s is not None
        if clock.transport.rolling:
            return "jumping" if armed else "rolling"
        if clock.lost:
            return "lost"
        return "armed" if armed else "standing"

    def place(self) -> float | None:
        """The beat of the next clock, if that and those after it move the music."""
        came_s = self.now
        for _ in range(13):
            self.hears(CLOCK)
        transport = self.owner.clock.transport
        told = transport.rolling and transport.timeline.tempo_bpm == pytest.approx(120.0)
        return round(transport.timeline.beats(came_s), 3) if told else None


def in_state(name: str) -> Played:
    played = Played(tempo_bpm=100.0 if name == "own tempo" else None)
    if name == "silent":
        return played
    if name == "cold":
        played.hears(START, CLOCK)
        return played
    if name == "own tempo":
        played.hears(note(60))
        return played.sounds()
    played.hears(*[CLOCK] * 48)
    if name == "ready":
        return played
    played.hears(START)
    if name == "armed":
        return played
    played.hears(*[CLOCK] * 96)
    played.sounds()
    if name == "lost":
        played.passes(LONG_S)
    elif name == "jumping":
        played.hears(position(64))
    elif name == "stopped":
        played.hears(STOP)
    elif name == "placed":
        played.hears(STOP, position(64))
    return played


JUMP, HALT = ["Send", "Say", "Moved"], ["Send", "Moved", "Say"]
STARTED, BRIDGED = ["Say", "Moved"], [*["Moved"] * 4, *HALT]
TABLE = {
    # (state, message): (then, actions, the beat of the next clock)
    ("silent", "clock"): ("standing", [], None),
    ("silent", "start"): ("armed", [], 0.0),
    ("silent", "continue"): ("armed", [], 0.0),
    ("silent", "stop"): ("standing", [], None),
    ("silent", "position"): ("standing", [], None),
    ("silent", "note"): ("standing", [], None),
    ("silent", "time"): ("standing", [], None),
    # Start came, but no tempo was ever heard: half a beat of clocks tells it
    ("cold", "clock"): ("armed", [], 2 / 24),
    ("cold", "start"): ("armed", [], 0.0),
    ("cold", "continue"): ("armed", [], 1 / 24),
    ("cold", "stop"): ("standing", [], None),
    ("cold", "position"): ("armed", [], 20.0),
    ("cold", "note"): ("armed", [], 1 / 24),
    ("cold", "time"): ("lost", [], 1 / 24),
    # clocks came, so the tempo is known
    ("ready", "clock"): ("standing", [], None),
    ("ready", "start"): ("armed", [], 0.0),
    ("ready", "continue"): ("armed", [], 0.0),
    ("ready", "stop"): ("standing", [], None),
    ("ready", "position"): ("standing", [], None),
    ("ready", "note"): ("standing", [], None),
    ("ready", "time"): ("standing", [], None),
    ("armed", "clock"): ("rolling", STARTED, 1 / 24),
    ("armed", "start"): ("armed", [], 0.0),
    ("armed", "continue"): ("armed", [], 0.0),
    ("armed", "stop"): ("standing", [], None),
    ("armed", "position"): ("armed", [], 20.0),
    ("armed", "note"): ("armed", [], 0.0),
    ("armed", "time"): ("armed", [], 0.0),
    ("rolling", "clock"): ("rolling", [], 4 + 1 / 24),
    ("rolling", "start"): ("jumping", [], 0.0),
    ("rolling", "continue"): ("rolling", [], 4.0),
    ("rolling", "stop"): ("standing", HALT, None),
    ("rolling", "position"): ("jumping", [], 20.0),
    ("rolling", "note"): ("rolling", ["Heard"], 4.0),
    ("rolling", "time"): ("lost", BRIDGED, 8.0),
    ("jumping", "clock"): ("rolling", JUMP, 16 + 1 / 24),
    ("jumping", "start"): ("jumping", [], 0.0),
    ("jumping", "continue"): ("jumping", [], 16.0),
    ("jumping", "stop"): ("standing", HALT, None),
    ("jumping", "position"): ("jumping", [], 20.0),
    ("jumping", "note"): ("jumping", [], 16.0),
    ("jumping", "time"): ("lost", BRIDGED, 16.0),
    ("stopped", "clock"): ("standing", [], None),
    ("stopped", "start"): ("armed", [], 0.0),
    ("stopped", "continue"): ("armed", [], 4.0),
    ("stopped", "stop"): ("standing", [], None),
    ("stopped", "position"): ("standing", [], None),
    ("stopped", "note"): ("standing", [], None),
    ("stopped", "time"): ("standing", [], None),
    ("placed", "clock"): ("standing", [], None),
    ("placed", "start"): ("armed", [], 0.0),
    ("placed", "continue"): ("armed", [], 16.0),
    ("placed", "stop"): ("standing", [], None),
    ("placed", "position"): ("standing", [], None),
    ("placed", "note"): ("standing", [], None),
    ("placed", "time"): ("standing", [], None),
    # it kept time until it held, at beat 8.0
    ("lost", "clock"): ("rolling", STARTED, 8.0 + 1 / 24),
    ("lost", "start"): ("lost", [], 0.0),
    ("lost", "continue"): ("lost", [], 8.0),
    ("lost", "stop"): ("standing", [], None),
    ("lost", "position"): ("lost", [], 20.0),
    ("lost", "note"): ("lost", [], 8.0),
    ("lost", "time"): ("lost", [], 8.0),
    # rolling since a note came; only a start hands over to the clock
    ("own tempo", "clock"): ("rolling", [], None),
    ("own tempo", "start"): ("jumping", [], 0.0),
    ("own tempo", "continue"): ("jumping", [], 0.0),
    ("own tempo", "stop"): ("rolling", [], None),
    ("own tempo", "position"): ("rolling", [], None),
    ("own tempo", "note"): ("rolling", ["Heard"], None),
    ("own tempo", "time"): ("rolling", ["Moved"] * 3, None),
}
STATES = tuple(dict.fromkeys(state for state, _ in TABLE))


@pytest.mark.parametrize("message", [*MESSAGES, "time"])
@pytest.mark.parametrize("state", STATES)
def test_table(state: str, message: str) -> None:
    played = in_state(state)
    passage = played.owner.clock.transport.passage
    actions = played.passes(LONG_S) if message == "time" else played.hears(MESSAGES[message])
    then, kinds, beat = TABLE[state, message]
    assert played.state == then
    assert [
        type(action.message if isinstance(action, Tell) else action).__name__ for action in actions
    ] == kinds
    begins = kinds in (STARTED, JUMP)
    assert played.owner.clock.transport.passage == passage + begins
    assert played.place() == (None if beat is None else pytest.approx(beat, abs=0.02))


@pytest.mark.parametrize("state", STATES)
def test_whatever_ends_the_music_ends_the_note(state: str) -> None:
    """What sounds is ended by everything that leads out of a state, and by nothing else."""
    for message in [*MESSAGES, "time"]:
        played = in_state(state)
        sounded = not played.owner.scheduler.idle
        actions = played.passes(LONG_S) if message == "time" else played.hears(MESSAGES[message])
        ended = any(isinstance(action, Send) and action.message[0] == 0x80 for action in actions)
        moved = played.state in ("standing", "lost") or any(
            isinstance(action, Tell)
            and isinstance(action.message, Moved)
            and action.message.passage > 1
            for action in actions
        )
        assert ended == (sounded and moved)
        assert played.owner.scheduler.idle == (ended or not sounded)
