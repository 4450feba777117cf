import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.score import STEPS_PER_BAR, Tokens
from schmubert.engine.vocabulary import HOLD, MASK, OFF, Drum, Track, drum_token, onset_token
from schmubert.training.harmony import (
    SCALES,
    bass_in_scale,
    bootstrap,
    empty_bars,
    kick_under_bass,
    onsets_a_bar,
    pitch_class_time,
    pooled,
    root_in_bar,
    scale_fit,
    sounding_pitch,
    way_closed,
)

G_MAJOR = (55, 57, 59, 60, 62, 64, 66, 67)


def grid(bars: int, **tracks: list[tuple[int, int]]) -> Tokens:
    """A grid with (step, token) pairs a track, everything else held."""
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    for name, events in tracks.items():
        for step, token in events:
            tokens[step, Track[name.upper()]] = token
    return tokens


def line(pitches: tuple[int, ...], length: int = 4) -> list[tuple[int, int]]:
    return [(index * length, onset_token(pitch)) for index, pitch in enumerate(pitches)]


def test_a_bass_in_the_key_of_the_melody_fits_and_one_a_semitone_off_hardly() -> None:
    melody = grid(2, melody=line(G_MAJOR))
    inside = grid(2, bass=line((43, 47, 50, 54), 8))
    outside = grid(2, bass=line((44, 48, 51, 55), 8))
    assert bass_in_scale(melody, inside) == (32.0, 32.0)
    assert bass_in_scale(melody, outside) == (16.0, 32.0)  # of these only C and G are in G


def test_time_counts_not_onsets() -> None:
    melody = grid(2, melody=line(G_MAJOR))
    bass = grid(2, bass=[(0, onset_token(43)), (24, onset_token(44)), (28, OFF)])
    assert bass_in_scale(melody, bass) == (24.0, 28.0)


def test_equal_scales_share_alike() -> None:
    melody = np.zeros(12, np.int64)
    melody[[0, 2, 4, 7, 9]] = 1  # in the scales on C, F and G
    bass = np.zeros(12, np.int64)
    bass[11] = 6  # in two of them
    assert scale_fit(melody, bass) == (4.0, 6.0)


@given(
    melody=st.lists(st.integers(0, 9), min_size=12, max_size=12),
    bass=st.lists(st.integers(0, 9), min_size=12, max_size=12),
    semitones=st.integers(1, 11),
)
def test_the_fit_does_not_depend_on_the_key(
    melody: list[int], bass: list[int], semitones: int
) -> None:
    here = scale_fit(np.array(melody), np.array(bass))
    there = scale_fit(np.roll(melody, semitones), np.roll(bass, semitones))
    assert there == pytest.approx(here)
    assert 0 <= here[0] <= here[1] + 1e-9


def test_each_span_has_a_scale_of_its_own() -> None:
    up = tuple(pitch + 6 for pitch in G_MAJOR)
    melody = grid(16, melody=line(G_MAJOR * 4 + up * 4))
    bass = grid(16, bass=[(0, onset_token(43)), (8 * 16, onset_token(49))])
    assert bass_in_scale(melody, bass) == (256.0, 256.0)
    assert bass_in_scale(melody, bass, span_bars=16)[0] < 256.0


def test_spans_without_melody_or_without_bass_do_not_count() -> None:
    melody = grid(16, melody=[(0, onset_token(67)), (32, OFF)])
    bass = grid(16, bass=[(8 * 16, onset_token(43))])
    assert bass_in_scale(melody, bass) == (0.0, 0.0)
    assert root_in_bar(melody, bass) == (0.0, 0.0)


def test_the_root_is_the_longest_bass_note_and_notes_held_over_a_bar_line_count() -> None:
    melody = grid(3, melody=line((67, 71, 74, 71, 72, 76, 79, 76, 66, 69, 74, 69)))
    bass = grid(3, bass=[(0, onset_token(43)), (12, onset_token(49)), (16, onset_token(36))])
    # G under G B D, C under C E G, C held under D F# A
    assert root_in_bar(melody, bass) == (2.0, 3.0)


def test_sounding_pitch_ends_at_an_off_and_at_the_unknown() -> None:
    tokens = grid(1, bass=[(2, onset_token(40)), (5, OFF), (8, onset_token(41)), (9, MASK[1])])
    expected = [-1, -1, 40, 40, 40, -1, -1, -1, 41, *[-1] * 7]
    assert sounding_pitch(tokens, Track.BASS).tolist() == expected
    assert pitch_class_time(sounding_pitch(tokens, Track.BASS)).tolist()[4:6] == [3, 1]


def test_bars_and_onsets_are_counted() -> None:
    kick = drum_token([Drum.KICK, Drum.RIDE])
    tokens = grid(
        4,
        bass=[(0, onset_token(40)), (20, OFF), (48, onset_token(41)), (50, onset_token(41))],
        drums=[(0, kick), (4, drum_token([Drum.SNARE])), (48, MASK[2])],
    )
    assert empty_bars(tokens, Track.BASS) == (1.0, 4.0)
    assert empty_bars(tokens, Track.DRUMS) == (3.0, 4.0)
    assert onsets_a_bar(tokens, Track.BASS) == (3.0, 4.0)
    assert onsets_a_bar(tokens, Track.DRUMS) == (2.0, 4.0)
    assert kick_under_bass(tokens) == (1.0, 3.0)
    assert (grid(1)[:, 0] == HOLD).all()


def test_the_scales_are_twelve_of_seven_each() -> None:
    assert (SCALES.sum(axis=1) == 7).all()
    assert len({tuple(scale) for scale in SCALES.tolist()}) == 12
    assert SCALES[7, [7, 9, 11, 0, 2, 4, 6]].all()


def test_shares_pool_by_their_wholes() -> None:
    songs = np.array([(1.0, 1.0), (0.0, 3.0), (0.0, 0.0)])
    assert pooled(songs) == 0.25
    assert pooled(songs[[[0, 0], [0, 1]]]).tolist() == [1.0, 0.25]
    assert math.isnan(pooled(songs[[2]]))


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(0, 9))
def test_the_interval_holds_the_figure_of_a_mean(values: list[float], seed: int) -> None:
    array = np.array(values)
    estimate = bootstrap(
        lambda songs: array[songs].mean(axis=-1), len(array), np.random.default_rng(seed), 200
    )
    assert estimate.value == pytest.approx(array.mean())
    assert array.min() - 1e-9 <= estimate.low <= estimate.high <= array.max() + 1e-9
    assert estimate.low <= estimate.value + array.std()


def test_the_interval_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).normal(size=400)
    estimate = bootstrap(
        lambda songs: values[songs].mean(axis=-1), 400, np.random.default_rng(1), 2000
    )
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 / 20, rel=0.1)


def test_the_way_from_shuffled_to_real() -> None:
    shuffled, model, real = np.array([(0.66, 0.79, 0.92), (0.66, 0.66, 0.92), (0.5, 0.6, 0.5)]).T
    way = way_closed(shuffled, model, real)
    assert way[:2].tolist() == pytest.approx([0.5, 0.0])
    assert math.isnan(way[2])
