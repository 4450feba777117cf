import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schmubert.bridge.brain.conductor import BandState, Conductor, Settings
from schmubert.bridge.brain.harmony import chart
from schmubert.bridge.protocol.controls import control
from schmubert.bridge.protocol.messages import Control, Heard, Moved, Pedal, Play, Say, Silence
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.diffusion.recipe import STAGE_TEMPERATURE
from schmubert.engine.music.score import Note, canonical, monophonic
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track
from schmubert.engine.service.wire import (
    Draft,
    Failed,
    Goodbye,
    Request,
    Welcome,
    pack,
    unpack,
    unpack_cells,
)
from tests.bridge.brain.virtual_stage import (
    WELCOME,
    Engine,
    Stage,
    always,
    beats,
    columns,
    melody,
    pulse,
    quarters,
    random_music,
)

BASS_AND_DRUMS = Settings(plays=(Track.BASS, Track.DRUMS))
BAND = Settings(plays=(Track.MELODY, Track.BASS, Track.DRUMS), mode="continue")
LINE = Timeline(0.0, 1.0, 120.0)  # beat 0 after a second, two beats a second
KICK = 36


def at(beat: float) -> float:
    return LINE.seconds(beat)


def prompt(_seq: int) -> float:
    return 0.02


def stage(
    conductor: Settings = BASS_AND_DRUMS,
    latency_s: Callable[[int], float | None] = prompt,
    bars: int = 16,
    notes: list[tuple[float, float, int]] | None = None,
) -> Stage:
    """At 120 BPM an engine with the same bar always, and a melody of quarters throughout."""
    made = Stage(conductor, Engine(latency_s, pulse(40)))
    made.extend(beats(120, 4 * bars))
    made.extend(melody(LINE, quarters(bars) if notes is None else notes))
    return made


def covered(played: Stage, role: Track, passage: int = 0) -> list[tuple[float, float]]:
    """The spans of beats that were committed, adjoining ones joined."""
    spans: list[tuple[float, float]] = []
    for _, play in played.owner.plays:
        if play.role != role or play.passage != passage:
            continue
        if spans and spans[-1][1] == play.from_beat:
            spans[-1] = spans[-1][0], play.to_beat
        else:
            spans.append((play.from_beat, play.to_beat))
    return spans


# Laws, over tempos, latencies, deaths and unsteady hands


