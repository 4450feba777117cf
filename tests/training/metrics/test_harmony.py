import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.vocabulary import MASK, OFF, Track, onset_token
from schmubert.training.metrics.harmony import (
    CLASH,
    CONSONANT,
    SCALES,
    bass_at,
    bass_in_scale,
    key_agreement,
    onsets_in_scale,
    onsets_sung,
    pitch_class_time,
    root_in_bar,
    scale_fit,
    sounding_pitch,
)
from tests.training.grids import grid

G_MAJOR = (55, 57, 59, 60, 62, 64, 66, 67)


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


def test_the_root_of_a_bar_is_that_of_its_own_metre() -> None:
    melody = grid(3, melody=[(0, onset_token(67)), (12, onset_token(72)), (24, OFF)])
    bass = grid(3, bass=[(0, onset_token(43)), (12, onset_token(36)), (24, OFF)])
    assert root_in_bar(melody, bass, bar_steps=12) == (2.0, 2.0)
    assert root_in_bar(melody, bass) == (2.0, 2.0)
    swapped = grid(3, bass=[(0, onset_token(36)), (12, onset_token(43)), (24, OFF)])
    assert root_in_bar(melody, swapped, bar_steps=12) == (0.0, 2.0)


def test_sounding_pitch_ends_at_an_off_and_at_the_unknown() -> None:
    tokens = grid(1, bass=[(2, onset_token(40)), (5, OFF), (8, onset_token(41)), (9, MASK[1])])
    expected = [-1, -1, 40, 40, 40, -1, -1, -1, 41, *[-1] * 7]
    assert sounding_pitch(tokens, Track.BASS).tolist() == expected
    assert pitch_class_time(sounding_pitch(tokens, Track.BASS)).tolist()[4:6] == [3, 1]


def test_the_scales_are_twelve_of_seven_each() -> None:
    assert (SCALES.sum(axis=1) == 7).all()
    assert len({tuple(scale) for scale in SCALES.tolist()}) == 12
    assert SCALES[7, [7, 9, 11, 0, 2, 4, 6]].all()


def test_onsets_count_alike_however_long_they_sound() -> None:
    melody = grid(2, melody=line(G_MAJOR))
    bass = grid(2, bass=[(0, onset_token(43)), (24, onset_token(44)), (28, OFF)])
    assert onsets_in_scale(melody, bass) == (1.0, 2.0)
    assert onsets_in_scale(grid(2), bass) == (0.0, 0.0)


def test_an_onset_is_sung_where_its_bar_sings_it() -> None:
    melody = grid(3, melody=[(0, onset_token(67)), (16, onset_token(72)), (32, OFF)])
    bass = grid(3, bass=[(0, onset_token(43)), (8, onset_token(36)), (16, onset_token(36))])
    assert onsets_sung(melody, bass) == (2.0, 3.0)
    held_over = grid(3, bass=[(12, onset_token(36)), (33, onset_token(36))])
    assert onsets_sung(melody, held_over) == (0.0, 1.0)  # nothing is sung in the third bar


def test_keys_agree_where_the_best_scales_are_the_same() -> None:
    melody = grid(8, melody=line(G_MAJOR))
    assert key_agreement(melody, grid(8, bass=line(tuple(p - 24 for p in G_MAJOR)))) == (1.0, 1.0)
    assert key_agreement(melody, grid(8, bass=line(tuple(p - 18 for p in G_MAJOR)))) == (0.0, 1.0)
    assert key_agreement(melody, grid(8)) == (0.0, 0.0)
    agreed, spans = key_agreement(melody, grid(8, bass=[(0, onset_token(43))]))
    assert spans == 1.0
    assert agreed == pytest.approx(7**-0.5)  # a single G is in seven scales


def test_a_bass_clashes_for_part_of_the_time_that_both_sound() -> None:
    melody = grid(2, melody=[(0, onset_token(72)), (24, OFF)])
    bass = grid(2, bass=[(0, onset_token(47)), (8, onset_token(36)), (16, onset_token(42))])
    assert bass_at(CLASH, melody, bass) == (16.0, 24.0)  # a minor second, then a tritone
    assert bass_at(CONSONANT, melody, bass) == (8.0, 24.0)
    assert bass_at(CLASH, melody, bass, every=16) == (2.0, 2.0)
    assert bass_at(CLASH, melody, grid(2)) == (0.0, 0.0)
