import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from schmubert.engine.music.score import canonical
from schmubert.engine.music.vocabulary import MASK, OFF, PITCHED, TRIO, Track, onset_token
from schmubert.training.metrics.structure import (
    idle_note_offs,
    known_column,
    longest_stay,
    notes_under,
    repeated_bars,
    repeated_pitches,
)
from tests.training.grids import grid
from tests.training.small_corpus import song


@pytest.mark.parametrize("track", TRIO)
@pytest.mark.parametrize("period", [1, 2, 3])
def test_a_loop_repeats_at_its_length_and_its_multiples_alone(track: Track, period: int) -> None:
    tokens = np.tile(song(period, bars=period).tokens, (12 // period, 1))
    for lag in range(1, 12):
        whole = 12.0 - lag
        assert repeated_bars(tokens, track, lag) == (whole if lag % period == 0 else 0.0, whole)


def test_silent_bars_count_in_neither() -> None:
    tokens = grid(5, drums=[(0, 1), (16, 1), (48, 2)])
    assert repeated_bars(tokens, Track.DRUMS, 1) == (1.0, 2.0)  # of the bars 1 and 3
    assert repeated_bars(tokens, Track.DRUMS, 3) == (0.0, 1.0)
    assert repeated_bars(tokens, Track.DRUMS, 5) == (0.0, 0.0)
    assert repeated_bars(tokens, Track.BASS, 1) == (0.0, 0.0)
    masked = np.tile(np.asarray(MASK), (64, 1))
    assert [repeated_bars(masked, track, 1) for track in TRIO] == [(0.0, 0.0)] * 3


def test_bars_are_compared_as_they_sound() -> None:
    note = onset_token(60)
    ended = [(0, note), (4, OFF), (16, note), (20, OFF)]
    assert repeated_bars(grid(2, melody=ended), Track.MELODY, 1) == (1.0, 1.0)
    # a note-off that ends nothing is no difference, one that ends a note is
    assert repeated_bars(grid(2, melody=[*ended, (24, OFF)]), Track.MELODY, 1) == (1.0, 1.0)
    assert repeated_bars(grid(2, melody=[*ended[:3], (21, OFF)]), Track.MELODY, 1) == (0.0, 1.0)
    assert repeated_bars(grid(2, melody=ended[:3]), Track.MELODY, 1) == (0.0, 1.0)


def test_bars_of_another_metre_repeat_by_their_own_length() -> None:
    tokens = grid(3, drums=[(step, 1 + step % 12) for step in range(0, 48, 4)])  # bars of 12 cells
    assert repeated_bars(tokens, Track.DRUMS, 1, bar_steps=12) == (3.0, 3.0)
    assert repeated_bars(tokens, Track.DRUMS, 1) == (0.0, 2.0)


def test_notes_under_a_pitch_are_counted_and_not_their_time() -> None:
    bass = [(0, onset_token(27)), (8, onset_token(28)), (9, onset_token(40))]
    assert notes_under(grid(1, bass=bass), Track.BASS, 28) == (1.0, 3.0)
    assert notes_under(grid(1), Track.BASS, 28) == (0.0, 0.0)


def test_a_bar_cannot_repeat_itself() -> None:
    with pytest.raises(ValueError, match="0 bars earlier"):
        repeated_bars(grid(2), Track.BASS, 0)


@given(arrays(np.int64, (32, 3), elements=st.sampled_from([0, 0, 1, 1, 2, 50])))
def test_idle_note_offs_are_those_that_are_not_canonical(tokens: np.ndarray) -> None:
    for track in PITCHED:
        clean = canonical(tokens)
        np.testing.assert_array_equal(known_column(tokens, track), clean[:, track])
        offs = (tokens[:, track] == OFF).sum()
        idle = offs - (clean[:, track] == OFF).sum()
        assert idle_note_offs(tokens, track) == (idle, offs)
        assert idle_note_offs(clean, track)[0] == 0


def test_idle_note_offs_of_a_bar() -> None:
    bass = [(0, OFF), (2, onset_token(40)), (4, OFF), (6, OFF), (8, MASK[1]), (9, OFF)]
    assert idle_note_offs(grid(1, bass=bass), Track.BASS) == (3.0, 4.0)
    with pytest.raises(ValueError, match="DRUMS have no note-offs"):
        idle_note_offs(grid(1), Track.DRUMS)


def test_a_mask_is_silent() -> None:
    bass = [(2, onset_token(40)), (4, MASK[1]), (5, MASK[1]), (6, OFF), (8, onset_token(41))]
    column = known_column(grid(1, bass=bass, drums=[(3, MASK[2]), (4, 7)]), Track.BASS)
    assert np.flatnonzero(column).tolist() == [2, 4, 8]
    assert column[4] == OFF
    drums = known_column(grid(1, drums=[(3, MASK[2]), (4, 7)]), Track.DRUMS)
    assert np.flatnonzero(drums).tolist() == [4]


def test_pitches_repeat_from_onset_to_onset_whatever_lies_between() -> None:
    low, high = onset_token(40), onset_token(52)
    bass = [(0, low), (2, OFF), (4, low), (6, MASK[1]), (8, low), (10, high), (20, low)]
    assert repeated_pitches(grid(2, bass=bass), Track.BASS) == (2.0, 4.0)
    assert repeated_pitches(grid(2, bass=bass[:1]), Track.BASS) == (0.0, 0.0)
    assert repeated_pitches(grid(2), Track.MELODY) == (0.0, 0.0)
    with pytest.raises(ValueError, match="DRUMS have no pitch"):
        repeated_pitches(grid(1), Track.DRUMS)


def test_a_stay_lasts_to_the_end_of_the_last_note_on_its_pitch() -> None:
    c, d = onset_token(36), onset_token(38)
    bass = [(0, c), (4, OFF), (20, c), (24, d), (28, OFF), (60, c)]
    music = grid(4, bass=bass)
    assert longest_stay(music, Track.BASS) == 24 / 16  # a rest of a bar between two of one pitch
    assert longest_stay(music, Track.BASS, bar_steps=12) == 2.0
    assert longest_stay(grid(4), Track.BASS) == 0.0
    assert longest_stay(grid(4, bass=[(16, c)]), Track.BASS) == 3.0
