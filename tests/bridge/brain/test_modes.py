"""Modes: whose turn it is, what is known ahead, and that a switch holds from the next downbeat."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from schmubert.bridge.protocol.controls import control
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.score import STEPS_PER_BEAT, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, TRIO, Track
from schmubert.engine.service.validation import validated
from tests.bridge.brain.stages import LINE, at
from tests.bridge.brain.virtual_stage import (
    Engine,
    Stage,
    beats,
    columns,
    melody,
    quarters,
    random_music,
)

ROLES = (Track.MELODY, Track.BASS, Track.DRUMS)
BAR = 16


def stage(mode: str, *turned: tuple[float, str, float], bars: int = 24, turn: int = 2) -> Stage:
    """A melody of quarters throughout, a band that plays anything, controls at beats."""
    engine = Engine(lambda _: 0.02, random_music)
    made = Stage(Settings(plays=ROLES, mode=mode, bars=turn, seed=5), engine)
    made.extend(beats(120, 4 * bars))
    made.extend(melody(LINE, quarters(bars)))
    made.extend((at(beat), control(name, value)) for beat, name, value in turned)
    return made


def switch(beat: float, mode: str) -> tuple[float, str, float]:
    return beat, "mode", float(MODES.index(mode))


def bars_of(played: Stage, role: Track, bars: int) -> np.ndarray:
    """What the machine played: [bars, 16], MASK where it did not."""
    column = columns([play for _, play in played.owner.plays], role, (bars + 4) * BAR)
    return column.reshape(-1, BAR)[:bars]


def first_beat(played: Stage, role: Track) -> float:
    """The beat from which on the machine plays `role`."""
    return min(play.from_beat for _, play in played.owner.plays if play.role == role)


@settings(max_examples=8, deadline=None)
@given(data=st.data(), commit=st.sampled_from(["step", "beat", "bar"]))
def test_no_switch_loses_the_place(data: st.DataObject, commit: str) -> None:
    """The owner's double checks every play: in time, no gap, no overlap, no note struck twice."""
    names = ["mode", "mode", "mode", "bars", "reroll", "mark1", "phrase-a", "phrase-b", "next"]
    names += ["lock", "regenerate"]
    made = Stage(
        Settings(
            plays=ROLES, mode=data.draw(st.sampled_from(MODES)), bars=2, commit=commit, seed=1
        ),
        Engine(lambda seq: (0.005, 0.03, 0.2)[seq % 3], random_music),
    )
    made.extend(beats(150, 96))
    line = Timeline(0.0, 1.0, 150.0)
    plays = data.draw(st.lists(st.booleans(), min_size=24, max_size=24))
    for bar, sounds in enumerate(plays):
        made.extend(melody(line, quarters(1, bar)) if sounds else [])
    for beat in sorted(data.draw(st.lists(st.floats(0.0, 90.0), max_size=20))):
        name = data.draw(st.sampled_from(names))
        top = {"mode": len(MODES) - 1, "bars": 8}.get(name, 1)
        value = data.draw(st.integers(name == "bars", top))
        made.at(line.seconds(beat), control(name, float(value)))
    made.run(line.seconds(94.0))


@pytest.mark.parametrize("mode", MODES[2:])
@pytest.mark.parametrize("beat", [17.0, 18.3, 19.7])
def test_a_switch_holds_from_the_next_downbeat(mode: str, beat: float) -> None:
    played = stage("accompany", switch(beat, mode)).run(at(40.0))
    assert f"bar 6: {mode}" in [text for _, text in played.said]
    if mode == "infill":
        bass = bars_of(played, Track.BASS, 8)
        rows = np.where(bass >= 2, bass, HOLD)
        assert (rows[5:] == rows[4]).all(), "the bar before does not go round"
        assert (rows[4] != rows[3]).any(), "it went round before"
    else:
        assert first_beat(played, Track.MELODY) == (28.0 if mode == "trade" else 20.0)


@pytest.mark.parametrize("commit", ["step", "beat", "bar"])
@pytest.mark.parametrize("reply_s", [0.02, 0.1])
def test_a_switch_holds_from_the_next_downbeat_up_to_a_reply_time_before(
    commit: str, reply_s: float
) -> None:
    for before_s in (1.9, 1.1, 0.6, 0.3, reply_s + 0.03):
        made = Stage(
            Settings(plays=ROLES, bars=2, commit=commit, seed=1),
            Engine(lambda _: reply_s, random_music),
        )
        made.extend(beats(120, 40))
        made.extend(melody(LINE, quarters(8)))
        made.at(at(24.0) - before_s, control("mode", float(MODES.index("loop"))))
        made.run(at(24.5))
        assert first_beat(made, Track.MELODY) == 24.0, f"{before_s} s before"
        assert "bar 7: I go on for you" in [text for _, text in made.said]


