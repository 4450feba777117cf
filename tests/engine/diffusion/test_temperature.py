"""A temperature sharpens alike in all tracks and plans, and keeps the number of notes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from schmubert.engine.diffusion.temperature import sharpened, tempered
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_SIZES,
    HOLD,
    OFF,
    PITCHED,
    PITCHED_TOKENS,
    TRIO,
    Track,
    first_onset,
)

Floats = NDArray[np.float64]
Cells = tuple[Track, NDArray[np.float32]]

TEMPERATURES = st.floats(0.05, 8.0).filter(lambda temperature: temperature != 1.0)


def probabilities(logits: NDArray[np.floating]) -> Floats:
    exact = logits.astype(np.float64)
    weights = np.exp(exact - exact.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@st.composite
def logits_of_cells(draw: st.DrawFn) -> Cells:
    """A track or plan, and logits of a few of its cells, mostly of nothing."""
    track = draw(st.sampled_from(BAND))
    rows = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    logits = rng.normal(scale=draw(st.floats(0.1, 4.0)), size=(rows, BAND_SIZES[track]))
    quiet = draw(hnp.arrays(np.float64, (rows, 2), elements=st.floats(-6, 12)))
    logits[:, : len(quiet[0])] += quiet
    return track, logits.astype(np.float32)


@given(logits_of_cells())
def test_temperature_1_changes_nothing(cells: Cells) -> None:
    track, logits = cells
    assert tempered(logits, 1.0, track) is logits


@given(logits_of_cells(), TEMPERATURES)
def test_every_row_sums_to_one(cells: Cells, temperature: float) -> None:
    track, logits = cells
    sums = np.exp(tempered(logits, temperature, track)).sum(axis=1)
    np.testing.assert_allclose(sums, 1.0, atol=1e-9)


@given(logits_of_cells(), TEMPERATURES)
def test_as_many_notes_begin_and_as_many_end_as_before(cells: Cells, temperature: float) -> None:
    track, logits = cells
    onsets = first_onset(track)
    before = probabilities(logits)
    after = probabilities(tempered(logits, temperature, track))
    assert after[:, onsets:].sum() == pytest.approx(before[:, onsets:].sum(), abs=1e-3)
    assert after[:, HOLD].sum() == pytest.approx(before[:, HOLD].sum(), abs=1e-3)


@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-30, 12)), st.floats(0.02, 8.0)
)
def test_what_is_sharpened_keeps_its_expected_number(log_odds: Floats, temperature: float) -> None:
    one_each = np.ones_like(log_odds)
    found = sharpened(log_odds, one_each, one_each, temperature)
    expected = np.exp(-np.logaddexp(0.0, -log_odds)).sum()
    assert np.exp(-np.logaddexp(0.0, -found)).sum() == pytest.approx(expected, rel=1e-7)
    np.testing.assert_allclose(np.diff(found), np.diff(log_odds) / temperature, atol=1e-9)


def test_what_is_sure_to_begin_or_not_stays_so() -> None:
    logits = np.full((9, PITCHED_TOKENS), -np.inf, np.float32)
    logits[:, [HOLD, 40]] = [0.0, -12.0]
    logits[::3, [HOLD, 40]] = [-12.0, 0.0]
    found = np.exp(tempered(logits, 0.7, Track.MELODY))
    np.testing.assert_allclose(found[:, 40], [1, 0, 0] * 3, atol=1e-4)


@given(logits_of_cells(), TEMPERATURES)
def test_the_order_of_the_onsets_is_kept_within_a_cell_and_between_cells(
    cells: Cells, temperature: float
) -> None:
    track, logits = cells
    before, after = probabilities(logits), tempered(logits, temperature, track)
    onsets = first_onset(track)
    ordered = np.take_along_axis(
        after[:, onsets:], before[:, onsets:].argsort(axis=1, kind="stable"), axis=1
    )
    assert (np.diff(ordered, axis=1) >= -1e-6).all()
    begins = before[:, onsets:].sum(axis=1)
    chances = probabilities(after)[:, onsets:].sum(axis=1)
    assert (np.diff(chances[begins.argsort()]) >= -1e-6).all()


@given(logits_of_cells(), st.floats(0.05, 0.95))
def test_a_low_temperature_sharpens(cells: Cells, temperature: float) -> None:
    track, logits = cells
    onsets = first_onset(track)
    before, after = probabilities(logits), probabilities(tempered(logits, temperature, track))

    def best(p: Floats) -> Floats:
        return np.asarray(p[some, onsets:].max(axis=1) / p[some, onsets:].sum(axis=1))

    some = after[:, onsets:].sum(axis=1) > 1e-12
    assert (best(after) >= best(before) - 1e-6).all()
    begins, sharper = (p[:, onsets:].sum(axis=1) for p in (before, after))
    assert sharper.var() >= begins.var() - 1e-6


@pytest.mark.parametrize("excluded", [[HOLD], [OFF], [HOLD, OFF], slice(2, None), slice(4, None)])
def test_what_is_excluded_stays_excluded(excluded: list[int] | slice) -> None:
    logits = np.random.default_rng(0).normal(size=(6, PITCHED_TOKENS)).astype(np.float32)
    logits[:3, excluded] = -np.inf
    found = probabilities(tempered(logits, 0.5, Track.MELODY))
    assert not np.isnan(found).any()
    assert (found[:3, excluded] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


@pytest.mark.parametrize("track", BAND)
def test_no_cells_are_no_trouble(track: Track) -> None:
    none = np.zeros((0, BAND_SIZES[track]), np.float32)
    assert tempered(none, 0.5, track).shape == none.shape


@pytest.mark.parametrize("track", PITCHED)
def test_a_cell_alone_begins_a_note_as_often_as_before_but_a_likelier_one(track: Track) -> None:
    logits = np.full((1, PITCHED_TOKENS), -np.inf, np.float32)
    logits[0, [HOLD, 40, 47]] = np.log([0.8, 0.15, 0.05])
    found = np.exp(tempered(logits, 0.5, track))[0]
    # the notes 3 : 1 become 9 : 1, of the same fifth of all
    np.testing.assert_allclose(found[[HOLD, 40, 47]], [0.8, 0.18, 0.02], atol=1e-6)


@pytest.mark.parametrize("track", PITCHED)
def test_of_two_notes_the_likelier_one_to_end_ends(track: Track) -> None:
    logits = np.full((2, PITCHED_TOKENS), -np.inf, np.float32)
    logits[:, [HOLD, OFF]] = np.log([[0.75, 0.25], [0.25, 0.75]])
    found = np.exp(tempered(logits, 0.5, track))
    # odds of 3 : 1 become 9 : 1, and as many end as before
    np.testing.assert_allclose(found[:, [HOLD, OFF]], [[0.9, 0.1], [0.1, 0.9]], atol=1e-6)


@pytest.mark.parametrize("track", [*TRIO, Track.CHORDS])
def test_of_two_cells_the_likelier_one_gets_the_onset(track: Track) -> None:
    logits = np.full((2, BAND_SIZES[track]), -np.inf, np.float32)
    logits[:, HOLD] = np.log([0.25, 0.75])
    logits[:, 40] = np.log([0.75, 0.25])
    found = np.exp(tempered(logits, 0.5, track))
    # odds of 3 : 1 become 9 : 1, and as many begin as before
    np.testing.assert_allclose(found[:, [HOLD, 40]], [[0.1, 0.9], [0.9, 0.1]], atol=1e-6)
