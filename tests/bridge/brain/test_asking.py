"""When the engine is asked, and what about."""

import itertools

import numpy as np
import pytest

from schmubert.bridge.brain.harmony import chart
from schmubert.bridge.brain.settings import Settings
from schmubert.bridge.protocol.messages import Control, Moved
from schmubert.engine.diffusion.recipe import STAGE_TEMPERATURE
from schmubert.engine.music.vocabulary import MASK, Track
from schmubert.engine.service.wire import (
    Request,
    unpack,
)
from tests.bridge.brain.stages import LINE, at, stage
from tests.bridge.brain.virtual_stage import (
    beats,
    quarters,
)


def test_what_was_heard_since_is_asked_about_again() -> None:
    played = stage(notes=[*quarters(4)]).run(at(12))
    times = [round(LINE.beats(now), 2) for now, _ in played.engine.asks if at(8) <= now < at(9)]
    assert len(times) == 2
    assert times[0] == 8.0
    assert 8.7 < times[1] < 8.95
    first, second = (unpack(ask.tokens) for now, ask in played.engine.asks if at(8) <= now < at(9))
    assert first[32, Track.MELODY] == MASK[Track.MELODY]
    assert second[32, Track.MELODY] == 60 - 19


def test_nothing_new_is_asked_about_once() -> None:
    played = stage(notes=[(0.0, 60.0, 60)]).run(at(12))
    assert len([now for now, _ in played.engine.asks if at(8) <= now < at(9)]) == 1


def test_a_slow_engine_is_asked_early_and_never_interrupted() -> None:
    """0.7 s for half-second beats: what it says is still about beats that are to come."""
    played = stage(latency_s=lambda _seq: 0.7).run(at(60))
    times = [now for now, _ in played.engine.asks]
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.699
    _, ask = played.engine.asks[-1]
    assert ask.budget_ms >= 700.0


def test_a_jump_at_a_beat_is_asked_about_at_once() -> None:
    made = stage(bars=0, notes=quarters(4))
    made.extend(beats(120, 9))
    made.run(at(8))
    actions = made.conductor.receive(Moved(1, True, 0.0, at(8), 120.0), at(8))
    (ask,) = (action for action in actions if isinstance(action, Request))
    assert ask.budget_ms > 400.0


def test_a_knob_is_in_the_next_ask() -> None:
    played = stage()
    played.at(at(10.1), Control("density", 3.0, int(Track.BASS)))
    played.at(at(10.1), Control("temperature", 0.7))
    played.run(at(20.0))
    before = [ask for at_s, ask in played.engine.asks if at_s < at(10.1)]
    after = [ask for at_s, ask in played.engine.asks if at_s >= at(10.1)]
    assert {(len(ask.constraints.densities), ask.temperature) for ask in before} == {
        (0, STAGE_TEMPERATURE)
    }
    assert {(ask.constraints.densities[1], ask.temperature) for ask in after} == {(3.0, 0.7)}


def test_chords_lead_the_band_where_they_are_written_or_held() -> None:
    written = stage(Settings(plays=(Track.BASS,), chart=chart("C F")))
    written.run(at(20.0))
    _, ask = written.engine.asks[-1]
    biases = np.frombuffer(ask.constraints.harmony, "<f4").reshape(-1, 12)
    bars = biases[::4] > 0
    assert [set(np.flatnonzero(bar)) for bar in bars][:2] == [{0, 4, 7}, {0, 5, 9}]
    single = stage(Settings(plays=(Track.BASS,)))
    single.run(at(20.0))
    assert not any(ask.constraints.harmony for _, ask in single.engine.asks)
    chords = [(beat, 1.0, pitch) for beat in range(32) for pitch in (60, 63, 67)]
    held = stage(Settings(plays=(Track.BASS,)), notes=chords)
    held.run(at(20.0))
    _, ask = held.engine.asks[-1]
    biases = np.frombuffer(ask.constraints.harmony, "<f4").reshape(-1, 12)
    assert set(np.flatnonzero(biases.any(axis=0))) == {0, 3, 7}


def test_chords_struck_short_lead_as_much_as_those_held() -> None:
    stabs = [(4.0 * bar, 0.4, pitch) for bar in range(8) for pitch in (60, 63, 67)]
    played = stage(Settings(plays=(Track.BASS,)), notes=stabs)
    played.run(at(18.6))
    _, ask = played.engine.asks[-1]
    biases = np.frombuffer(ask.constraints.harmony, "<f4").reshape(-1, 12)
    assert biases.max() == pytest.approx(2.0)
    assert set(np.flatnonzero(biases.any(axis=0))) == {0, 3, 7}