def unsteady(
    line: Timeline, steps: int, rng: np.random.Generator
) -> tuple[list[Note], list[tuple[float, Heard]]]:
    """A melody [16ths], and the same as hands play it: up to 0.4 of a 16th early or late."""
    notes: list[Note] = []
    heard = []
    for step in [0, *sorted(1 + rng.choice(steps - 1, size=steps // 4, replace=False))]:
        note = Note(int(step), int(rng.integers(1, 8)), int(rng.integers(50, 80)))
        if any(n.pitch == note.pitch and n.onset + n.length >= step for n in notes):
            continue
        notes.append(note)
        off_by = rng.uniform(-0.4, 0.4, 2)
        begin, end = max(0, step + off_by[0]) / 4, (step + note.length + off_by[1]) / 4
        heard.append((begin, end - begin, note.pitch))
    return notes, melody(line, heard)


@settings(max_examples=25, deadline=None)
@given(
    tempo_bpm=st.floats(60, 240),
    latency_s=st.floats(0.005, 0.4),
    dead_from=st.integers(8, 100),
    dead_for=st.integers(0, 60),
    commit=st.sampled_from(["step", "beat", "bar"]),
    seed=st.integers(0, 2**32 - 1),
    tick_late_s=st.floats(0, 0.004),
)
@example(204.0, 0.03125, 8, 0, "step", 171, 0.0)  # begins with an OFF that ends nothing
def test_a_band_never_loses_its_place(
    tempo_bpm: float,
    latency_s: float,
    dead_from: int,
    dead_for: int,
    commit: str,
    seed: int,
    tick_late_s: float,
) -> None:
    """From its entry on every beat is committed once and in time, whatever the engine does.

    And it asks with what was played as it sounded, the melody as it was heard, and nothing of
    what was still to come.
    """
    rng = np.random.default_rng(seed)
    bars = 10

    def latency(seq: int) -> float | None:
        return None if 0 <= seq - dead_from < dead_for else latency_s * rng.uniform(0.5, 1.0)

    played = Stage(
        Settings(plays=(Track.BASS, Track.DRUMS), commit=commit), Engine(latency, random_music)
    )
    line = Timeline(0.0, 1.0, tempo_bpm)
    notes, heard = unsteady(line, 16 * bars - 8, rng)
    played.extend(beats(tempo_bpm, 4 * bars))
    played.extend(heard)
    steps = 16 * (bars + 8)
    known = monophonic(notes, steps)

    def check(ask: Request, now: float) -> None:
        tokens = unpack(ask.tokens)
        fill = unpack_cells(ask.fill, *tokens.shape)
        now_step = math.floor(line.beats(now) * 4 + 0.5)
        plays = [play for _, play in played.owner.plays]
        begins = int(4 * max((play.to_beat for play in plays), default=0.0))
        if not plays:
            begins = 16 * max(1, math.ceil((line.beats(now)) / 4))

        np.testing.assert_array_equal(tokens[fill], np.broadcast_to(MASK, tokens.shape)[fill])
        wanted = np.zeros(fill.shape, bool)
        wanted[begins:, [Track.BASS, Track.DRUMS]] = True
        np.testing.assert_array_equal(fill, wanted)

        assert (tokens[now_step:, Track.MELODY] == MASK[Track.MELODY]).all()
        sounded = [known, columns(plays, Track.BASS, steps), columns(plays, Track.DRUMS, steps)]
        expected = canonical(np.stack(sounded, axis=1)[: len(tokens)])
        for role in (Track.BASS, Track.DRUMS):
            ours, theirs = tokens[:, role], expected[:, role]
            hidden = np.flatnonzero((ours == MASK[role]) & (theirs != MASK[role]))
            if len(hidden):  # silence up to now
                assert (theirs[hidden] == HOLD).all()
                assert hidden[-1] + 1 == min(begins, len(tokens))
            shown = np.setdiff1d(np.arange(len(tokens)), hidden)
            np.testing.assert_array_equal(ours[shown], theirs[shown])
        # the last step heard may end with a late hand's note-off, which is still to come
        sure = slice(0, max(0, now_step - 1))
        np.testing.assert_array_equal(tokens[sure, 0], expected[sure, 0])

    played.on_ask.append(check)
    played.run(line.seconds(4 * bars), tick_late_s)
    for role in (Track.BASS, Track.DRUMS):
        (span,) = covered(played, role) or [(4.0, 4.0 * bars)]
        assert span[0] % 4 == 0
        assert span[1] >= 4 * bars
    if dead_for < 4 or latency_s < 0.2:
        assert covered(played, Track.BASS), "it never came in"


@settings(max_examples=15, deadline=None)
@given(
    tempos=st.lists(st.floats(60, 240), min_size=4, max_size=10), latency_s=st.floats(0.005, 0.3)
)
def test_no_beat_is_lost_when_the_tempo_changes(tempos: list[float], latency_s: float) -> None:
    """Each tempo lasts three beats."""
    played = stage(latency_s=lambda _seq: latency_s, bars=0, notes=[])
    when, beat = 1.0, 0.0
    for tempo_bpm in tempos:
        for _ in range(3):
            played.at(when, Moved(0, True, beat, when, tempo_bpm))
            played.extend(melody(Timeline(beat, when, tempo_bpm), [(beat, 0.5, 60)]))
            when, beat = when + 60.0 / tempo_bpm, beat + 1.0
    played.run(when)
    for role in (Track.BASS, Track.DRUMS):
        spans = covered(played, role)
        assert len(spans) <= 1
        assert not spans or spans[0][1] >= beat


@settings(max_examples=25, deadline=None)
@given(
    jumps=st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 40), st.sampled_from([0.0, 0.008, 0.3])),
        min_size=1,
        max_size=5,
    ),
    latency_s=st.floats(0.005, 0.3),
)
def test_a_jump_loses_no_beat(jumps: list[tuple[int, int, float]], latency_s: float) -> None:
    """(16ths played, then beat jumped to, seconds of stop between): it plays on from there."""
    played = stage(latency_s=lambda _seq: latency_s, bars=0, notes=[])
    played.engine.fill = random_music
    when, from_beat, entered = 1.0, 0.0, 12.0
    for passage, (sixteenths, to_beat, stop_s) in enumerate([(48, 0, 0.0), *jumps]):
        lasts = sixteenths / 4 if passage else entered
        line = Timeline(from_beat, when, 120.0)
        played.extend(beats(120, math.ceil(lasts), passage, from_beat, when)[: math.ceil(lasts)])
        played.extend(melody(line, [(from_beat + b, 0.4, 60 + b % 5) for b in range(int(lasts))]))
        when, from_beat = when + lasts / 2, float(to_beat)
        if stop_s:
            played.at(when, Moved(passage, False, line.beats(when), when, 120.0))
        when += stop_s
    played.run(when)
    assert covered(played, Track.BASS, 0)[0][0] == 4.0
    begins = [12.0] + [to for _, to, _ in jumps]
    for passage, (sixteenths, _, _) in enumerate(jumps, start=1):
        begin = begins[passage - 1] if passage > 1 else 0
        for role in (Track.BASS, Track.DRUMS):
            (span,) = covered(played, role, passage)
            assert span[0] == begin
            assert span[1] >= begin + sixteenths / 4


