"""Chords in virtual sessions: what the band strikes, and when it stops."""

import numpy as np

from schmubert.bridge.brain.comping import Comping
from schmubert.bridge.brain.feel import STRAIGHT
from schmubert.bridge.protocol.messages import Control, Moved
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.chords import FIRST_CHORD
from schmubert.engine.music.vocabulary import HOLD, OFF, Track
from schmubert.engine.service.wire import (
    UNKNOWN_CHORD,
    UNKNOWN_COMPING,
    UNKNOWN_FORM,
    WANTED_COMPING,
    Request,
)
from tests.bridge.brain.stages import LINE, at, prompt
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, pulse, quarters

HIT = 2
C, A_MINOR, G = FIRST_CHORD, FIRST_CHORD + 9 * 7 + 1, FIRST_CHORD + 7 * 7
CHORDS = {C: {0, 4, 7}, A_MINOR: {9, 0, 4}, G: {7, 11, 2}}
WITH_CHORDS = Settings(plays=(Track.BASS, Track.CHORDS), seed=1)
ALONE = Settings(plays=(Track.CHORDS,))


def planned(request: Request) -> tuple[bytes, bytes, bytes, bytes]:
    """C and Am by turns, a bar each, struck on one and three and let go on four."""
    steps = request.tokens.steps
    bars = steps // 16
    told = np.frombuffer(request.comping, np.uint8)
    bar = np.zeros(16, np.uint8)
    bar[[0, 8]], bar[12] = HIT, OFF
    comping = np.where(told == WANTED_COMPING, np.tile(bar, bars), told) if len(told) else told
    forms = np.full((bars, 3), UNKNOWN_FORM, np.uint8)
    chords = [(C, A_MINOR)[bar % 2] for bar in range(bars) for _ in range(4)]
    # forms name the bar in which they were drawn
    forms[:, Track.BASS] = request.seq % 3 + 1
    if request.constraints.forms:
        kept = np.frombuffer(request.constraints.forms, np.uint8).reshape(bars, 3)
        forms = np.where(kept == UNKNOWN_FORM, forms, kept)
    return bytes(chords), bytes([200] * len(chords)), forms.tobytes(), comping.tobytes()


def session(settings: Settings = WITH_CHORDS, bars: int = 8, lost_from: int | None = None) -> Stage:
    def latency_s(seq: int) -> float | None:
        return None if lost_from is not None and seq >= lost_from else prompt(seq)

    made = Stage(settings, Engine(latency_s, pulse(40), plan=planned))
    made.extend(beats(120, 4 * bars))
    made.extend(melody(LINE, quarters(bars)))
    return made


def struck(stage: Stage) -> dict[float, set[int]]:
    """The pitch classes that are struck together, by beat."""
    found: dict[float, set[int]] = {}
    for beat, pitch in stage.onsets(Track.CHORDS):
        found.setdefault(beat, set()).add(pitch % 12)
    return found


def test_chords_are_struck_in_the_rhythm_and_harmony_of_the_plan() -> None:
    for settings in (WITH_CHORDS, ALONE):
        stage = session(settings).run(at(31.0))
        chords = struck(stage)
        assert set(chords) == {4.0 * bar + beat for bar in range(1, 8) for beat in (0.0, 2.0)}
        assert {frozenset(one) for one in chords.values()} == {
            frozenset(CHORDS[C]),
            frozenset(CHORDS[A_MINOR]),
        }
        assert "I come in" in " ".join(text for _, text in stage.said)
        assert not stage.owner.sounding[Track.CHORDS], "let go on four"
    assert not stage.onsets(Track.BASS)


def test_what_was_struck_is_known_to_the_engine() -> None:
    stage = session().run(at(24.0))
    comping = np.frombuffer(stage.engine.requests[-1][1].comping, np.uint8)
    wanted = int(np.argmax(comping == WANTED_COMPING))
    assert (comping[wanted:] == WANTED_COMPING).all()
    hits = np.flatnonzero(comping[:wanted] == HIT)
    assert set(hits % 16) == {0, 8}
    assert (comping[:16] == UNKNOWN_COMPING).all(), "it listened"


def test_a_model_without_comping_leaves_chords_silent_and_says_so_once() -> None:
    stage = Stage(WITH_CHORDS, Engine(prompt, pulse(40)))
    stage.extend(beats(120, 16))
    stage.extend(melody(LINE, quarters(4)))
    stage.run(at(15.0))
    told = [text for _, text in stage.said if "chords" in text]
    assert told == ["this model knows no chords: it stays silent"]
    assert stage.onsets(Track.BASS)
    assert not stage.events(Track.CHORDS)
    assert all(not request.comping for _, request in stage.engine.requests)


