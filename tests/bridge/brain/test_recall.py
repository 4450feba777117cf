"""A brain that takes the place of another knows what that one knew, and goes on where it ended."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schmubert.bridge.brain.band import BandState
from schmubert.bridge.brain.conductor import Action, Conductor, Message
from schmubert.bridge.brain.dynamics import events
from schmubert.bridge.brain.feel import Feel
from schmubert.bridge.brain.recall import cells_of
from schmubert.bridge.owner.memory import Memory
from schmubert.bridge.protocol.messages import Control, Moved, Play
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import FIRST_ONSET, OFF, SIZES, Track
from schmubert.engine.service.wire import Draft
from tests.bridge.brain.stages import BAND, BASS_AND_DRUMS, LINE, covered, prompt
from tests.bridge.brain.test_comping import planned
from tests.bridge.brain.virtual_stage import (
    Engine,
    Stage,
    beats,
    melody,
    pulse,
    quarters,
    random_music,
)

WELCOME_S = 0.02


class Remembered(Conductor):
    """A conductor, all of whose messages are kept in `memory`."""

    def __init__(self, conductor: Settings, memory: Memory) -> None:
        super().__init__(conductor)
        self._memory = memory

    def receive(self, message: Message, now: float) -> list[Action]:
        self._memory.keep(now, message)  # type: ignore[arg-type]
        return super().receive(message, now)


class Mortal(Stage):
    """A stage on which the brain dies, and another takes its place."""

    def __init__(self, conductor: Settings, engine: Engine) -> None:
        super().__init__(conductor, engine)
        self.memory = Memory()
        self.conductor = Remembered(conductor, self.memory)

    def act(self, actions: list[Action]) -> None:  # type: ignore[override]
        for action in actions:
            self.memory.keep(self.now, action)  # type: ignore[arg-type]
        super().act(actions)

    def replace_brain(self) -> None:
        old = self.conductor
        self._queue = [one for one in self._queue if not isinstance(one[2], Draft)]
        heapq.heapify(self._queue)
        self._newest_seq = -1
        self.conductor = Remembered(old.settings, self.memory)
        self.act(self.conductor.receive(self.memory.recall(), self.now))
        self.at(self.now + WELCOME_S, self.engine.welcome)


def mortal(conductor: Settings, bars: int, tempo_bpm: float = 120.0) -> Mortal:
    """A melody of quarters throughout, and an engine that answers anything."""
    made = Mortal(conductor, Engine(prompt, random_music))
    line = Timeline(0.0, 1.0, tempo_bpm)
    made.extend(beats(tempo_bpm, 4 * bars))
    made.extend(melody(line, quarters(bars)))
    return made


@settings(max_examples=12, deadline=None)
@given(
    tempo_bpm=st.floats(60, 240),
    deaths=st.lists(st.floats(0.0, 6.5), max_size=3),
    commit=st.sampled_from(["step", "beat", "bar"]),
    swing=st.sampled_from([0.0, 0.4]),
)
@example(240.0, [5.0, 5.01, 5.02], "step", 0.0)
def test_the_band_loses_no_beat_by_deaths(
    tempo_bpm: float, deaths: list[float], commit: str, swing: float
) -> None:
    """Every beat is decided once and in time, every note begun and ended once."""
    bars = 7
    played = mortal(
        Settings(
            plays=(Track.BASS, Track.DRUMS), commit=commit, controls=(Control("swing", swing),)
        ),
        bars,
        tempo_bpm,
    )
    line = Timeline(0.0, 1.0, tempo_bpm)
    for bar in sorted(deaths):
        played.run(line.seconds(4.0 * bar))
        played.now = max(played.now, line.seconds(4.0 * bar))
        before = played.conductor.capture.tape(played.now)
        state = played.conductor.state
        played.replace_brain()
        assert played.conductor.state is state
        after = played.conductor.capture.tape(played.now)
        rows = before.heard_until - before.first_step
        np.testing.assert_array_equal(
            after.tokens[:rows], before.tokens[:rows], err_msg=f"bar {bar}"
        )
    played.run(line.seconds(4.0 * bars))
    for role in (Track.BASS, Track.DRUMS):
        (span,) = covered(played, role)
        assert span[0] in (4.0, 8.0), "whoever dies just before its entry comes in a bar later"
        assert span[1] >= 4.0 * bars


@pytest.mark.parametrize("state", list(BandState))
def test_a_band_that_recalls_is_about_the_same(state: BandState) -> None:
    """Waiting, listening, playing and leading, as the one before it was, and stopped."""
    conductor = BAND if state is BandState.LEADING else BASS_AND_DRUMS
    made = Mortal(conductor, Engine(prompt, pulse(40)))
    if state is not BandState.STOPPED:
        made.extend(beats(120, 64))
    heard = {BandState.WAITING: 0, BandState.STOPPED: 0, BandState.LEADING: 4}.get(state, 8)
    made.extend(melody(LINE, quarters(heard)))
    dies_s = LINE.seconds({BandState.LISTENING: 2.5}.get(state, 30.5))
    made.run(dies_s)
    made.now = dies_s
    assert made.conductor.state is state
    made.replace_brain()
    assert made.conductor.state is state


def test_what_was_a_phrase_is_one_again() -> None:
    made = mortal(BASS_AND_DRUMS, 8)
    made.at(LINE.seconds(16.5), Control("phrase-a", 1.0))
    made.run(LINE.seconds(20.0))
    before = made.conductor._modes.phrase("phrase-a")
    made.replace_brain()
    after = made.conductor._modes.phrase("phrase-a")
    assert before is not None
    assert after is not None
    assert (before.first_step, before.end_step) == (after.first_step, after.end_step)


def test_of_what_is_long_gone_only_how_knobs_stand_is_kept() -> None:
    memory = Memory(most=3)
    memory.keep(0.0, Control("swing", 0.2))
    memory.keep(0.5, Control("swing", 0.6))
    memory.keep(0.6, Control("regenerate", 1.0))
    for beat in range(3):
        memory.keep(1.0 + beat, Moved(1, True, float(beat), 1.0 + beat, 60.0))
    told = memory.recall().told
    assert [one.what for one in told[:1]] == [Control("swing", 0.6)]
    assert [one.at_s for one in told[1:]] == [1.0, 2.0, 3.0]
    memory.forget()
    assert memory.recall().told == ()


@given(data=st.data(), role=st.sampled_from([Track.MELODY, Track.BASS, Track.DRUMS]))
def test_cells_are_what_their_events_were_made_of(data: st.DataObject, role: Track) -> None:
    meter = data.draw(st.sampled_from([COMMON, Meter(3, 6)]))
    steps = data.draw(st.integers(1, meter.steps))
    cells = data.draw(st.lists(st.integers(0, SIZES[role] - 1), min_size=steps, max_size=steps))
    sounding = data.draw(st.sampled_from([None, 40]))
    sounds = sounding is not None
    for place, token in enumerate(cells):  # an OFF that ends nothing leaves no event
        if role is not Track.DRUMS and token == OFF and not sounds:
            cells[place] = 0
        sounds = token >= FIRST_ONSET or (sounds and token != OFF)
    delays = data.draw(st.lists(st.floats(0.0, 0.9), min_size=meter.steps, max_size=meter.steps))
    feel = Feel(tuple(delays), (1.0,) * meter.steps)
    beat = float(data.draw(st.integers(0, 200)))
    made, _ = events(role, cells, 0, beat, sounding, 90.0, feel, meter)
    play = Play(1, int(role), beat, beat + steps / meter.cells, made)
    assert cells_of(play, meter).tolist() == cells
    assert math.isclose(len(cells_of(play, meter)), steps)


@pytest.mark.parametrize("dies", [2.5, 9.5, 13.01, 14.9])
def test_a_new_brain_goes_on_with_chords_and_leaves_none_hanging(dies: float) -> None:
    made = Mortal(Settings(plays=(Track.CHORDS,)), Engine(prompt, pulse(40), plan=planned))
    made.extend(beats(120, 40))
    made.extend(melody(LINE, quarters(8)))
    made.run(LINE.seconds(dies))
    made.now = LINE.seconds(dies)
    state = made.conductor.state
    made.replace_brain()
    assert made.conductor.state is state
    made.run(LINE.seconds(31.9))
    onsets = [beat for beat, _ in made.onsets(Track.CHORDS)]
    assert [beat for beat in sorted(set(onsets)) if beat >= 16.0] == list(range(16, 32, 2))
    assert not made.owner.sounding[Track.CHORDS], "let go on four"