# Coming in, resting, ending


def test_it_listens_a_bar_and_comes_in_on_the_downbeat() -> None:
    played = stage(notes=[(5.5, 0.5, 60), (6.0, 2.0, 62), (8.0, 4.0, 64)]).run(at(10))
    assert [text for _, text in played.said] == ["bar 2: I listen", "bar 3: I come in"]
    assert played.onsets(Track.BASS)[0] == (8.0, 40)
    assert played.onsets(Track.DRUMS)[0] == (8.0, KICK)


def test_it_listens_as_long_as_it_is_told_to() -> None:
    played = stage(Settings(listen_bars=3)).run(at(20))
    assert covered(played, Track.BASS)[0][0] == 12.0


def test_it_does_not_play_before_the_player() -> None:
    played = stage(notes=[]).run(at(64))
    assert played.owner.plays == []
    assert played.engine.asks == []


def test_an_early_first_note_counts_as_the_downbeat() -> None:
    made = stage(notes=[])
    early = Heard(at(-0.02), Track.MELODY, 60, 80)
    made.at(at(-0.02), early)
    made.extend(melody(LINE, quarters(2)[1:]))
    made.run(at(4.9))
    assert covered(made, Track.BASS)[0][0] == 4.0
    tokens = unpack(made.engine.asks[-1][1].tokens)
    assert tokens[0, Track.MELODY] == 60 - 19


def test_without_an_answer_it_comes_in_a_bar_later() -> None:
    late = 0.7  # the first ask is two beats before the entry, a second
    played = stage(latency_s=lambda seq: late if seq > 1 else None).run(at(16))
    assert covered(played, Track.BASS)[0][0] == 8.0


def test_it_plays_through_four_bars_of_rest_and_ends_on_the_downbeat() -> None:
    played = stage(notes=quarters(3)).run(at(64))
    assert covered(played, Track.BASS) == [(4.0, 12.0 + 16.0 + 1.0)]
    assert played.onsets(Track.BASS)[-1][0] == 27.0
    assert played.events(Track.BASS)[-1].beat == 28.0
    assert played.owner.sounding == {Track.BASS: set(), Track.DRUMS: set()}
    assert played.said[-1][1] == "bar 8: you rest, so I wait"


def test_it_comes_in_again_after_a_rest_and_remembers_no_empty_bars() -> None:
    again = [(4.0 * 12 + beat, 0.8, 70) for beat in range(8)]
    played = stage(notes=[*quarters(3), *again]).run(at(55.9))
    assert covered(played, Track.BASS) == [(4.0, 29.0), (52.0, 56.0)]
    last = unpack(played.engine.asks[-1][1].tokens)
    # 3 bars, 4 of rest, 2 of playing, the next, 2 ahead; the 5 bars of waiting are not there
    assert len(last) == 12 * 16
    assert last[7 * 16, Track.MELODY] == 70 - 19
    assert last[7 * 16, Track.BASS] == MASK[Track.BASS]


