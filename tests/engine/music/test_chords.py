"""Chord plans, from notes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.chart import chart_beats
from schmubert.engine.music.chords import (
    CHORD_TOKENS,
    FIRST_CHORD,
    HOLD_CHORD,
    NO_CHORD,
    TONES,
    Chord,
    Plan,
    Quality,
    chart_of,
    chord_of,
    fitted_profiles,
    lasting_chords,
    plan_weights,
)
from schmubert.engine.music.columns import chords_on
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.song import Part

TICKS = 480
STEP = TICKS // 4


def part(*notes: tuple[int, int, int], drums: bool = False) -> Part:
    """A part of (onset, length, pitch), in 16ths."""
    onsets, lengths, pitches = np.array(sorted(notes), np.int64).reshape(-1, 3).T
    return Part("", 0, drums, onsets * STEP, (onsets + lengths) * STEP, pitches)


def block(step: int, length: int, root: int, quality: Quality) -> list[tuple[int, int, int]]:
    """A chord over its root."""
    upper = [(step, length, 60 + (root + tone) % 12) for tone in TONES[quality]]
    return [(step, length, 36 + root), *upper]


def plan_of(*parts: Part, bars: int, start: int = 0, meter: Meter = COMMON) -> Plan:
    """The chord plan of `parts` in `bars` bars from tick `start` on."""
    return chords_on(parts, Grid.even(meter, bars, TICKS, start))


notes = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 16), st.integers(36, 84)), min_size=1, max_size=24
)


@given(notes, st.integers(-12, 12))
def test_transposing_all_parts_transposes_the_plan(
    played: list[tuple[int, int, int]], semitones: int
) -> None:
    plan = plan_of(part(*played), bars=4)
    moved = [(onset, length, pitch + semitones) for onset, length, pitch in played]
    expected = [
        Chord((chord.root + semitones) % 12, chord.quality).token
        if token >= FIRST_CHORD and (chord := chord_of(token))
        else token
        for token in plan.tolist()
    ]
    assert plan_of(part(*moved), bars=4).tolist() == expected


@given(notes)
def test_a_beat_has_no_chord_where_nothing_sounds_and_only_there(
    played: list[tuple[int, int, int]],
) -> None:
    plan = plan_of(part(*played), bars=5)
    sounds = np.zeros(80, bool)
    for onset, length, _ in played:
        sounds[onset : onset + length] = True
    assert ((plan == NO_CHORD) == ~sounds.reshape(20, 4).any(axis=1)).all()


@given(notes)
def test_a_chord_that_goes_on_is_held_and_one_after_silence_is_named(
    played: list[tuple[int, int, int]],
) -> None:
    plan = plan_of(part(*played), bars=5)
    chords = lasting_chords(plan)
    assert plan[0] != HOLD_CHORD
    same = (chords[1:] == chords[:-1]) & (chords[1:] != NO_CHORD)
    assert ((plan[1:] == HOLD_CHORD) == same).all()
    assert ((plan >= 0) & (plan < CHORD_TOKENS)).all()


def test_drums_and_the_order_of_parts_change_nothing() -> None:
    one, other = part(*block(0, 16, 9, Quality.MINOR)), part((4, 8, 72), (12, 4, 76))
    kit = part(*((step, 1, 35 + step % 5) for step in range(16)), drums=True)
    plan = plan_of(one, other, bars=1)
    assert plan.tolist() == plan_of(other, kit, one, bars=1).tolist()
    assert plan_of(kit, bars=1).tolist() == [NO_CHORD] * 4


def test_four_bars_beside_their_plan() -> None:
    a_minor, f, c, g = (
        Chord(9, Quality.MINOR),
        Chord(5, Quality.MAJOR),
        Chord(0, Quality.MAJOR),
        Chord(7, Quality.SEVENTH),
    )
    played = [
        *block(0, 16, *a_minor),
        *block(16, 8, *f),
        *block(24, 8, *c),
        *block(48, 16, *g),
    ]
    plan = plan_of(part(*played), bars=4)
    held = [HOLD_CHORD]
    assert plan.tolist() == [
        *[a_minor.token, *held * 3],
        *[f.token, *held, c.token, *held],
        *[NO_CHORD] * 4,
        *[g.token, *held * 3],
    ]
    assert chart_of(plan) == "Am F,C - G7"


def test_a_plan_begins_where_its_bar_line_is() -> None:
    played = block(3, 16, 2, Quality.MAJOR_SEVENTH)
    plan = plan_of(part(*played), bars=1, start=3 * STEP)
    assert plan.tolist() == [Chord(2, Quality.MAJOR_SEVENTH).token, *[HOLD_CHORD] * 3]


@given(st.lists(st.integers(0, CHORD_TOKENS - 1), min_size=4, max_size=32))
def test_the_chart_of_a_plan_reads_as_the_plan(tokens: list[int]) -> None:
    plan: Plan = np.array(tokens[: len(tokens) // 4 * 4])
    np.testing.assert_array_equal(chart_beats(chart_of(plan)), plan_weights(plan))


@given(st.integers(FIRST_CHORD, CHORD_TOKENS - 1))
def test_a_token_is_a_chord_and_back(token: int) -> None:
    assert chord_of(token).token == token


@pytest.mark.parametrize("token", [NO_CHORD, HOLD_CHORD, CHORD_TOKENS])
def test_what_begins_no_chord_is_said(token: int) -> None:
    with pytest.raises(ValueError, match="no chord"):
        chord_of(token)


def test_the_profiles_that_ship_are_shares_and_know_their_chords() -> None:
    profiles = fitted_profiles()
    np.testing.assert_allclose(profiles.classes.sum(axis=1), 1.0, atol=1e-3)
    np.testing.assert_allclose(profiles.bass.sum(axis=1), 1.0, atol=1e-3)
    for quality in Quality:
        assert profiles.bass[quality].argmax() == 0
        third = TONES[quality][1]
        assert third in np.argsort(profiles.classes[quality])[-4:]


def test_a_chart_is_written_and_read_in_a_metre() -> None:
    waltz = Meter(3)
    played = [*block(0, 12, 9, Quality.MINOR), *block(12, 12, 5, Quality.MAJOR)]
    played += [*block(24, 12, 0, Quality.MAJOR), *block(36, 12, 7, Quality.MAJOR)]
    plan = plan_of(part(*played), bars=4, meter=waltz)
    assert len(chart_of(plan, waltz).split()) == 4
    np.testing.assert_array_equal(chart_beats(chart_of(plan, waltz), waltz), plan_weights(plan))
