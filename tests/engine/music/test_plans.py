"""The plans of a piece as columns: chords by beat, forms by bar, and back."""

import numpy as np
import pytest

from schmubert.engine.music.chords import (
    CHORD_TOKENS,
    FIRST_CHORD,
    HOLD_CHORD,
    NO_CHORD,
    nearest_chords,
    plan_weights,
)
from schmubert.engine.music.meter import COMMON, Meter, in_triplets
from schmubert.engine.music.plans import (
    FIRST_AGAIN,
    cells_ruled,
    chord_column,
    chord_plan_of,
    form_columns,
    speaking,
    with_unknown_plans,
)
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_MASK,
    FORMS,
    HOLD,
    MASK,
    NEW,
    OFF,
    RESTS,
    TRAIT_COUNT,
    TRIO,
    Track,
)

METERS = [COMMON, Meter(3), Meter(2, 6, 36), in_triplets(COMMON)]


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_a_chord_plan_comes_back_from_its_column(meter: Meter) -> None:
    plan = np.random.default_rng(1).integers(CHORD_TOKENS + 1, size=(3, 4 * meter.beats))
    column = chord_column(plan, meter)
    assert column.shape == (3, 4 * meter.steps)
    np.testing.assert_array_equal(chord_plan_of(column, meter), plan)
    between = np.arange(column.shape[1]) % meter.cells != 0
    assert (column[:, between] == HOLD).all()


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_a_column_speaks_at_cells_beats_or_bars(meter: Meter) -> None:
    can = speaking(BAND, 2 * meter.steps, meter)
    ruled = [cells_ruled(track, meter) for track in BAND]
    assert ruled == [1, 1, 1, 1, meter.cells, *[meter.steps] * 3, meter.cells]
    *tokens, traits = can.sum(axis=0).tolist()
    assert tokens == [2 * meter.steps // one for one in ruled[:-1]]
    assert traits == min(TRAIT_COUNT, 2 * meter.steps)


def test_forms_say_which_bar_a_bar_is_again() -> None:
    bars = np.zeros((9, 16, 3), np.int64)
    for bar, pitch in enumerate([40, 41, 40, 41, 42, 0, 0, 42, 40]):
        bars[bar, 0, Track.BASS] = pitch
        bars[bar, 8, Track.BASS] = OFF if pitch else HOLD
    forms = form_columns(bars.reshape(-1, 3), COMMON)[::16, Track.BASS]
    again = dict(zip((1, 2, 4, 8), range(FIRST_AGAIN, FIRST_AGAIN + 4), strict=True))
    expected = [NEW, NEW, again[2], again[2], NEW, RESTS, RESTS, NEW, again[8]]
    assert forms.tolist() == expected


def test_a_note_held_over_is_no_rest_and_a_masked_bar_is_unknown() -> None:
    tokens = np.zeros((48, 3), np.int64)
    tokens[0, Track.MELODY] = 40
    tokens[20, Track.DRUMS] = MASK[Track.DRUMS]
    forms = form_columns(tokens, COMMON)[::16]
    assert RESTS not in forms[:, Track.MELODY]
    assert forms[:, Track.DRUMS].tolist() == [RESTS, BAND_MASK[Track.DRUMS_FORM], RESTS]


def test_plans_that_nobody_tells_are_masked_where_they_may_speak() -> None:
    tokens = np.tile(np.asarray(MASK), (1, 32, 1))
    wide = with_unknown_plans(tokens, TRIO, BAND[3:], COMMON)
    can = speaking(BAND, 32, COMMON)
    assert (wide[0] == np.where(can, np.asarray(BAND_MASK), HOLD)).all()
    assert with_unknown_plans(wide, TRIO, BAND[3:], COMMON) is wide


def test_the_forms_of_what_is_known_are_known() -> None:
    wide = with_unknown_plans(np.zeros((1, 32, 3), np.int64), TRIO, BAND[3:], COMMON)
    assert (wide[0, ::16, list(FORMS)] == RESTS).all()


def test_weights_of_a_chord_are_nearest_to_that_chord() -> None:
    plan = np.array([NO_CHORD, *range(FIRST_CHORD, CHORD_TOKENS)])
    np.testing.assert_array_equal(nearest_chords(plan_weights(plan)), plan)
    held = np.array([FIRST_CHORD, HOLD_CHORD, HOLD_CHORD, NO_CHORD, FIRST_CHORD])
    np.testing.assert_array_equal(nearest_chords(plan_weights(held)), held)