def test_a_rest_shorter_than_four_bars_ends_nothing() -> None:
    notes = [*quarters(3), (27.0, 0.5, 60)]
    played = stage(notes=notes).run(at(40))
    assert covered(played, Track.BASS)[0][1] >= 40.0


def test_a_held_note_is_no_rest() -> None:
    played = stage(notes=[(0.0, 60.0, 60)]).run(at(58))
    assert covered(played, Track.BASS)[0][1] >= 58.0


# What it hears of itself, and how it looks twice


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


# Death and return


def test_the_groove_is_held_when_the_engine_dies_and_said_once() -> None:
    played = stage(latency_s=lambda seq: 0.02 if seq < 12 else None, bars=20).run(at(79))
    assert [text for _, text in played.said][2:] == [
        "the engine does not answer: I hold the groove"
    ]
    assert covered(played, Track.BASS) == [(4.0, 80.0)]
    kicks = [beat for beat, _ in played.onsets(Track.DRUMS)]
    assert kicks == [float(beat) for beat in range(4, 80)]
    bass = dict(played.onsets(Track.BASS))
    assert sorted(bass) == kicks
    assert bass[8.0] == 40
    assert {pitch % 12 for beat, pitch in bass.items() if beat > 40} == {0}


def test_an_engine_that_comes_back_is_welcome() -> None:
    played = stage(bars=20)
    played.engine.latency_s = lambda _seq: None if at(24) <= played.now < at(41) else 0.02
    played.at(at(24), Goodbye())
    played.at(at(41), WELCOME)
    played.run(at(79))
    texts = [text for _, text in played.said[2:]]
    assert texts == ["the engine has ended: I hold the groove", "the engine is back"]
    assert played.onsets(Track.BASS)[-1] == (79.0, 40)
    assert covered(played, Track.BASS) == [(4.0, 80.0)]


def test_a_refusal_is_said_once() -> None:
    made = stage(bars=8)
    made.run(at(9))
    seq = made.engine.asks[-1][1].seq
    said = [made.conductor.receive(Failed(seq, "too long"), at(9.1)) for _ in range(3)]
    texts = [a.text for actions in said for a in actions if isinstance(a, Say)]
    assert texts == ["the engine cannot answer: too long"]


@pytest.mark.parametrize("tracks", [(0, 1), (1, 0)])
def test_a_model_without_drums_leaves_them_out(tracks: tuple[int, ...]) -> None:
    engine = Engine(prompt, always(20), tracks=tuple(Track(track) for track in tracks))
    made = Stage(BASS_AND_DRUMS, engine, welcome=False)
    made.at(0.0, Welcome(1, "0", "duo", tracks, "none", 5.0))
    made.extend(beats(120, 32))
    made.extend(melody(LINE, quarters(8)))
    made.run(at(16))
    assert made.said[0][1] == "this model knows no drums: it stays silent"
    assert made.engine.asks[0][1].tokens.tracks == 2
    assert covered(made, Track.DRUMS) == []
    assert covered(made, Track.BASS) == [(4.0, 17.0)]
    tokens = unpack(made.engine.asks[-1][1].tokens)
    assert tokens[0, tracks.index(Track.MELODY)] == 60 - 19


def test_an_answer_of_no_use_is_dropped() -> None:
    made = stage()
    made.run(at(9))
    _, ask = made.engine.asks[-1]
    unfilled = Draft(ask.seq, 9, 1, ask.tokens, 1.0, True)
    (say,) = (a for a in made.conductor.receive(unfilled, made.now) if isinstance(a, Say))
    assert say.text == "the engine's answer is of no use: a draft leaves cells unfilled"
    made.run(at(12))
    assert covered(made, Track.BASS)[0][1] >= 12.0


# Stop, jump


def test_after_a_stop_it_listens_again_and_remembers() -> None:
    made = stage(bars=0, notes=quarters(3))
    made.extend(beats(120, 12))
    made.at(at(12), Moved(0, False, 12.0, at(12), 120.0))
    again = Timeline(0.0, 60.0, 120.0)
    made.extend(beats(120, 12, 1, 0.0, 60.0))
    made.extend(melody(again, quarters(3, pitch=70)))
    made.run(again.seconds(11))
    assert made.conductor.phase is BandState.PLAYING
    assert covered(made, Track.BASS, 1) == [(4.0, 12.0)]
    tokens = unpack(made.engine.asks[-1][1].tokens)
    assert tokens[0, Track.MELODY] == 60 - 19
    assert tokens[3 * 16, Track.MELODY] == 70 - 19
    assert tokens[2 * 16, Track.BASS] == 40 - 19
    assert tokens[3 * 16, Track.BASS] == MASK[Track.BASS]


