import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.brain.groove import HIGHEST_BASS, LOWEST_BASS, heard_root, held
from schmubert.engine.music.score import Note, Tokens, monophonic
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track, onset_token, pitch_of

BACKBEAT = [1, 0, 4, 0, 6, 0, 4, 0, 1, 0, 5, 0, 6, 0, 4, 4]
WALK = [(0, 3, 40), (4, 4, 43), (8, 2, 45), (11, 4, 47)]


def tape(bars: int = 2, melody: list[tuple[int, int, int]] | None = None) -> Tokens:
    """Bars of a walking bass and a backbeat, and `melody` (step, length, pitch)."""
    tokens = np.zeros((16 * bars, 3), np.int64)
    tokens[:, Track.MELODY] = monophonic([Note(*note) for note in melody or []], 16 * bars)
    tokens[:, Track.BASS] = np.resize(monophonic([Note(*note) for note in WALK], 16), 16 * bars)
    tokens[:, Track.DRUMS] = np.resize(BACKBEAT, 16 * bars)
    return tokens


@pytest.mark.parametrize("row", [16, 20, 27, 32])
def test_the_same_drums_go_on(row: int) -> None:
    expected = np.resize(BACKBEAT, 64)[row : row + 7]
    assert held(tape()[:row], Track.DRUMS, row, 7, None).tolist() == expected.tolist()


@pytest.mark.parametrize("row", [16, 20, 32])
def test_the_bass_keeps_its_rhythm_on_the_heard_root(row: int) -> None:
    again = held(tape(), Track.BASS, row, 16, 2)
    rhythm = np.resize(tape()[:16, Track.BASS], 48)[row : row + 16]
    onsets = rhythm >= 2
    assert (again[~onsets] == rhythm[~onsets]).all()
    pitches = [pitch_of(token) for token in again[onsets].tolist()]
    assert {pitch % 12 for pitch in pitches} == {2}
    for pitch, before in zip(pitches, rhythm[onsets].tolist(), strict=True):
        assert abs(pitch - pitch_of(before)) <= 6


def test_without_a_root_the_bass_stays_as_it_was() -> None:
    assert held(tape(), Track.BASS, 32, 16, None).tolist() == tape()[:16, Track.BASS].tolist()


@given(st.lists(st.integers(0, 11), min_size=1, max_size=200), st.integers(21, 108))
def test_the_bass_never_leaves_its_register(roots: list[int], pitch: int) -> None:
    tokens = tape(1)
    tokens[0, Track.BASS] = onset_token(pitch)
    for root in roots:
        bar = held(tokens, Track.BASS, 16, 16, root)
        found = [pitch_of(token) for token in bar.tolist() if token >= 2]
        assert all(LOWEST_BASS <= pitch <= HIGHEST_BASS for pitch in found)
        assert all(pitch % 12 == root for pitch in found)
        tokens[:, Track.BASS] = bar


def test_a_melody_is_not_repeated() -> None:
    cells = held(tape(2, [(0, 30, 60)]), Track.MELODY, 32, 4, 0)
    assert cells.tolist() == [OFF, HOLD, HOLD, HOLD]


def test_an_empty_bar_is_no_groove_a_bar_before_may_be() -> None:
    tokens = tape(3)
    tokens[32:] = 0
    assert held(tokens, Track.DRUMS, 48, 16, None).tolist() == BACKBEAT
    assert (held(tokens, Track.BASS, 48, 16, None) >= 2).any()


def test_where_nothing_was_played_nothing_is() -> None:
    silent = np.tile(MASK, (32, 1))
    assert held(silent, Track.DRUMS, 32, 16, 0).tolist() == [0] * 16
    assert held(silent, Track.BASS, 32, 16, 0).tolist() == [0] * 16
    assert held(silent[:0], Track.BASS, 0, 4, 0).tolist() == [0] * 4


def test_a_bar_entered_halfway_is_repeated_in_place() -> None:
    tokens = tape(1)
    tokens[:8] = MASK
    again = held(tokens, Track.DRUMS, 16, 16, None)
    assert again.tolist() == [*[0] * 8, *BACKBEAT[8:]]


@pytest.mark.parametrize(
    ("melody", "root"),
    [
        ([(0, 4, 60), (4, 4, 64), (8, 8, 67)], 0),
        ([(0, 4, 64), (4, 4, 60), (8, 8, 57)], 9),
        ([(0, 16, 62)], 2),
        ([(0, 6, 67), (6, 4, 71), (10, 6, 74)], 7),
        ([(0, 4, 65), (16, 4, 60), (20, 4, 64), (24, 8, 67)], 0),
        ([], None),
        ([(0, 8, 60)], None),
    ],
    ids=["C", "a", "D", "G", "the last bar only", "nothing", "nothing of late"],
)
def test_heard_root(melody: list[tuple[int, int, int]], root: int | None) -> None:
    bars = 2 if melody in ([(0, 8, 60)],) or len(melody) > 3 else 1
    assert heard_root(tape(bars, melody), 16 * bars) == root


def test_a_note_held_over_is_heard() -> None:
    assert heard_root(tape(2, [(8, 24, 62)]), 32) == 2


def test_what_is_unknown_has_no_root() -> None:
    tokens = tape(1, [(0, 16, 60)])
    tokens[:, Track.MELODY] = MASK[Track.MELODY]
    assert heard_root(tokens, 16) is None
    assert heard_root(tokens, 0) is None