def test_trading_bars() -> None:
    played = stage("trade").run(at(63))
    melody_bars = bars_of(played, Track.MELODY, 16)
    mine = [(bar // 2) % 2 == 1 for bar in range(16)]
    for bar, row in enumerate(melody_bars):
        assert (row[4:] == MASK[Track.MELODY]).all() != mine[bar], f"bar {bar}"
    said = [text for _, text in played.said]
    assert "bar 3: I go on for you" in said
    assert "bar 5: your turn" in said
    assert (bars_of(played, Track.BASS, 16)[1:] != MASK[Track.BASS]).all()


def test_what_the_machine_traded_ends_at_the_bar_line() -> None:
    played = stage("trade").run(at(40))
    last = [event for event in played.events(Track.MELODY) if event.beat <= 16.0][-1]
    assert last.velocity == 0
    assert last.beat <= 16.0


def test_a_player_who_leaves_a_turn_out_ends_the_trade() -> None:
    made = Stage(Settings(plays=ROLES, mode="trade", bars=2, rest_bars=1), Engine(lambda _: 0.02))
    made.extend(beats(120, 64))
    made.extend(melody(LINE, quarters(2)))
    made.run(at(60))
    assert any("so I wait" in text for _, text in made.said)


def test_a_loop_goes_round_and_settles() -> None:
    played = stage("accompany", switch(14.5, "loop"), bars=40).run(at(120))
    rows = bars_of(played, Track.MELODY, 28)[4:]
    phrase = np.full(2 * BAR, HOLD)
    phrase[::4] = [60 - 19 + beat % 4 for beat in range(8)]
    onsets = np.where(rows >= 2, rows, HOLD).reshape(-1, 2 * BAR)
    assert (onsets == phrase).all()
    passes = bars_of(played, Track.BASS, 28)[4:].reshape(-1, 8, 4)
    changed = (passes[1:] != passes[:-1]).any(axis=2).mean(axis=1)
    assert changed[0] > 0.0
    assert changed[-6:].mean() < 0.3, "it does not settle"


def test_a_loop_from_the_start_is_what_was_played_first() -> None:
    played = stage("loop").run(at(40))
    rows = bars_of(played, Track.MELODY, 8)
    assert (rows[:2] == MASK[Track.MELODY]).all()
    onsets = rows[2:6]
    assert [int(cell) + 19 for cell in onsets[0] if cell >= 2] == [60, 61, 62, 63]


def test_a_loop_knows_the_player_ahead() -> None:
    played = stage("accompany", switch(14.5, "loop")).run(at(30))
    request = played.engine.requests[-1][1]
    window = validated(request, TRIO)
    assert not window.targets[:, Track.MELODY].any()
    assert (window.tokens[:, Track.MELODY] != MASK[Track.MELODY]).all()


def test_a_rest_ends_no_loop() -> None:
    made = Stage(Settings(plays=ROLES, mode="loop", bars=1, rest_bars=1), Engine(lambda _: 0.02))
    made.extend(beats(120, 64))
    made.extend(melody(LINE, quarters(1)))
    made.run(at(60))
    assert not any("so I wait" in text for _, text in made.said)


def test_infilling_repeats_the_bar_but_for_marked_beats_while_a_pad_is_held() -> None:
    held = (33.5, "reroll", 1.0), (41.0, "reroll", 0.0)
    played = stage("accompany", switch(14.5, "infill"), *held).run(at(60))
    for role in (Track.BASS, Track.DRUMS):
        rows = bars_of(played, role, 15)
        same = (rows[1:] == rows[:-1]).reshape(14, 4, 4).all(axis=2)
        assert same[4:8, 0].all(), "the bar is not repeated"
        assert same[8:10, :2].all(), "what is not marked has changed"
        assert not same[8:10, 2:].all(), "what is marked has not changed"
        assert same[11:, 1:].all(), "the pad is up, and it goes on changing"


def test_what_is_made_anew_is_not_seen_as_it_was() -> None:
    """A model that sees its beat five times over plays it once more."""
    held = (33.5, "reroll", 1.0)
    for script in ([switch(14.5, "infill"), held], [switch(14.5, "loop")]):
        played = stage("accompany", *script).run(at(38.5))
        window = validated(played.engine.requests[-1][1], TRIO)
        final = max(play.to_beat for _, play in played.owner.plays)
        past = int(final * STEPS_PER_BEAT) - played.conductor.asked_step - STEPS_PER_BEAT
        anew = [(step, role) for step, role in np.argwhere(window.targets) if step - 2 * BAR < past]
        assert anew
        for step, role in anew:
            assert window.tokens[step - 2 * BAR, role] == MASK[role], f"step {step}, {role}"


def test_interpolating_plays_a_a_way_and_b() -> None:
    windows: list[Tokens] = []
    made = Stage(Settings(plays=ROLES, bars=1, seed=3), Engine(lambda _: 0.02, random_music))
    made.extend(beats(120, 64))
    made.extend(melody(LINE, [*quarters(2), *quarters(14, 2, pitch=72)]))
    made.at(at(8.1), control("phrase-a", 1.0))
    made.at(at(16.1), control("phrase-b", 1.0))
    made.at(at(17.0), control("mode", float(MODES.index("interpolate"))))
    made.on_request.append(lambda request, _: windows.append(validated(request, TRIO).tokens))
    made.run(at(36))
    rows = bars_of(made, Track.MELODY, 9)
    assert [cell + 19 for cell in rows[5] if cell >= 2] == [60, 61, 62, 63]
    assert [cell + 19 for cell in rows[7] if cell >= 2] == [72, 73, 74, 75]
    ahead = [tokens for tokens in windows if (tokens[-BAR:, 0] != MASK[0]).all()]
    assert ahead, "no request knew where the way leads"
    for role in (Track.BASS, Track.DRUMS):
        band = bars_of(made, role, 9)
        assert (band[5] == band[1]).mean() > 0.9, "A is not what was played"


def test_a_way_is_asked_for_between_what_is_before_and_after() -> None:
    made = stage("accompany", switch(30.5, "interpolate"), turn=4)
    made.run(at(52.5))  # the way is the four bars from beat 48 on
    tokens = validated(made.engine.requests[-1][1], TRIO).tokens
    unknown = (tokens[:, Track.MELODY] == MASK[Track.MELODY]).nonzero()[0]
    assert len(unknown) <= 4 * BAR
    assert (tokens[unknown[-1] + 1 :, Track.MELODY] != MASK[Track.MELODY]).any()


def test_another_candidate_for_the_next_bar() -> None:
    def numbered(tokens: Tokens, fill: np.ndarray, number: int) -> Tokens:
        music = np.zeros_like(tokens)
        music[::4, :2] = 2 + number // 10 % 40
        return np.where(fill, music, tokens)

    def playing(*beats_of_next: float) -> np.ndarray:
        made = Stage(Settings(seed=1), Engine(lambda _: 0.02, numbered))
        made.extend(beats(120, 40))
        made.extend(melody(LINE, quarters(10)))
        made.extend((at(beat), control("next", 1.0)) for beat in beats_of_next)
        made.run(at(32))
        rows = bars_of(made, Track.BASS, 8)
        said = [text for _, text in made.said if "candidate" in text]
        assert len(said) == len({math.floor(beat / 4) for beat in beats_of_next})
        return rows[:, ::4]

    plain, other, third = playing(), playing(18.0), playing(18.0, 18.5)
    assert len(set(plain[5])) > 1, "a plan holds for a beat"
    for chosen in (other, third):
        assert (chosen[5] == chosen[5, 0]).all(), "a candidate is a whole bar"
        assert chosen[5, 0] != plain[5, 0]
    assert other[5, 0] != third[5, 0]


def test_a_candidate_that_there_is_not_is_said() -> None:
    made = Stage(Settings(seed=1), Engine(lambda seq: 0.02 if seq < 6 else None, random_music))
    made.extend(beats(120, 60))
    made.extend(melody(LINE, quarters(12)))
    made.at(at(34.5), control("next", 1.0))
    made.run(at(40))
    assert [text for _, text in made.said if "candidate" in text] == [
        "bar 10: no other candidate yet"
    ]


def test_a_footswitch_before_the_music_chooses_nothing() -> None:
    made = Stage(Settings(seed=1), Engine(lambda _: 0.02, random_music))
    made.at(0.5, control("next", 1.0))
    made.extend(beats(120, 40))
    made.extend(melody(LINE, quarters(10)))
    made.run(at(24))
    assert not [text for _, text in made.said if "candidate" in text]


@pytest.mark.parametrize("turned", [("mode", 4.0), ("lock", 1.0)])
def test_a_rest_ends_no_bar_that_goes_round(turned: tuple[str, float]) -> None:
    """Who turns knobs has no hand free to play."""
    made = Stage(Settings(plays=(Track.BASS,), seed=1), Engine(lambda _: 0.02, random_music))
    made.extend(beats(120, 80))
    made.extend(melody(LINE, quarters(4)))
    made.at(at(14.5), control(*turned))
    made.run(at(60))
    assert not any("so I wait" in text for _, text in made.said)
    rows = bars_of(made, Track.BASS, 14)
    rows = np.where(rows >= 2, rows, HOLD)
    assert (rows[4:] == rows[3]).all()


def test_a_loop_is_of_what_was_heard() -> None:
    """Four bars are wanted, and two were played: those two go round."""
    played = stage("accompany", switch(6.5, "loop"), turn=4).run(at(44))
    rows = bars_of(played, Track.MELODY, 10)[2:]
    assert [int(cell) + 19 for cell in rows[0] if cell >= 2] == [60, 61, 62, 63]
    assert (rows == rows[0]).all()


def captured(*named: tuple[float, str], mode_at: float = 22.0) -> Stage:
    """Two bars low, then high; bars of a phrase: one."""
    made = Stage(Settings(plays=ROLES, bars=1, seed=3), Engine(lambda _: 0.02, random_music))
    made.extend(beats(120, 64))
    made.extend(melody(LINE, [*quarters(2), *quarters(14, 2, pitch=72)]))
    made.extend((at(beat), control(name, 1.0)) for beat, name in named)
    made.at(at(mode_at), control("mode", float(MODES.index("interpolate"))))
    return made.run(at(40))


def lowest_pitches(made: Stage, bars: int) -> list[int]:
    rows = bars_of(made, Track.MELODY, bars)
    return [min([int(cell) + 19 for cell in row if cell >= 2], default=0) for row in rows]


def test_of_two_phrases_the_one_that_is_missing_is_what_was_played_last() -> None:
    from_a = lowest_pitches(captured((8.1, "phrase-a")), 9)
    assert (from_a[6], from_a[8]) == (60, 72)
    to_b = lowest_pitches(captured((8.1, "phrase-b")), 9)
    assert (to_b[6], to_b[8]) == (72, 60)


def test_what_is_captured_is_said() -> None:
    made = captured((2.0, "phrase-a"), (4.1, "phrase-a"), (16.2, "phrase-b"))
    assert [text for _, text in made.said if "phrase" in text] == [
        "no phrase A: you have not played for a whole bar yet",
        "phrase A: bar 1",
        "phrase B: bar 4",
    ]


@pytest.mark.parametrize("beat", [12.2, 13.6, 14.5, 15.3])
def test_the_bar_that_goes_round_is_the_last_one_as_it_was_played(beat: float) -> None:
    """Not as a draft knew it before its last beats were there."""
    rows = bars_of(stage("accompany", switch(beat, "infill")).run(at(40)), Track.BASS, 9)
    rows = np.where(rows >= 2, rows, HOLD)
    assert (rows[4:] == rows[3]).all()


def test_a_pad_of_another_mode_says_so() -> None:
    turned = (10.0, "reroll", 1.0), (11.0, "reroll", 0.0), switch(14.5, "infill")
    said = stage("accompany", *turned, (14.6, "reroll", 1.0)).run(at(30)).said
    assert [text for _, text in said if "reroll" in text] == [
        "nothing to make anew: reroll is for the mode infill"
    ]


def test_beginning_again_after_a_stop_keeps_the_phrase_that_was_captured() -> None:
    """B was not: it is the first that is heard then."""
    made = Stage(Settings(plays=ROLES, bars=1, seed=3), Engine(lambda _: 0.02, random_music))
    made.extend(beats(120, 18))
    made.extend(melody(LINE, quarters(4)))
    made.at(at(8.1), control("phrase-a", 1.0))
    made.at(at(18.0), Moved(0, False, 18.0, at(18.0), 120.0))
    made.at(at(19.0), control("mode", float(MODES.index("interpolate"))))
    made.extend(beats(120, 40, passage=1, at_s=20.0))
    again = Timeline(0.0, 20.0, 120.0)
    made.extend(melody(again, quarters(1, pitch=72)))
    made.run(again.seconds(20.0))
    plays = [play for _, play in made.owner.plays if play.passage == 1]
    rows = columns(plays, Track.MELODY, 8 * BAR).reshape(8, BAR)
    pitches = [[int(cell) + 19 for cell in row if cell >= 2] for row in rows]
    assert (pitches[1], pitches[3]) == ([60, 61, 62, 63], [72, 73, 74, 75])