def test_drafts_of_an_old_passage_are_ignored() -> None:
    made = stage(latency_s=lambda _seq: None)
    made.run(at(3.9))
    _, ask = made.engine.asks[-1]
    made.conductor.receive(Moved(1, True, 0.0, at(3.9), 120.0), at(3.9))
    engine = Engine(prompt, always(HOLD), drafts=1)
    ((_, draft),) = engine.answers(ask, at(3.9))
    for beat in range(4):
        when = at(3.9) + beat / 2
        made.conductor.receive(Moved(1, True, float(beat), when, 120.0), when)
        actions = made.conductor.receive(draft, when)
        assert [a for a in actions if isinstance(a, Play)] == []


def test_the_downbeat_after_a_jump_may_be_a_little_late() -> None:
    """The owner hears of a jump when it has happened."""
    made = stage(bars=0, notes=quarters(4))
    made.extend(beats(120, 12))
    made.at(at(12) + 0.012, Moved(1, True, 0.0, at(12), 120.0))
    made.run(at(12.5))
    now, play = next((now, play) for now, play in made.owner.plays if play.passage == 1)
    assert now == at(12) + 0.012
    assert play.from_beat == 0.0
    assert play.events[0].beat == 0.0
    assert play.events[0].velocity


def test_a_jump_at_a_beat_is_asked_about_at_once() -> None:
    made = stage(bars=0, notes=quarters(4))
    made.extend(beats(120, 9))
    made.run(at(8))
    actions = made.conductor.receive(Moved(1, True, 0.0, at(8), 120.0), at(8))
    (ask,) = (action for action in actions if isinstance(action, Request))
    assert ask.budget_ms > 400.0


# A brain that was held up


def test_what_should_have_begun_long_ago_is_not_begun() -> None:
    """It wakes at beat 9.8: what belongs to beat 9 is over, but notes are still ended."""
    made = stage(notes=[(0.0, 60.0, 60)])
    made.engine.fill = always(41)
    made.run(at(8.9))
    sounding = made.onsets(Track.BASS)[-1][1]
    actions = made.conductor.tick(at(9.8))
    plays = [a for a in actions if isinstance(a, Play) and a.role == Track.BASS]
    assert (plays[0].from_beat, plays[-1].to_beat) == (9.0, 10.0)
    events = [event for play in plays for event in play.events]
    assert events[0].velocity == 0
    assert events[0].pitch == sounding
    assert min(event.beat for event in events if event.velocity) == 9.75


def test_an_entry_that_was_missed_is_put_off() -> None:
    made = stage()
    made.run(at(3.9))
    actions = made.conductor.tick(at(4.1))
    assert [a for a in actions if isinstance(a, Play)] == []
    assert made.conductor.phase is BandState.LISTENING


def test_it_is_as_loud_as_the_player() -> None:
    loudness = []
    for velocity in (40, 100):
        made = stage(notes=[])
        made.at(at(0), Heard(at(0), Track.MELODY, 60, velocity))
        made.run(at(12))
        note_ons = [event.velocity for event in made.events(Track.BASS) if event.velocity]
        loudness.append(sum(note_ons) / len(note_ons))
    assert loudness[0] == pytest.approx(40, rel=0.12)
    assert loudness[1] == pytest.approx(100, rel=0.12)


# Taking turns

ALONE = Settings(plays=(Track.MELODY,), mode="continue")


def test_it_goes_on_where_the_player_rests() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60), (4.0, 1.5, 62)]).run(at(24))
    assert played.onsets(Track.MELODY)[0] == (8.0, 40)
    assert covered(played, Track.MELODY)[0][1] >= 24.0
    tokens = unpack(played.engine.asks[-1][1].tokens)
    assert tokens[:24, 0].tolist() == [41, *[0] * 15, 43, *[0] * 5, OFF, 0]
    assert tokens[32, 0] == 40 - 19


