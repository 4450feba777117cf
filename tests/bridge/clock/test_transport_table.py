"""What a DAW's messages, and time, do to the transport.

Which state follows stands in `TRANSITIONS`, and is tried for every state and event. What the
owner then does, and where the next clock is, stands here, by what came before.
"""

import pytest

from schmubert.bridge.clock.midi_clock import KEEPS_TIME_S, Clock
from schmubert.bridge.clock.pulse import WARM
from schmubert.bridge.clock.states import Event as ClockEvent
from schmubert.bridge.clock.states import State, follows
from schmubert.bridge.clock.transport import REST_BEATS
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.bytes import song_position as position
from schmubert.bridge.protocol.messages import Event, Moved, Play
from schmubert.engine.music.vocabulary import Track
from tests.bridge.owner.test_owner import CLOCK, CONTINUE, RIG, START, STOP, TICK_S, note

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
    def state(self) -> State:
        clock = self.owner.clock
        assert isinstance(clock, Clock)
        return clock.state

    def place(self) -> float | None:
        """The beat of the next clock, if that and those after it move the music."""
        came_s = self.now
        for _ in range(13):
            self.hears(CLOCK)
        transport = self.owner.clock.transport
        told = transport.rolling and transport.timeline.tempo_bpm == pytest.approx(120.0)
        return round(transport.timeline.beats(came_s), 3) if told else None


def after(history: str) -> Played:
    played = Played(tempo_bpm=100.0 if history == "own tempo" else None)
    if history == "silent":
        return played
    if history == "cold":
        played.hears(START, CLOCK)
        return played
    if history == "own tempo":
        played.hears(note(60))
        return played.sounds()
    played.hears(*[CLOCK] * 48)
    if history == "ready":
        return played
    played.hears(START)
    if history == "armed":
        return played
    played.hears(*[CLOCK] * 96)
    played.sounds()
    if history == "lost":
        played.passes(LONG_S)
    elif history == "jumping":
        played.hears(position(64))
    elif history == "stopped":
        played.hears(STOP)
    elif history == "placed":
        played.hears(STOP, position(64))
    return played


JUMP, HALT = ["Send", "Say", "Moved"], ["Send", "Moved", "Say"]
STARTED, BRIDGED = ["Say", "Moved"], [*["Moved"] * 4, *HALT]
TABLE = {
    # (history, message): (actions, the beat of the next clock)
    ("silent", "clock"): ([], None),
    ("silent", "start"): ([], 0.0),
    ("silent", "continue"): ([], 0.0),
    ("silent", "stop"): ([], None),
    ("silent", "position"): ([], None),
    ("silent", "note"): ([], None),
    ("silent", "time"): ([], None),
    # Start came, but no tempo was ever heard: half a beat of clocks tells it
    ("cold", "clock"): ([], 2 / 24),
    ("cold", "start"): ([], 0.0),
    ("cold", "continue"): ([], 1 / 24),
    ("cold", "stop"): ([], None),
    ("cold", "position"): ([], 20.0),
    ("cold", "note"): ([], 1 / 24),
    ("cold", "time"): ([], 1 / 24),
    # clocks came, so the tempo is known
    ("ready", "clock"): ([], None),
    ("ready", "start"): ([], 0.0),
    ("ready", "continue"): ([], 0.0),
    ("ready", "stop"): ([], None),
    ("ready", "position"): ([], None),
    ("ready", "note"): ([], None),
    ("ready", "time"): ([], None),
    ("armed", "clock"): (STARTED, 1 / 24),
    ("armed", "start"): ([], 0.0),
    ("armed", "continue"): ([], 0.0),
    ("armed", "stop"): ([], None),
    ("armed", "position"): ([], 20.0),
    ("armed", "note"): ([], 0.0),
    ("armed", "time"): ([], 0.0),
    ("rolling", "clock"): ([], 4 + 1 / 24),
    ("rolling", "start"): ([], 0.0),
    ("rolling", "continue"): ([], 4.0),
    ("rolling", "stop"): (HALT, None),
    ("rolling", "position"): ([], 20.0),
    ("rolling", "note"): (["Heard"], 4.0),
    ("rolling", "time"): (BRIDGED, 8.0),
    ("jumping", "clock"): (JUMP, 16 + 1 / 24),
    ("jumping", "start"): ([], 0.0),
    ("jumping", "continue"): ([], 16.0),
    ("jumping", "stop"): (HALT, None),
    ("jumping", "position"): ([], 20.0),
    ("jumping", "note"): ([], 16.0),
    ("jumping", "time"): (BRIDGED, 16.0),
    ("stopped", "clock"): ([], None),
    ("stopped", "start"): ([], 0.0),
    ("stopped", "continue"): ([], 4.0),
    ("stopped", "stop"): ([], None),
    ("stopped", "position"): ([], None),
    ("stopped", "note"): ([], None),
    ("stopped", "time"): ([], None),
    ("placed", "clock"): ([], None),
    ("placed", "start"): ([], 0.0),
    ("placed", "continue"): ([], 16.0),
    ("placed", "stop"): ([], None),
    ("placed", "position"): ([], None),
    ("placed", "note"): ([], None),
    ("placed", "time"): ([], None),
    # it kept time until it held, at beat 8.0
    ("lost", "clock"): (STARTED, 8.0 + 1 / 24),
    ("lost", "start"): ([], 0.0),
    ("lost", "continue"): ([], 8.0),
    ("lost", "stop"): ([], None),
    ("lost", "position"): ([], 20.0),
    ("lost", "note"): ([], 8.0),
    ("lost", "time"): ([], 8.0),
    # rolling since a note came; only a start hands over to the clock
    ("own tempo", "clock"): ([], None),
    ("own tempo", "start"): ([], 0.0),
    ("own tempo", "continue"): ([], 0.0),
    ("own tempo", "stop"): ([], None),
    ("own tempo", "position"): ([], None),
    ("own tempo", "note"): (["Heard"], None),
    ("own tempo", "time"): (["Moved"] * 3, None),
}
HISTORIES = tuple(dict.fromkeys(history for history, _ in TABLE))
EVENTS = {
    "start": ClockEvent.START,
    "continue": ClockEvent.CONTINUE,
    "stop": ClockEvent.STOP,
    "position": ClockEvent.ELSEWHERE,
    "time": ClockEvent.SILENCE,
}
TEMPO_UNKNOWN = ("silent", "cold", "own tempo")


