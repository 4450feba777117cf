import numpy as np
import pytest

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import OFF, Track, onset_token
from schmubert.training.evaluation.guidance_study import figures


def piece(*notes_a_bar: int, pitch: int = 60) -> Tokens:
    """A melody with so many notes in each bar."""
    tokens = np.zeros((len(notes_a_bar) * STEPS_PER_BAR, 3), np.int64)
    for bar, count in enumerate(notes_a_bar):
        tokens[bar * STEPS_PER_BAR : bar * STEPS_PER_BAR + count, Track.MELODY] = onset_token(pitch)
        tokens[bar * STEPS_PER_BAR + count :, Track.MELODY][:1] = OFF
    return tokens


def test_the_squared_difference_shrinks_with_what_is_averaged_first() -> None:
    draw = np.stack([piece(6, 10, 8, 8), piece(9, 9, 9, 9), piece(7, 7, 6, 8)])
    real = np.stack([piece(4, 4, 4, 4)])
    found = {figure.name: figure for figure in figures([draw, draw], real)}
    assert found["bars of exactly 8 notes"].value == pytest.approx(3 / 12)
    assert found["notes a bar"].value == 8.0
    assert found["squared difference to 8 in a bar"].value == pytest.approx(18 / 12)
    assert found["squared difference to 8 of a piece's notes a bar"].value == pytest.approx(2 / 3)
    assert found["squared difference to 8 of all notes a bar"].value == 0.0
    assert found["squared difference to 8 in a bar"].real == 16.0
    assert found["notes a bar"].deviation == 0.0


def test_key_and_register_are_told_of_the_pitches_played() -> None:
    draw = np.stack([piece(4, 4, pitch=60), piece(2, 2, pitch=61), piece(2, 2, pitch=84)])
    found = {figure.name: figure.value for figure in figures([draw], draw)}
    assert found["melody and bass in C major"] == pytest.approx(12 / 16)
    assert found["melody in C4 to B5"] == pytest.approx(12 / 16)