def test_a_late_last_note_moves_the_turn_to_the_next_bar() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60), (6.0, 1.0, 62)]).run(at(24))
    assert played.onsets(Track.MELODY)[0] == (12.0, 40)


def test_it_gives_back_with_the_first_note() -> None:
    played = stage(ALONE, notes=[(0.0, 2.0, 60), (9.1, 0.5, 72), (10.0, 8.0, 74)]).run(at(17))
    assert [(now, role) for now, role in played.owner.silences] == [(at(9.1), Track.MELODY)]
    assert covered(played, Track.MELODY)[0][0] == 4.0
    assert covered(played, Track.MELODY)[-1][1] <= 11.0
    tape = played.conductor.capture.tape(at(12))[:, Track.MELODY]
    assert tape[32] == 40 - 19
    assert tape[36] == 72 - 19
    assert tape[40] == 74 - 19
    assert (tape[41:48] == HOLD).all()


def test_in_its_turn_it_knows_what_it_played() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60)]).run(at(10.2))
    _, ask = played.engine.asks[-1]
    tokens = unpack(ask.tokens)
    assert tokens[32:44:4, 0].tolist() == [21, 21, 21], "up to the beat that comes"
    assert (tokens[44:, 0] == 90).all()
    assert unpack_cells(ask.fill, *tokens.shape)[44:, 0].all()


def test_what_was_planned_before_it_gave_back_is_not_played_after() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60), (9.1, 0.5, 72)])
    played.engine.latency_s = lambda _seq: 0.02 if played.now < at(9) else None
    played.run(at(16))
    assert max(beat for beat, _ in played.onsets(Track.MELODY)) < 10.0


def test_turn_after_turn() -> None:
    notes = [(0.0, 4.0, 60), (9.1, 0.5, 72), (16.0, 2.0, 72), (28.3, 1.0, 60)]
    played = stage(ALONE, notes=notes).run(at(40))
    spans = covered(played, Track.MELODY)
    assert [span[0] for span in spans] == [8.0, 12.0, 20.0, 32.0]
    assert len(played.owner.silences) == 3


def test_between_two_notes_nobody_takes_a_turn() -> None:
    """Every gap is longer than half a bar before some bar line, but no rest."""
    played = stage(BAND, notes=[(beat, 0.7, 60) for beat in range(32)]).run(at(31))
    for _, ask in played.engine.asks:
        assert not unpack_cells(ask.fill, ask.tokens.steps, 3)[:, Track.MELODY].any()


def test_the_band_accompanies_player_and_machine_alike() -> None:
    played = stage(BAND, notes=quarters(2)).run(at(60))
    assert covered(played, Track.BASS)[0][0] == 4.0
    assert covered(played, Track.BASS)[0][1] >= 60.0, "in a turn nobody waits for the player"
    assert played.onsets(Track.MELODY)[0][0] == 12.0


def test_a_dead_engine_leaves_the_melody_silent() -> None:
    latency = dict.fromkeys(range(30), 0.02)
    played = stage(BAND, latency_s=latency.get, notes=quarters(2), bars=24).run(at(90))
    assert covered(played, Track.DRUMS) == [(4.0, 91.0)]
    assert max(beat for beat, _ in played.onsets(Track.MELODY)) < 60.0
    assert not played.owner.sounding[Track.MELODY]


# State x message -> state, kinds of actions


def in_phase(phase: BandState | str) -> Conductor:
    """A conductor at beat 9.5 in `phase`; "turn" is playing the player's own melody."""
    notes = {
        BandState.WAITING: [],
        BandState.LISTENING: [(8.1, 8.0, 60)],
        BandState.PLAYING: quarters(16),
        "turn": quarters(1),
        BandState.STOPPED: [],
    }[phase]
    made = stage(BAND, notes=notes)
    made.run(at(9.5))
    if phase is BandState.STOPPED:
        made.conductor.receive(Moved(0, False, 9.5, at(9.5), 120.0), at(9.5))
    expected = BandState.PLAYING if phase == "turn" else phase
    assert made.conductor.phase is expected
    return made.conductor