def next_state(history: str, before: State, message: str) -> State:
    """What `TRANSITIONS` says; a note begins nothing where a clock or an own tempo rules."""
    if message == "note":
        return before
    if message == "clock":
        early = history in TEMPO_UNKNOWN
        return follows(before, ClockEvent.EARLY_CLOCK if early else ClockEvent.CLOCK)
    return follows(before, EVENTS[message])


@pytest.mark.parametrize("message", [*MESSAGES, "time"])
@pytest.mark.parametrize("history", HISTORIES)
def test_table(history: str, message: str) -> None:
    played = after(history)
    before, passage = played.state, played.owner.clock.transport.passage
    actions = played.passes(LONG_S) if message == "time" else played.hears(MESSAGES[message])
    kinds, beat = TABLE[history, message]
    assert played.state is next_state(history, before, message)
    assert [
        type(action.message if isinstance(action, Tell) else action).__name__ for action in actions
    ] == kinds
    begins = kinds in (STARTED, JUMP)
    assert played.owner.clock.transport.passage == passage + begins
    assert played.place() == (None if beat is None else pytest.approx(beat, abs=0.02))


@pytest.mark.parametrize("history", HISTORIES)
def test_whatever_ends_the_music_ends_the_note(history: str) -> None:
    """What sounds is ended by everything that leads out of a state, and by nothing else."""
    for message in [*MESSAGES, "time"]:
        played = after(history)
        sounded = not played.owner.scheduler.idle
        actions = played.passes(LONG_S) if message == "time" else played.hears(MESSAGES[message])
        ended = any(isinstance(action, Send) and action.message[0] == 0x80 for action in actions)
        moved = not played.owner.clock.transport.rolling or any(
            isinstance(action, Tell)
            and isinstance(action.message, Moved)
            and action.message.passage > 1
            for action in actions
        )
        assert ended == (sounded and moved)
        assert played.owner.scheduler.idle == (ended or not sounded)


def in_state(state: State, known: bool) -> Played:
    """A clock in `state` that has an own tempo for want of others; is the DAW's tempo `known`?"""
    played = Played(tempo_bpm=100.0)
    if known:
        played.hears(*[CLOCK] * 48)
    if state is State.STANDING:
        return played
    if state in (State.OWN, State.OWN_ARMED):
        played.passes(LONG_S)
        played.hears(note(60))
        if state is State.OWN_ARMED:
            played.hears(START)
        return played
    played.hears(START)
    if state is State.ARMED:
        return played
    if state is State.WARMING and known:  # the tempo is known with the next clock
        played = Played(tempo_bpm=100.0)
        played.hears(START, *[CLOCK] * (WARM - 1))
        return played
    played.hears(CLOCK)
    if state is State.JUMPING:
        played.hears(START)
    elif state in (State.LOST, State.OWN_LOST):
        played.passes(LONG_S)
        if state is State.OWN_LOST:
            played.hears(note(60))
    return played


def happens(played: Played, event: ClockEvent) -> None:
    if event in (ClockEvent.CLOCK, ClockEvent.EARLY_CLOCK):
        played.hears(CLOCK)
    elif event is ClockEvent.SILENCE:
        played.passes(LONG_S)
    elif event is ClockEvent.REST:
        played.hears(note(60, 0))
        played.passes(REST_BEATS * 60.0 / 100.0 + 0.2)
    elif event is ClockEvent.NOTE:
        if not played.state.counts:
            played.passes(LONG_S)  # no clock is near
        played.hears(note(60))
    else:
        message = next(name for name, known in EVENTS.items() if known is event)
        played.hears(MESSAGES[message])


POSSIBLE = [
    (state, event)
    for state in State
    for event in ClockEvent
    if not (state is State.ROLLING and event is ClockEvent.EARLY_CLOCK)  # its tempo is known
    and not (state.counts and event is ClockEvent.REST)  # clocks come
]


@pytest.mark.parametrize(("state", "event"), POSSIBLE, ids=str)
def test_every_transition(state: State, event: ClockEvent) -> None:
    known = event is not ClockEvent.EARLY_CLOCK
    if state is State.WARMING:
        known = event is ClockEvent.CLOCK
    played = in_state(state, known)
    assert played.state is state
    happens(played, event)
    assert played.state is follows(state, event)
    transport = played.owner.clock.transport
    if played.state in (State.STANDING, State.ARMED, State.WARMING, State.LOST):
        assert not transport.rolling
    if played.state is State.ROLLING or played.state.own:
        assert transport.rolling
