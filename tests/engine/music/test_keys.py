"""Which pitch classes belong to the music."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.keys import (
    MAJOR,
    STRAY,
    belonging,
    key_lean,
    key_probabilities,
    likeliest_key,
)

ODE = "EEFGGFEDCCDEEDDD"
CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def melody(*classes: int) -> np.ndarray:
    """A pitch class a beat, -1 for none, [beats, 12]."""
    return np.array([[float(one == which) for which in range(12)] for one in classes])


def scale(tonic: int, times: int = 4) -> np.ndarray:
    return melody(*[(tonic + step) % 12 for step in (*MAJOR, 0)] * times)


@given(st.integers(0, 99), st.integers(1, 11))
def test_keys_move_with_the_music(seed: int, semitones: int) -> None:
    heard = np.random.default_rng(seed).random((24, 12)) ** 4
    moved = np.roll(key_lean(heard), semitones, axis=1)
    np.testing.assert_allclose(key_lean(np.roll(heard, semitones, axis=1)), moved, atol=1e-9)


@given(st.integers(0, 99))
def test_probabilities_add_up_and_what_is_heard_belongs(seed: int) -> None:
    heard = np.random.default_rng(seed).random((24, 12)) ** 8
    np.testing.assert_allclose(key_probabilities(heard).sum(axis=1), 1.0)
    found = belonging(heard)
    assert ((found >= 0) & (found <= 1 + 1e-9)).all()
    lean = key_lean(heard)
    assert ((lean <= 1e-9) & (lean >= np.log(STRAY) - 1e-9)).all()


def test_ode_to_joy_is_in_c_though_it_has_no_b() -> None:
    heard = melody(*[CLASSES[note] for note in ODE * 2])
    assert likeliest_key(heard, 20) == 0
    assert key_lean(heard)[20, 11] > key_lean(heard)[20, 10] + 0.5


def test_two_bars_tell_less_than_sixteen() -> None:
    few, many = (key_lean(scale(7, times))[-1, 5] for times in (1, 8))
    assert many < few - 0.5 < few < -0.5


def test_a_key_changes_where_the_music_does() -> None:
    heard = np.concatenate([scale(0), scale(4)])
    assert [likeliest_key(heard, beat) for beat in (0, 24, 40, 63)] == [0, 0, 4, 4]


def test_a_scale_is_not_forced_on_the_blues() -> None:
    blues = melody(*(0, 3, 5, 6, 7, 10, 7, 3) * 4)
    assert key_lean(blues)[:, [0, 3, 5, 6, 7, 10]].min() > -0.4


def test_a_note_heard_once_in_passing_is_hardly_a_reason() -> None:
    heard = scale(0)
    heard[9] = melody(6)[0]
    assert key_lean(heard)[9, 6] < -1.0


def test_what_has_a_chord_belongs_and_what_is_unknown_takes_its_key_from_around() -> None:
    heard = np.concatenate([scale(0), np.zeros((16, 12))])
    chords = np.zeros((48, 12))
    chords[40, [4, 8, 11]] = 1.0
    lean = key_lean(heard, chords)
    assert lean[40, 8] == pytest.approx(0.0)
    assert lean[41, 8] < -2.0


def test_where_nothing_is_heard_nothing_leans() -> None:
    assert not key_lean(np.zeros((8, 12))).any()
    assert likeliest_key(np.zeros((8, 12)), 3) is None