def test_the_last_bar_goes_on_when_the_engine_is_lost() -> None:
    stage = session(bars=16, lost_from=14).run(at(50.0))
    assert any("does not answer" in text for _, text in stage.said)
    assert set(struck(stage)) == {4.0 * bar + beat for bar in range(1, 13) for beat in (0.0, 2.0)}


def test_no_chord_hangs_when_the_player_rests_or_mutes_or_jumps() -> None:
    resting = Stage(ALONE, Engine(prompt, pulse(40), plan=planned))
    resting.extend(beats(120, 64))
    resting.extend(melody(LINE, quarters(4)))
    resting.run(at(40.0))
    assert any("so I wait" in text for _, text in resting.said)
    assert not resting.owner.sounding[Track.CHORDS]

    muted = session()
    muted.at(at(16.6), Control("mute", 1.0, int(Track.CHORDS)))
    muted.run(at(31.0))
    assert max(struck(muted)) <= 17.0
    assert Track.CHORDS in {role for _, role in muted.owner.silences}

    jumping = session(bars=5)
    jumping.extend(beats(120, 8, passage=1, from_beat=8.0, at_s=at(20.6)))
    jumping.run(at(28.0))
    after = [play for _, play in jumping.owner.plays if play.passage == 1]
    events = [event for play in after for event in play.events if play.role == Track.CHORDS]
    assert events
    assert events[0].velocity, "what sounded before the jump is the owner's to end"


def test_a_held_chord_that_changes_is_struck_anew_on_its_beat() -> None:
    comping = Comping()
    cells = [(HIT, C), *[(HOLD, C)] * 3, *[(HOLD, G)] * 4, *[(HOLD, UNKNOWN_CHORD)] * 4]
    events = comping.play(cells, 0, 4.0, 80.0, STRAIGHT)
    assert {event.beat for event in events} == {4.0, 5.0}
    ended = {event.pitch for event in events if event.beat == 5.0 and not event.velocity}
    assert ended == {event.pitch for event in events if event.beat == 4.0}
    begun = {event.pitch % 12 for event in events if event.beat == 5.0 and event.velocity}
    assert begun == CHORDS[G]
    rest = comping.play([(HOLD, 0)], 12, 7.0, 80.0, STRAIGHT)
    assert rest
    assert not any(event.velocity for event in rest), "there is no chord"
    assert comping.silence() == ()


def test_a_chord_of_which_nothing_is_known_is_not_struck() -> None:
    assert Comping().play([(HIT, UNKNOWN_CHORD)], 0, 0.0, 80.0, STRAIGHT) == ()


def test_what_came_too_late_is_not_struck_but_ends() -> None:
    comping = Comping()
    comping.play([(HIT, C)], 0, 0.0, 80.0, STRAIGHT)
    late = comping.play([(HIT, G)], 4, 1.0, 80.0, STRAIGHT, late=1)
    assert late
    assert not any(event.velocity for event in late)


def test_a_long_rest_is_unknown_to_the_engine() -> None:
    comping = Comping()
    comping.play([(HIT, C), (OFF, C), *[(HOLD, C)] * 38], 0, 0.0, 80.0, STRAIGHT)
    told = comping.asked(0, 48, 40)
    assert told == bytes([HIT, OFF, *[UNKNOWN_COMPING] * 38, *[WANTED_COMPING] * 8])
    assert comping.asked(0, 48, 16)[:16] == bytes([HIT, OFF, *[HOLD] * 14])


def test_the_forms_of_a_bar_that_has_begun_go_back_to_the_engine() -> None:
    stage = session(bars=6)
    jump_s = at(17.3)
    stage.at(jump_s, Moved(1, True, 9.3, jump_s, 120.0))
    stage.run(at(23.0))
    asked = [
        (now, np.frombuffer(request.constraints.forms, np.uint8).reshape(-1, 3))
        for now, request in stage.engine.requests
        if request.constraints.forms
    ]
    assert asked, "inside a bar"
    for _, forms in asked:
        known = np.flatnonzero((forms != UNKNOWN_FORM).any(axis=1))
        assert 1 <= len(known) <= 3, "the bar that has begun, and two ahead"
        assert known[-1] - known[0] == len(known) - 1
        assert (forms[known, Track.BASS] != UNKNOWN_FORM).all()
    first_after = next(one for now, one in stage.engine.requests if now >= jump_s)
    assert not first_after.constraints.forms, "not across a jump"
