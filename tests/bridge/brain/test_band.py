"""The states of the band: what leads from one to the other, and what a message does in each."""

import itertools
import math

import numpy as np
import pytest

from schmubert.bridge.brain.band import TRANSITIONS, Band, BandEvent, BandState
from schmubert.bridge.protocol.controls import control
from schmubert.bridge.protocol.messages import Heard, Moved, Pedal, Play, Say, Silence
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.wire import Draft, Failed, Goodbye, Request, pack
from tests.bridge.brain.stages import BAND, at, stage
from tests.bridge.brain.virtual_stage import WELCOME, Stage, quarters

STOPPED, WAITING, LISTENING, PLAYING, LEADING, ENDED = BandState
NOW = at(9.6)
MELODY = int(Track.MELODY)
NOTES: dict[BandState, list[tuple[float, float, int]]] = {
    STOPPED: [],
    WAITING: [],
    LISTENING: [(8.1, 8.0, 60)],
    PLAYING: quarters(16),
    LEADING: quarters(1),
    ENDED: quarters(2),
}
"""What the player plays, for the band to be in this state at beat 9.5."""


def in_state(state: BandState, settings: Settings = BAND, quiet_from: float = 64.0) -> Stage:
    """A stage at beat 9.5; the player plays no note after beat `quiet_from`."""
    notes = [note for note in NOTES[state] if note[0] < quiet_from]
    made = stage(settings, notes=notes)
    if state is ENDED:
        made.at(at(6.0), control("stop", 1.0))
    made.run(at(9.5))
    if state is STOPPED:
        made.conductor.receive(Moved(0, False, 9.5, at(9.5), 120.0), at(9.5))
    assert made.conductor.state is state
    return made


def test_a_band_does_what_the_table_says_and_nothing_else() -> None:
    for state, event in itertools.product(BandState, BandEvent):
        band = Band([Track.MELODY], [Track.BASS])
        band.state = state
        if (state, event) in TRANSITIONS:
            band.on(event)
            assert band.state is TRANSITIONS[state, event]
        else:
            with pytest.raises(ValueError, match=f"no {event.name} can happen"):
                band.on(event)
            assert band.state is state


def test_every_state_is_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) == set(BandState)
    assert {state for state, _ in TRANSITIONS} == set(BandState)


def test_a_stop_that_is_undone_was_none() -> None:
    for state, event in TRANSITIONS:
        if event is BandEvent.STOP:
            band = Band([Track.MELODY], [Track.MELODY])
            band.state = state
            band.on(event)
            band.undo_stop()
            assert band.state is state


CAUSES = {
    BandEvent.START: Moved(1, True, 0.0, NOW, 120.0),
    BandEvent.JUMP: Moved(1, True, 0.0, NOW, 120.0),
    BandEvent.STOP: Moved(0, False, 9.6, NOW, 120.0),
    BandEvent.FIRST_NOTE: Heard(NOW, MELODY, 64, 90),
    BandEvent.GIVE_BACK: Heard(NOW, MELODY, 64, 90),
    BandEvent.GO_FIRST: control("intro", 1.0),
    BandEvent.AGAIN: control("stop", 1.0),
}
IN_TIME = [(PLAYING, BandEvent.END), (LEADING, BandEvent.END)]


@pytest.mark.parametrize(
    ("state", "event"), [pair for pair in TRANSITIONS if pair[1] in CAUSES], ids=str
)
def test_a_message_makes_an_event(state: BandState, event: BandEvent) -> None:
    made = in_state(state)
    made.conductor.receive(CAUSES[event], NOW)
    assert made.conductor.state is TRANSITIONS[state, event]


@pytest.mark.parametrize("state", [WAITING, LISTENING], ids=str)
def test_a_stop_ends_at_once_what_has_not_begun(state: BandState) -> None:
    made = in_state(state)
    made.conductor.receive(control("stop", 1.0), NOW)
    assert made.conductor.state is TRANSITIONS[state, BandEvent.END]


