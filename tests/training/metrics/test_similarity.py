import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens, drum_hits, notes
from schmubert.engine.music.vocabulary import (
    DRUM_PITCH,
    MASK,
    OFF,
    PITCHED,
    TRIO,
    Drum,
    Track,
    drum_token,
    onset_token,
)
from schmubert.training.metrics.similarity import (
    normal_cdf,
    normal_overlap,
    overlaps,
    real_interval,
    similarity,
)
from tests.training.small_corpus import song

MEANS = st.floats(-50, 50)
DEVIATIONS = st.floats(0.2, 20)


def area(mean: float, deviation: float, other_mean: float, other_deviation: float) -> float:
    return float(
        normal_overlap(*(np.array([x]) for x in (mean, deviation, other_mean, other_deviation)))[0]
    )


def bars_of(*pitches: int, track: Track = Track.MELODY) -> Tokens:
    """A bar of quarter notes for each pitch."""
    tokens = np.zeros((len(pitches) * STEPS_PER_BAR, 3), np.int64)
    tokens[::4, track] = np.repeat([onset_token(pitch) for pitch in pitches], 4)
    return tokens


@given(MEANS, DEVIATIONS, MEANS, DEVIATIONS)
def test_the_overlap_is_the_integral_of_the_lower_density(
    mean: float, deviation: float, other_mean: float, other_deviation: float
) -> None:
    def density(x: np.ndarray, center: float, width: float) -> np.ndarray:
        return np.exp(-(((x - center) / width) ** 2) / 2) / (width * math.sqrt(2 * math.pi))

    narrow = (mean, deviation) if deviation < other_deviation else (other_mean, other_deviation)
    x = np.linspace(narrow[0] - 10 * narrow[1], narrow[0] + 10 * narrow[1], 40_001)
    below = np.minimum(density(x, mean, deviation), density(x, other_mean, other_deviation))
    expected = below.sum() * (x[1] - x[0])
    assert area(mean, deviation, other_mean, other_deviation) == pytest.approx(expected, abs=1e-5)


@given(MEANS, DEVIATIONS, MEANS, DEVIATIONS, st.floats(-9, 9), st.floats(0.1, 10))
def test_the_overlap_is_symmetric_and_free_of_place_and_scale(
    mean: float,
    deviation: float,
    other_mean: float,
    other_deviation: float,
    shift: float,
    scale: float,
) -> None:
    here = area(mean, deviation, other_mean, other_deviation)
    assert 0 <= here <= 1
    assert area(other_mean, other_deviation, mean, deviation) == here
    moved = area(
        shift + scale * mean, scale * deviation, shift + scale * other_mean, scale * other_deviation
    )
    assert moved == pytest.approx(here, abs=1e-6)


@given(MEANS, DEVIATIONS, MEANS)
def test_equal_deviations_cross_once_as_in_the_thesis(
    mean: float, deviation: float, other_mean: float
) -> None:
    low, high = sorted([mean, other_mean])
    crossing = (low + high) / 2
    width = math.sqrt(2) * deviation
    expected = 1 - math.erf((crossing - low) / width) / 2 + math.erf((crossing - high) / width) / 2
    assert area(mean, deviation, other_mean, deviation) == pytest.approx(expected)
    nearly = area(mean, deviation, other_mean, deviation * (1 + 1e-9))
    assert nearly == pytest.approx(expected, abs=1e-6)


def test_points_overlap_with_themselves_alone() -> None:
    assert area(60, 1e-6, 60, 1e-6) == 1.0
    assert area(60, 1e-6, 61, 1e-6) == 0.0
    assert area(60, 1e-6, 60, 5.0) < 1e-5
    assert area(1, 1e-6, 88, 20.0) < 1e-5