NOW = at(9.6)
MESSAGES = {
    "beat": Moved(0, True, 9.6, NOW, 120.0),
    "start or jump": Moved(1, True, 0.0, NOW, 120.0),
    "stop": Moved(0, False, 9.6, NOW, 120.0),
    "note on": Heard(NOW, Track.MELODY, 64, 90),
    "note off": Heard(NOW, Track.MELODY, 60, 0),
    "foreign note": Heard(NOW, Track.BASS, 40, 90),
    "pedal": Pedal(NOW, Track.MELODY, True),
    "welcome": WELCOME,
    "stray draft": Draft(-5, 0, 1, pack(np.zeros((64, 3), np.int64)), 1.0, True),
    "failed": Failed(-1, "why"),
    "goodbye": Goodbye(),
    "mute": control("mute:bass", 1.0),
    "mode": control("mode", 2.0),
}
TABLE = {
    (BandState.STOPPED, "beat"): (BandState.WAITING, []),
    (BandState.STOPPED, "start or jump"): (BandState.WAITING, []),
    (BandState.STOPPED, "failed"): (BandState.STOPPED, [Say]),
    (BandState.STOPPED, "goodbye"): (BandState.STOPPED, [Say]),
    (BandState.STOPPED, "mute"): (BandState.STOPPED, [Silence]),
    (BandState.WAITING, "stop"): (BandState.STOPPED, []),
    (BandState.WAITING, "note on"): (BandState.LISTENING, [Say]),
    (BandState.WAITING, "failed"): (BandState.WAITING, [Say]),
    (BandState.WAITING, "goodbye"): (BandState.WAITING, [Say]),
    (BandState.WAITING, "mute"): (BandState.WAITING, [Silence]),
    (BandState.LISTENING, "stop"): (BandState.STOPPED, []),
    (BandState.LISTENING, "failed"): (BandState.LISTENING, [Say]),
    (BandState.LISTENING, "goodbye"): (BandState.LISTENING, [Say]),
    (BandState.LISTENING, "mute"): (BandState.LISTENING, [Silence]),
    (BandState.LISTENING, "mode"): (BandState.LISTENING, [Say]),
    (BandState.PLAYING, "start or jump"): (BandState.PLAYING, [Play, Play, Request]),
    (BandState.PLAYING, "stop"): (BandState.STOPPED, []),
    (BandState.PLAYING, "failed"): (BandState.PLAYING, [Say]),
    (BandState.PLAYING, "goodbye"): (BandState.PLAYING, [Say]),
    (BandState.PLAYING, "mute"): (BandState.PLAYING, [Silence]),
    (BandState.PLAYING, "mode"): (BandState.PLAYING, [Say, Request]),
    ("turn", "start or jump"): (BandState.PLAYING, [Play, Play, Request]),
    ("turn", "stop"): (BandState.STOPPED, []),
    ("turn", "note on"): (BandState.PLAYING, [Silence]),
    ("turn", "failed"): (BandState.PLAYING, [Say]),
    ("turn", "goodbye"): (BandState.PLAYING, [Say]),
    ("turn", "mute"): (BandState.PLAYING, [Silence]),
    ("turn", "mode"): (BandState.PLAYING, [Say, Request]),
}
"""Where nothing is said the phase stays and nothing is done."""


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("phase", [*BandState, "turn"], ids=str)
def test_table(phase: BandState | str, message: str) -> None:
    conductor = in_phase(phase)
    stays = BandState.PLAYING if phase == "turn" else phase
    then, kinds = TABLE.get((phase, message), (stays, []))
    actions = conductor.receive(MESSAGES[message], NOW)
    assert conductor.phase is then
    assert [type(action) for action in actions] == kinds
    assert conductor.wake_at > NOW
    assert (conductor.wake_at == math.inf) == (then in (BandState.STOPPED, BandState.WAITING))


