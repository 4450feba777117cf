from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schmubert.cli.bar_text import NOTES_WIDTH, bar_cells, drum_pattern
from schmubert.engine.music.score import Score, silence
from schmubert.engine.music.vocabulary import Drum, Track, drum_token, onset_token


def bar_of(track: Track, column: Sequence[int]) -> Score:
    tokens = silence(1).tokens.copy()
    tokens[:, track] = column
    return Score(tokens)


def test_a_bar_in_words() -> None:
    tokens = silence(1).tokens.copy()
    tokens[[0, 4, 8], Track.MELODY] = [onset_token(74), onset_token(78), 1]
    tokens[0, Track.DRUMS] = drum_token([Drum.KICK, Drum.CLOSED_HI_HAT])
    tokens[4, Track.DRUMS] = drum_token([Drum.KICK, Drum.SNARE, Drum.CRASH])
    tokens[6, Track.DRUMS] = drum_token([Drum.CLOSED_HI_HAT])
    cells = bar_cells(Score(tokens))
    assert cells[Track.MELODY].rstrip() == "D5 F#5"
    assert cells[Track.BASS].rstrip() == "-"
    assert cells[Track.DRUMS] == "K...X.h........."


@given(st.lists(st.integers(0, 511), min_size=16, max_size=16))
def test_a_16th_shows_a_dot_just_where_nothing_is_hit(column: list[int]) -> None:
    pattern = drum_pattern(bar_of(Track.DRUMS, column))
    assert [glyph == "." for glyph in pattern] == [token == 0 for token in column]


def test_many_notes_are_cut_to_the_width() -> None:
    busy = bar_of(Track.BASS, [onset_token(42)] * 16)
    assert len(bar_cells(busy)[Track.BASS]) == NOTES_WIDTH
    assert bar_cells(busy)[Track.BASS].endswith("…")
