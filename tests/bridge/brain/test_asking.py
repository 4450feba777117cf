"""When the engine is asked, and what about."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from schmubert.bridge.brain.conductor import Action
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.tape import Tape, write
from schmubert.bridge.protocol.controls import setting
from schmubert.bridge.protocol.messages import Control, Heard, Moved, Play
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.chords import Chord, Quality
from schmubert.engine.music.vocabulary import MASK, Track
from schmubert.engine.recipe import Recipe
from schmubert.engine.service.wire import UNKNOWN_CHORD, UNKNOWN_ROOT, Request, unpack
from tests.bridge.brain.stages import LINE, Parts, at, prompt, stage
from tests.bridge.brain.test_comping import planned
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, pulse, quarters

NO_KEY = (setting("key", "any"),)
C_MINOR = Chord(0, Quality.MINOR).token


def test_what_was_heard_since_is_asked_about_again() -> None:
    played = stage(notes=[*quarters(4)]).run(at(12))
    times = [round(LINE.beats(now), 2) for now, _ in played.engine.requests if at(8) <= now < at(9)]
    assert len(times) == 2
    assert times[0] == 8.0
    assert 8.7 < times[1] < 8.95
    first, second = (
        unpack(request.tokens) for now, request in played.engine.requests if at(8) <= now < at(9)
    )
    assert first[32, Track.MELODY] == MASK[Track.MELODY]
    assert second[32, Track.MELODY] == 60 - 19


def test_nothing_new_is_asked_about_once() -> None:
    played = stage(notes=[(0.0, 60.0, 60)]).run(at(12))
    assert len([now for now, _ in played.engine.requests if at(8) <= now < at(9)]) == 1


def test_a_slow_engine_is_asked_early_and_never_interrupted() -> None:
    """0.7 s for half-second beats: what it says is still about beats that are to come."""
    played = stage(latency_s=lambda _seq: 0.7).run(at(60))
    times = [now for now, _ in played.engine.requests]
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.699
    _, request = played.engine.requests[-1]
    assert request.budget_ms >= 700.0


def test_a_jump_at_a_beat_is_asked_about_at_once() -> None:
    made = stage(bars=0, notes=quarters(4))
    made.extend(beats(120, 9))
    made.run(at(8))
    actions = made.conductor.receive(Moved(1, True, 0.0, at(8), 120.0), at(8))
    (request,) = (action for action in actions if isinstance(action, Request))
    assert request.budget_ms > 400.0


def test_a_knob_is_in_the_next_request() -> None:
    played = stage()
    played.at(at(10.1), Control("density", 3.0, int(Track.BASS)))
    played.at(at(10.1), Control("temperature", 0.7))
    played.run(at(20.0))
    before = [request for at_s, request in played.engine.requests if at_s < at(10.1)]
    after = [request for at_s, request in played.engine.requests if at_s >= at(10.1)]
    assert {(len(request.constraints.densities), request.temperature) for request in before} == {
        (0, None)
    }
    assert {(request.constraints.densities[1], request.temperature) for request in after} == {
        (3.0, 0.7)
    }


def scale(tonic: int) -> list[tuple[float, float, int]]:
    """A major scale up and down in quarters, for eight bars."""
    steps = (0, 2, 4, 5, 7, 9, 11, 12)
    return [(float(beat), 0.9, 60 + tonic + steps[beat % 8]) for beat in range(32)]


def test_the_key_that_is_heard_leads_unless_one_is_said_or_none() -> None:
    for tonic in (0, 6):
        followed = stage(Settings(plays=(Track.BASS,)), notes=scale(tonic))
        followed.run(at(28.0))
        _, request = followed.engine.requests[-1]
        biases = np.frombuffer(request.constraints.harmony, "<f4").reshape(-1, 12)
        outside = [(tonic + step) % 12 for step in (1, 3, 6, 8, 10)]
        assert (biases <= 0.0).all()
        assert biases[:, outside].max() < -1.5
        assert np.delete(biases, outside, axis=1).min() > -0.2
        assert followed.keys[-1][1] == tonic
    for words in ("C", "any"):
        said = stage(
            Settings(plays=(Track.BASS,), controls=(setting("key", words),)), notes=scale(0)
        )
        said.run(at(28.0))
        _, request = said.engine.requests[-1]
        assert not request.constraints.harmony
        assert request.constraints.tonic == {"C": 0, "any": None}[words]
        assert not said.keys


def test_a_chord_that_is_written_is_never_leant_away_from() -> None:
    settings = Settings(plays=(Track.BASS,), chords="F#", controls=(setting("harmony", "0"),))
    led = stage(settings, notes=scale(0))
    led.run(at(28.0))
    _, request = led.engine.requests[-1]
    biases = np.frombuffer(request.constraints.harmony, "<f4").reshape(-1, 12)
    assert biases[:, [6, 10, 1]].min() == pytest.approx(0.0, abs=1e-6)
    assert biases[:, 8].max() < -2.0


def test_a_bass_keeps_to_its_strings_or_to_those_of_the_player() -> None:
    played = stage(Settings(plays=(Track.BASS,)))
    played.run(at(12.0))
    assert played.engine.requests[-1][1].constraints.registers == {1: (28, 55)}
    both = Settings(hears=(Track.MELODY, Track.BASS), plays=(Track.BASS,), mode="trade")
    low = stage(both, notes=[])
    low.extend(melody(LINE, [(float(beat), 0.9, 23) for beat in range(16)], Track.BASS))
    low.run(at(30.0))
    assert {one.constraints.registers[1] for _, one in low.engine.requests} == {(23, 55)}


def test_chords_lead_the_band_where_they_are_written_or_held() -> None:
    written = stage(Settings(plays=(Track.BASS,), chords="C F", controls=NO_KEY))
    written.run(at(20.0))
    _, request = written.engine.requests[-1]
    biases = np.frombuffer(request.constraints.harmony, "<f4").reshape(-1, 12)
    bars = biases[::4] > 0
    assert [set(np.flatnonzero(bar)) for bar in bars][:2] == [{0, 4, 7}, {0, 5, 9}]
    single = stage(Settings(plays=(Track.BASS,), controls=NO_KEY))
    single.run(at(20.0))
    assert not any(request.constraints.harmony for _, request in single.engine.requests)
    chords = [(beat, 1.0, pitch) for beat in range(32) for pitch in (60, 63, 67)]
    held = stage(Settings(plays=(Track.BASS,), controls=NO_KEY), notes=chords)
    held.run(at(20.0))
    _, request = held.engine.requests[-1]
    biases = np.frombuffer(request.constraints.harmony, "<f4").reshape(-1, 12)
    assert set(np.flatnonzero(biases.any(axis=0))) == {0, 3, 7}


@pytest.mark.parametrize(("said", "nats"), [((), 3.0), ((setting("harmony", "1"),), 1.0)])
def test_chords_lead_as_much_as_the_model_wants_unless_the_player_says(
    said: tuple[Control, ...], nats: float
) -> None:
    written = stage(Settings(plays=(Track.BASS,), chords="C F", controls=(*NO_KEY, *said)))
    written.engine.recipe = Recipe(harmony=3.0)
    written.at(0.0, written.engine.welcome)
    written.run(at(12.0))
    _, request = written.engine.requests[-1]
    biases = np.frombuffer(request.constraints.harmony, "<f4")
    assert biases.max() == pytest.approx(1.5 * nats), "a root weighs half as much again"
    assert (request.temperature, request.first_calls) == (None, None)


def test_a_model_that_names_chords_is_led_only_as_much_as_the_player_says() -> None:
    chords = [(beat, 1.0, pitch) for beat in range(32) for pitch in (60, 63, 67)]
    for said, nats in ((), 0.0), ((setting("harmony", "1"),), 1.0):
        settings = Settings(plays=(Track.BASS,), controls=(*NO_KEY, *said))
        held = Stage(settings, Engine(prompt, plan=planned))
        held.extend(beats(120, 32))
        held.extend(melody(LINE, chords))
        held.run(at(20.0))
        _, request = held.engine.requests[-1]
        biases = np.frombuffer(request.constraints.harmony, "<f4")
        assert biases.max(initial=0.0) == pytest.approx(nats)
        told = np.frombuffer(request.constraints.chords, np.uint8)
        assert C_MINOR in told
        assert told[-1] == UNKNOWN_CHORD
    written = Stage(Settings(plays=(Track.BASS,), chords="C F"), Engine(prompt, plan=planned))
    written.extend(beats(120, 32))
    written.extend(melody(LINE, quarters(8)))
    written.run(at(12.0))
    _, request = written.engine.requests[-1]
    biases = np.frombuffer(request.constraints.harmony, "<f4")
    assert biases.max() == pytest.approx(3.0), "a chart leads any model"
    assert biases.min() == 0.0, "and no key does"


def test_chords_struck_short_lead_as_much_as_those_held() -> None:
    stabs = [(4.0 * bar, 0.4, pitch) for bar in range(8) for pitch in (60, 63, 67)]
    played = stage(Settings(plays=(Track.BASS,), controls=NO_KEY), notes=stabs)
    played.run(at(18.6))
    _, request = played.engine.requests[-1]
    biases = np.frombuffer(request.constraints.harmony, "<f4").reshape(-1, 12)
    assert biases.max() == pytest.approx(2.0)
    assert set(np.flatnonzero(biases.any(axis=0))) == {0, 3, 7}


def test_it_asks_once_a_unit_unless_what_it_asked_is_out_of_date() -> None:
    asking = Parts().asking
    assert asking.begins_unit(at(4.0))
    assert not asking.begins_unit(at(4.9))
    assert asking.begins_unit(at(5.0))
    asking.at_once()
    assert asking.begins_unit(at(5.1))
    assert asking.next_at(at(5.1)) == pytest.approx(at(6.0))


def test_it_asks_again_about_the_same_when_the_player_has_played_and_never_a_third_time() -> None:
    parts = Parts()
    parts.commit.begin_at(20)
    look_s = parts.commit.at(20) - 0.15
    parts.asking.ask(at(4.0), Knobs())
    assert not parts.asking.is_due_again(look_s)
    parts.capture.hear(Heard(at(4.2), Track.MELODY, 60, 90))
    assert parts.asking.is_due_again(look_s)
    assert not parts.asking.is_due_again(parts.commit.at(20)), "too late for an answer"
    parts.asking.ask_again(look_s, Knobs())
    assert not parts.asking.is_due_again(look_s)


def test_the_slower_the_engine_the_more_is_final_before_it_could_answer() -> None:
    parts = Parts()
    until = []
    for first_s in (0.01, 0.6, 1.2, 9.0):
        parts.dialogue.latency.expect(first_s)
        until.append(parts.asking.too_late_until(at(4.0)))
    assert until == [20, 24, 28, 32], "never more than a bar"


def test_what_is_traded_is_wanted_from_the_bar_line_on_which_it_is_taken_over() -> None:
    settings = Settings(plays=(Track.MELODY, Track.BASS), mode="trade", bars=1)
    parts = Parts(settings)
    parts.commit.begin_at(12)
    assert parts.asking.wanted(at(2.5)) == {Track.BASS: 12, Track.MELODY: 16}
    parts.commit.begin_at(20)
    assert parts.asking.wanted(at(4.5)) == {Track.BASS: 20}


class TapesCounted(Stage):
    """A stage that counts for each turn of the conductor how many tapes were written."""

    tapes: list[int]
    turns: list[tuple[int, int, int]]
    """(tapes, units committed, requests) of each turn."""

    def act(self, actions: Sequence[Action]) -> None:
        units = {action.from_beat for action in actions if isinstance(action, Play)}
        requests = [action for action in actions if isinstance(action, Request)]
        self.turns.append((len(self.tapes), len(units), len(requests)))
        self.tapes.clear()
        super().act(actions)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dies", [False, True], ids=["", "engine dies"])
def test_one_tape_is_written_a_request_and_one_a_commit_at_most(
    mode: str, dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was heard and played is put together once for all that is decided from it."""
    latency = dict.fromkeys(range(20 if dies else 1000), 0.02)
    settings = Settings(plays=(Track.MELODY, Track.BASS, Track.DRUMS), mode=mode, seed=1, bars=2)
    made = TapesCounted(settings, Engine(latency.get, pulse(40)))
    made.tapes, made.turns = [], []
    made.extend(beats(120, 80))
    made.extend(melody(LINE, quarters(20)))

    def counted(*given: Any) -> Tape:
        made.tapes.append(1)
        return write(*given)

    monkeypatch.setattr("schmubert.bridge.brain.capture.write", counted)
    made.run(at(72.0))
    assert sum(units for _, units, _ in made.turns) > 40
    for tapes, units, requests in made.turns:
        assert requests <= tapes <= 1 + units
        if mode == "accompany" and not dies:
            assert tapes == requests, "a plan is played without looking back"


def test_an_ask_says_over_which_roots_the_band_played() -> None:
    """The plan of every ask has C and Am by turns, counted from where its window begins."""
    played = Stage(Settings(plays=(Track.BASS,)), Engine(prompt, pulse(40), plan=planned))
    played.extend(beats(120, 32))
    played.extend(melody(LINE, quarters(8)))
    played.run(at(17.5))
    _, request = played.engine.requests[-1]
    roots = list(request.constraints.roots)
    assert roots[:4] == [UNKNOWN_ROOT] * 4, "the band listened"
    assert roots[4:16] == [9] * 4 + [0] * 4 + [9] * 4
    assert roots[-4:] == [UNKNOWN_ROOT] * 4
    _, first = played.engine.requests[0]
    assert first.constraints.roots == b""