def state_after(made: Stage) -> BandState:
    """The state that the one now gives way to as time goes on."""
    before, beat = made.conductor.state, 9.5
    while made.conductor.state is before:
        beat += 0.5
        assert beat < 60.0, "nothing happened"
        made.run(at(beat))
    return made.conductor.state


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in TRANSITIONS if pair[1] not in CAUSES and pair[1] is not BandEvent.END]
    + IN_TIME,
    ids=str,
)
def test_time_makes_an_event(state: BandState, event: BandEvent) -> None:
    """With the music: an entry, a turn, a rest. A band that leads rests in another mode only."""
    settings = BAND
    if (state, event) == (PLAYING, BandEvent.REST):
        settings = Settings(plays=(Track.BASS, Track.DRUMS))
    made = in_state(state, settings, quiet_from=9.0)
    if (state, event) == (LEADING, BandEvent.REST):
        made.at(at(30.0), control("mode", 0.0))
    if event is BandEvent.END:
        made.at(at(9.6), control("stop", 1.0))
    assert state_after(made) is TRANSITIONS[state, event]


MESSAGES = {
    "beat": Moved(0, True, 9.6, NOW, 120.0),
    "start or jump": Moved(1, True, 0.0, NOW, 120.0),
    "stop": Moved(0, False, 9.6, NOW, 120.0),
    "note on": Heard(NOW, MELODY, 64, 90),
    "note off": Heard(NOW, MELODY, 60, 0),
    "foreign note": Heard(NOW, Track.BASS, 40, 90),
    "pedal": Pedal(NOW, MELODY, True),
    "welcome": WELCOME,
    "stray draft": Draft(-5, 0, 1, pack(np.zeros((64, 3), np.int64)), 1.0, True),
    "failed": Failed(-1, "why"),
    "goodbye": Goodbye(),
    "mute": control("mute:bass", 1.0),
    "mode": control("mode", 2.0),
}
EVENTS = {
    "beat": [BandEvent.START],
    "start or jump": [BandEvent.START, BandEvent.JUMP],
    "stop": [BandEvent.STOP],
    "note on": [BandEvent.FIRST_NOTE, BandEvent.GIVE_BACK],
}
"""What a message may be to the band; all others are no event."""
ACTIONS = {
    (STOPPED, "failed"): [Say],
    (STOPPED, "goodbye"): [Say],
    (STOPPED, "mute"): [Silence],
    (WAITING, "note on"): [Say],
    (WAITING, "failed"): [Say],
    (WAITING, "goodbye"): [Say],
    (WAITING, "mute"): [Silence],
    (LISTENING, "failed"): [Say],
    (LISTENING, "goodbye"): [Say],
    (LISTENING, "mute"): [Silence],
    (LISTENING, "mode"): [Say],
    (PLAYING, "start or jump"): [Play, Play, Request],
    (PLAYING, "failed"): [Say],
    (PLAYING, "goodbye"): [Say],
    (PLAYING, "mute"): [Silence],
    (PLAYING, "mode"): [Say, Request],
    (LEADING, "start or jump"): [Play, Play, Request],
    (LEADING, "note on"): [Silence],
    (LEADING, "failed"): [Say],
    (LEADING, "goodbye"): [Say],
    (LEADING, "mute"): [Silence],
    (LEADING, "mode"): [Say, Request],
    (ENDED, "failed"): [Say],
    (ENDED, "goodbye"): [Say],
    (ENDED, "mute"): [Silence],
}
"""Where nothing is said nothing is done."""


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("state", BandState, ids=str)
def test_what_a_message_does_in_each_state(state: BandState, message: str) -> None:
    conductor = in_state(state).conductor
    possible = [
        (state, event) for event in EVENTS.get(message, []) if (state, event) in TRANSITIONS
    ]
    then = TRANSITIONS[possible[0]] if possible else state
    actions = conductor.receive(MESSAGES[message], NOW)
    assert conductor.state is then
    assert [type(action) for action in actions] == ACTIONS.get((state, message), [])
    assert conductor.wake_at > NOW
    assert (conductor.wake_at == math.inf) == (then in (STOPPED, WAITING, ENDED))
