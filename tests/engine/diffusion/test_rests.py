import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.diffusion.rests import (
    tacet_bars,
    tacet_cells,
    with_pauses,
    without_long_rests,
)
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens, notes
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, TRIO, Track

MELODY, BASS, DRUMS = TRIO


def silent(bars: int) -> Tokens:
    return np.full((bars * STEPS_PER_BAR, len(TRIO)), HOLD, np.int64)


def songs(tacet: np.ndarray) -> Pauses:
    return Pauses(np.asarray(tacet, bool))


def test_a_bar_is_tacet_where_nothing_begins_and_nothing_lasts() -> None:
    tokens = silent(5)
    tokens[4, MELODY] = FIRST_ONSET + 3  # rings through the second bar, to the middle of the third
    tokens[40, MELODY] = OFF
    tokens[16, DRUMS] = 1  # a drum sounds in its own 16th
    found = tacet_bars(tokens, TRIO)
    assert found[:, MELODY].tolist() == [False, False, False, True, True]
    assert found[:, BASS].all()
    assert found[:, DRUMS].tolist() == [True, False, True, True, True]


def test_a_note_that_ends_on_the_bar_line_leaves_the_bar_tacet() -> None:
    tokens = silent(2)
    tokens[0, BASS], tokens[16, BASS] = FIRST_ONSET, OFF
    assert tacet_bars(tokens, TRIO)[:, BASS].tolist() == [False, True]


@pytest.mark.parametrize("track", TRIO)
def test_what_is_masked_is_not_known_to_be_silent(track: Track) -> None:
    tokens = silent(2)
    tokens[:, track] = MASK[track]
    assert not tacet_bars(tokens, TRIO)[:, track].any()


def test_bars_of_a_batch_are_those_of_each_piece_and_of_the_tracks_there_are() -> None:
    tokens = silent(3)[None].repeat(2, axis=0)
    tokens[1, 20, BASS] = FIRST_ONSET
    found = tacet_bars(tokens[..., [BASS, DRUMS]], (BASS, DRUMS))
    assert found.shape == (2, 3, 2)
    assert found[0].all()
    assert found[1, :, 0].tolist() == [True, False, False]


def test_the_first_16th_of_a_pause_is_left_open_since_a_note_may_end_there() -> None:
    tacet = np.array([[True], [False], [True], [True]])
    cells = tacet_cells(tacet)[:, 0].reshape(4, STEPS_PER_BAR)
    assert not cells[0, 0]
    assert cells[0, 1:].all()
    assert not cells[1].any()
    assert not cells[2, 0]
    assert cells[2, 1:].all()
    assert cells[3].all()


@given(seed=st.integers(0, 2**32), share=st.floats(0, 0.1))
def test_all_that_tacet_cells_hold_is_silence(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    tokens = silent(8)
    spoken = rng.random(tokens.shape) < share
    tokens[spoken] = rng.integers(OFF, 80, size=int(spoken.sum()))
    found = tacet_bars(tokens, TRIO)
    held = tokens[tacet_cells(found)]
    assert np.isin(held, [HOLD, OFF]).all()
    for track in (MELODY, BASS):
        for note in notes(tokens, track):
            bars = range(note.onset // 16, -(-(note.onset + note.length) // 16))
            assert not found[list(bars), track].any()


def test_pauses_are_those_of_a_song_cut_between_phrases() -> None:
    bars = np.arange(24)
    tacet = np.stack([bars % 2 == 0, bars % 3 == 0, np.zeros(24, bool)], axis=1)
    rng, begun = np.random.default_rng(0), set()
    for _ in range(60):
        drawn = songs(tacet[None]).draw(8, rng)
        cuts = [first for first in range(17) if (drawn == tacet[first : first + 8]).all()]
        begun.update(first for first in cuts if first % 4 == 0)
        assert any(first % 4 == 0 for first in cuts)
    assert begun == {0, 4, 8, 12, 16}


def test_a_longer_piece_rests_as_songs_in_a_row_do() -> None:
    tacet = np.zeros((2, 8, 1), bool)
    tacet[0, 7], tacet[1, 6] = True, True
    drawn = songs(tacet).draw(20, np.random.default_rng(1))
    assert drawn.shape == (20, 1)
    assert drawn.sum() in (2, 3)


@given(seed=st.integers(0, 2**32), bars=st.integers(1, 30))
def test_no_track_rests_for_more_than_two_thirds_of_a_piece(seed: int, bars: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = songs(rng.random((5, 16, 3)) < 0.8).draw(bars, rng)
    assert drawn.shape == (bars, 3)
    assert (3 * drawn.sum(axis=0) <= 2 * bars).all()


def test_songs_of_nothing_but_rests_leave_a_piece_without_any() -> None:
    assert not songs(np.ones((3, 16, 3))).draw(16, np.random.default_rng(0)).any()


def test_pauses_come_back_from_their_text_and_the_same_seed_draws_the_same() -> None:
    rng = np.random.default_rng(3)
    pauses = songs(rng.random((11, 13, 3)) < 0.3)
    again = Pauses.decoded(pauses.encoded(), 3)
    assert (again.tacet == pauses.tacet).all()
    one, other = (p.draw(9, np.random.default_rng(4)) for p in (pauses, again))
    assert (one == other).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"shape": [1, 2, 3], "bits": "&"}',
        '{"shape": [1, 2, 3], "bits": "AAAA"}',
        songs(np.ones((1, 2, 2))).encoded(),
        songs(np.ones((0, 2, 3))).encoded(),
        songs(np.ones((1, 2, 3))).encoded().replace("[1,", "[9,"),
        '{"shape": [-1, -2, 3], "bits": ""}',
    ],
)
def test_text_that_holds_no_pauses_of_so_many_tracks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="its pauses"):
        Pauses.decoded(text, 3)


def test_a_note_before_a_pause_ends_with_its_bar_and_one_held_out_of_it_is_gone() -> None:
    tokens = silent(4)
    tokens[8, BASS] = FIRST_ONSET + 4  # rings on to the end
    tokens[::4, DRUMS] = 1
    tacet = np.zeros((4, len(TRIO)), bool)
    tacet[1:3, [BASS, DRUMS]] = True
    found = with_pauses(tokens, tacet, TRIO, COMMON)
    assert [(note.onset, note.length) for note in notes(found, BASS)] == [(8, 8)]
    assert np.flatnonzero(found[:, DRUMS]).tolist() == [0, 4, 8, 12, 48, 52, 56, 60]


def test_a_part_that_rests_for_longer_than_was_learned_from_is_unknown_in_these_bars() -> None:
    tokens = silent(8)
    tokens[0, MELODY] = FIRST_ONSET  # rings through the first bar
    tokens[16, MELODY] = OFF
    tokens[:80:16, DRUMS] = 1  # plays in five of eight bars
    nothing = np.zeros(tokens.shape, bool)
    shown = without_long_rests(tokens, nothing, COMMON, 0.5)
    assert (shown[16:, MELODY] == MASK[MELODY]).all()
    assert (shown[:, DRUMS] == tokens[:, DRUMS]).all()
    assert (shown[:16] == np.where(np.arange(3) == BASS, MASK, tokens[:16])).all()
    assert without_long_rests(tokens, nothing, COMMON, 0.0) is tokens
    wanted = nothing.copy()
    wanted[-1, [MELODY, BASS]] = True
    assert (without_long_rests(tokens, wanted, COMMON, 0.5) == tokens).all()
