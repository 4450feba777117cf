"""The conductor's transitions, as a table: a phase and a message -> the phase, and what follows."""

import numpy as np
import pytest

from schmubert.bridge.conductor import Conductor, Phase, Settings
from schmubert.bridge.controls import control
from schmubert.bridge.stage import Heard, Moved, Pedal, Play, Say, Silence
from schmubert.bridge.timeline import Timeline
from schmubert.engine.vocabulary import Track
from schmubert.engine.wire import Ask, Draft, Failed, Goodbye, pack
from tests.bridge.virtual_stage import WELCOME, Engine, Stage, beats, melody, quarters

BAND = Settings(plays=(Track.MELODY, Track.BASS), mode="continue")
LINE = Timeline(0.0, 1.0, 120.0)
STOPPED, WAITING, LISTENING, PLAYING = Phase

MESSAGES = {
    "start": lambda s: Moved(s.owner.passage + 1, True, 0.0, s.now, 120.0),
    "jump": lambda s: Moved(s.owner.passage + 1, True, 8.0, s.now, 120.0),
    "beat": lambda s: Moved(s.owner.passage, True, LINE.beats(s.now), s.now, 120.0),
    "stop": lambda s: Moved(s.owner.passage, False, LINE.beats(s.now), s.now, 120.0),
    "note": lambda s: Heard(s.now, 0, 64, 90),
    "note-off": lambda s: Heard(s.now, 0, 64, 0),
    "note of nobody": lambda s: Heard(s.now, 2, 36, 90),
    "pedal": lambda s: Pedal(s.now, 0, True),
    "mute": lambda _: control("mute:bass", 1.0),
    "mode": lambda _: control("mode", 2.0),
    "engine again": lambda _: WELCOME,
    "engine ends": lambda _: Goodbye(),
    "engine fails": lambda s: Failed(s._newest_seq, "it is ill"),
    "old draft": lambda _: Draft(-5, 0, 1, pack(np.zeros((64, 3), np.int64)), 1.0, True),
}

TABLE: dict[tuple[Phase, str], tuple[Phase, set[type]]] = {
    (STOPPED, "start"): (WAITING, set()),
    (STOPPED, "jump"): (WAITING, set()),
    (STOPPED, "beat"): (WAITING, set()),
    (STOPPED, "stop"): (STOPPED, set()),
    (STOPPED, "note"): (STOPPED, set()),
    (STOPPED, "mute"): (STOPPED, {Silence}),
    (STOPPED, "engine ends"): (STOPPED, {Say}),
    (STOPPED, "engine fails"): (STOPPED, {Say}),
    (WAITING, "jump"): (WAITING, set()),
    (WAITING, "stop"): (STOPPED, set()),
    (WAITING, "note"): (LISTENING, {Say}),
    (WAITING, "mute"): (WAITING, {Silence}),
    (WAITING, "engine ends"): (WAITING, {Say}),
    (WAITING, "engine fails"): (WAITING, {Say}),
    (LISTENING, "stop"): (STOPPED, set()),
    (LISTENING, "mute"): (LISTENING, {Silence}),
    (LISTENING, "mode"): (LISTENING, {Say}),
    (LISTENING, "engine ends"): (LISTENING, {Say}),
    (LISTENING, "engine fails"): (LISTENING, {Say}),
    (PLAYING, "start"): (PLAYING, {Play, Ask}),
    (PLAYING, "jump"): (PLAYING, {Play, Ask}),
    (PLAYING, "stop"): (STOPPED, set()),
    (PLAYING, "mute"): (PLAYING, {Silence}),
    (PLAYING, "mode"): (PLAYING, {Say, Ask}),
    (PLAYING, "engine ends"): (PLAYING, {Say, Ask}),
    (PLAYING, "engine fails"): (PLAYING, {Say, Ask}),
}
"""What is not here changes no phase and leads to nothing; an ask may follow whatever happens."""


REACHED_BEATS = {STOPPED: -1.0, WAITING: 2.3, LISTENING: 1.3, PLAYING: 6.3}


def reached(phase: Phase) -> Stage:
    """A stage between two beats, in `phase`."""
    made = Stage(BAND, Engine(lambda _: 0.02))
    if phase is not STOPPED:
        made.extend(beats(120, 64))
    if phase is LISTENING:
        made.extend(melody(LINE, [(0.0, 2.0, 60)]))
    if phase is PLAYING:
        made.extend(melody(LINE, quarters(16)))
    made.run(LINE.seconds(REACHED_BEATS[phase]))
    made.now = LINE.seconds(REACHED_BEATS[phase])
    assert made.conductor.phase is phase
    return made


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.name.lower())
def test_transition(phase: Phase, message: str) -> None:
    made = reached(phase)
    conductor: Conductor = made.conductor
    expected, follows = TABLE.get((phase, message), (phase, set()))
    actions = conductor.receive(MESSAGES[message](made), made.now)  # type: ignore[arg-type]
    assert conductor.phase is expected
    kinds = {type(action) for action in actions}
    assert kinds - {Ask} == follows - {Ask}