@pytest.mark.parametrize("tracks", [TRIO, *((track,) for track in TRIO)])
def test_frames_are_those_of_the_notes_grouped_by_their_bar(tracks: tuple[Track, ...]) -> None:
    tokens = song(3, bars=21, rests=True).tokens  # 21: half a hop at the end belongs to no frame
    expected = []
    for first in range(0, 18, 2):
        heard = []
        for track in tracks:
            if track in PITCHED:
                heard += [(n.onset, n.pitch, n.length) for n in notes(tokens, track)]
            else:
                heard += [(step, DRUM_PITCH[drum], 1) for step, drum in drum_hits(tokens)]
        values = np.array([x[1:] for x in heard if first <= x[0] // STEPS_PER_BAR < first + 4])
        values = values if len(values) else np.ones((1, 2))
        expected.append((values.mean(axis=0), values.std(axis=0) + 1e-6))
    found = overlaps(tokens, tracks)
    assert found.shape == (8, 2)
    for row, (one, other) in zip(found, pairwise(expected), strict=True):
        assert row == pytest.approx(normal_overlap(*one, *other), abs=1e-6)


def test_a_piece_that_repeats_overlaps_wholly_and_one_that_leaps_hardly() -> None:
    assert overlaps(bars_of(*[60, 64] * 4), TRIO).tolist() == [[1, 1], [1, 1]]
    leap = overlaps(bars_of(60, 60, 60, 60, 90, 90), TRIO)
    assert leap[0].tolist() == pytest.approx([0, 1], abs=1e-6)  # 60 four bars, 60 and 90 two each


def test_a_note_belongs_to_the_bar_it_starts_in_whole() -> None:
    tokens = np.zeros((8 * STEPS_PER_BAR, 3), np.int64)
    tokens[63, Track.BASS] = onset_token(40)  # sounds to the end, starts in the first frame
    tokens[64:, Track.MELODY] = MASK[Track.MELODY]
    found = overlaps(tokens, TRIO)
    assert found[0].tolist() == [1, 1]  # the note is in bar 3, of the frames at 0 and at 2
    assert found[1].tolist() == [0, 0]  # the frame at 4 is empty
    tokens[64, Track.BASS] = OFF
    assert overlaps(tokens, TRIO)[1].tolist() == [0, 1]  # it is as a note of length and pitch 1


def test_masked_tracks_are_silent() -> None:
    tokens = bars_of(60, 62, 64, 65, 67, 69, 71, 72)
    masked = tokens.copy()
    masked[:, Track.BASS], masked[:, Track.DRUMS] = MASK[Track.BASS], MASK[Track.DRUMS]
    np.testing.assert_array_equal(overlaps(masked, TRIO), overlaps(tokens, [Track.MELODY]))
    assert (overlaps(masked, [Track.BASS, Track.DRUMS]) == 1).all()


def test_drums_that_are_hit_are_counted_class_by_class() -> None:
    tokens = np.zeros((6 * STEPS_PER_BAR, 3), np.int64)
    tokens[::16, Track.DRUMS] = drum_token([Drum.KICK, Drum.RIDE])
    pitches = np.array([36, 51])
    tokens[64:, Track.DRUMS] = 0
    tokens[64::16, Track.DRUMS] = drum_token([Drum.KICK])
    other = np.array([36, 51, 36, 51, 36, 36])
    expected = area(pitches.mean(), pitches.std() + 1e-6, other.mean(), float(other.std()) + 1e-6)
    assert overlaps(tokens, TRIO)[0].tolist() == pytest.approx([expected, 1])


def test_pieces_without_two_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="6 bars and a track, not 5 bars of 3"):
        overlaps(bars_of(*[60] * 5), TRIO)
    with pytest.raises(ValueError, match="of 0 tracks"):
        overlaps(bars_of(*[60] * 6), [])


@given(arrays(np.float64, (5, 2), elements=st.floats(0.1, 1.0)))
def test_like_is_like_itself(real: np.ndarray) -> None:
    found = similarity(real, real)
    assert found.consistency == (1.0, 1.0)
    for value, varies in zip(found.variance, real.var(axis=0) > 0, strict=True):
        assert value == 1.0 if varies else math.isnan(value)


def test_the_equations_of_the_thesis() -> None:
    real = np.array([[0.4, 0.5], [0.6, 0.7]])  # means .5 and .6, variances .01 and .01
    model = np.array([[0.35, 0.0], [0.45, 0.2]])  # means .4 and .1, variances .0025 and .01
    found = similarity(model, real)
    assert found.consistency == pytest.approx((0.8, 1 / 6))
    assert found.variance == pytest.approx((0.25, 1.0))
    wild = similarity(np.array([[0.0, 0.0], [1.0, 1.0]]) * 2, real)
    assert wild.consistency == pytest.approx((0.0, 1 / 3))
    assert wild.variance == (0.0, 0.0)


def test_all_frames_instead_of_means_over_pieces() -> None:
    rng = np.random.default_rng(0)
    model, real = rng.random((10, 30, 2)), rng.random((8, 30, 2))
    framewise = similarity(model, real)
    assert framewise == similarity(model.reshape(-1, 2), real.reshape(-1, 2))
    piecewise = similarity(model.mean(axis=1), real.mean(axis=1))
    assert framewise.consistency == pytest.approx(piecewise.consistency)
    assert framewise.variance != pytest.approx(piecewise.variance)


def test_the_interval_of_real_songs() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(0.9, 0.05, size=(2000, 2))
    low, high = real_interval(real, 100, rng, 2000)
    # a difference of two means of 100 normal deviates, and of two variances
    for bound, share, near in ((low, 1.96, 0.08), (high, 0.0627, 0.3)):  # 95%, 5% of |normal|
        off = share * math.sqrt(2 / 100) * 0.05 / 0.9
        assert 1 - np.array(bound.consistency) == pytest.approx([off, off], rel=near)
    assert all(0.55 < value < 0.75 for value in low.variance)  # 1 - 1.96 * sqrt(2 * 2 / 100) = .61
    assert all(value > 0.97 for value in high.variance)
    again = real_interval(real, 100, np.random.default_rng(1), 50)
    assert again == real_interval(real, 100, np.random.default_rng(1), 50)
    wider, _ = real_interval(real, 10, rng, 200)
    assert wider.consistency < low.consistency


def test_the_normal_distribution_function() -> None:
    np.testing.assert_allclose(
        normal_cdf(np.asarray([[-1.959964, 0, 1.959964]])), [[0.025, 0.5, 0.975]]
    )