# Settings


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"mode": "solo"}, "mode 'solo' is none of accompany, continue"),
        ({"commit": "tick"}, "commit 'tick' is none of step, beat, bar"),
        ({"listen_bars": 0}, "listen_bars 0 is outside 1..64"),
        ({"rest_bars": 0}, "rest_bars 0 is outside"),
        ({"window_bars": 3}, "window_bars 3 is outside 4..64"),
        ({"window_bars": 65}, "window_bars 65 is outside 4..64"),
        ({"first_calls": 8, "most_calls": 4}, "most_calls 4 is outside 8.."),
        ({"plays": ()}, "somebody has to play"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Settings(**wrong)  # type: ignore[arg-type]


# The player's knobs and pads


def test_a_muted_role_is_silent_at_once_and_plays_on_at_once() -> None:
    played = stage()
    played.at(at(16.5), Control("mute", 1.0, int(Track.BASS)))
    played.at(at(24.5), Control("mute", 0.0, int(Track.BASS)))
    played.run(at(40.0))
    silences = [role for _, role in played.owner.silences]
    assert silences == [int(Track.BASS)]
    bass = [beat for beat, _ in played.onsets(Track.BASS)]
    assert not [beat for beat in bass if 18.0 <= beat <= 24.0]
    assert {16.0, 26.0, 30.0} <= set(bass)
    assert {20.0, 22.0} <= {beat for beat, _ in played.onsets(Track.DRUMS)}


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


def test_a_locked_bar_goes_round_until_it_is_let_go() -> None:
    conductor = Settings(plays=(Track.BASS,), seed=1)
    played = Stage(conductor, Engine(prompt, random_music))
    played.extend(beats(120, 64))
    played.extend(melody(LINE, quarters(16)))
    played.at(at(23.0), Control("lock", 1.0))
    played.at(at(43.0), Control("lock", 0.0))
    played.run(at(60.0))
    tape = columns([play for _, play in played.owner.plays], Track.BASS, 16 * 16)
    onsets = tape.reshape(16, 16)
    onsets = np.where(onsets > OFF, onsets, 0)
    for bar in (7, 8, 9):
        np.testing.assert_array_equal(onsets[bar], onsets[6])
    assert (onsets[13] != onsets[6]).any()


@pytest.mark.parametrize("commit", ["step", "beat", "bar"])
def test_a_lock_keeps_the_bar_in_which_it_was_hit_as_it_is(commit: str) -> None:
    """Not its first half with the second of the bar before; nor silence where none was played."""
    for hit, first in ((18.5, 4), (0.5, 1)):
        played = Stage(
            Settings(plays=(Track.BASS,), seed=1, commit=commit), Engine(prompt, random_music)
        )
        free = Stage(
            Settings(plays=(Track.BASS,), seed=1, commit=commit), Engine(prompt, random_music)
        )
        for one in (played, free):
            one.extend(beats(120, 64))
            one.extend(melody(LINE, quarters(16)))
        played.at(at(hit), Control("lock", 1.0))
        for value in (0.9, 1.0):  # a knob says so again and again
            played.at(at(hit + 6.5), Control("lock", value))
        bars, as_planned = (
            np.where(tape > OFF, tape, 0).reshape(16, 16)
            for tape in (
                columns([play for _, play in one.run(at(40.0)).owner.plays], Track.BASS, 256)
                for one in (played, free)
            )
        )
        assert bars[first].any()
        np.testing.assert_array_equal(bars[first], as_planned[first])
        for bar in range(first + 1, 9):
            np.testing.assert_array_equal(bars[bar], bars[first])


def test_a_locked_bar_is_there_again_after_a_stop() -> None:
    played = Stage(Settings(plays=(Track.BASS,), seed=1), Engine(prompt, random_music))
    played.extend(beats(120, 30))
    played.extend(melody(LINE, quarters(7)))
    played.at(at(18.5), Control("lock", 1.0))
    played.at(at(30.0), Moved(0, False, 30.0, at(30.0), 120.0))
    played.extend(beats(120, 32, passage=1, at_s=20.0))
    again = Timeline(0.0, 20.0, 120.0)
    played.extend(melody(again, quarters(8)))
    played.run(again.seconds(24.0))

    def bars(passage: int) -> np.ndarray:
        plays = [play for _, play in played.owner.plays if play.passage == passage]
        tape = columns(plays, Track.BASS, 128)
        return np.where((tape > OFF) & (tape < MASK[Track.BASS]), tape, 0).reshape(8, 16)

    locked = bars(0)[5]
    assert locked.any()
    for bar in (1, 2, 3):
        np.testing.assert_array_equal(bars(1)[bar], locked)


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
