"""Roots and keys in sharps or flats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.chart import chart_beats, chart_names, chart_words, key_named
from schmubert.engine.music.chord_names import FIRST_CHORD, SUFFIXES, chord_name
from schmubert.engine.music.pitches import pitch_named
from schmubert.engine.music.spelling import MAJOR, both_keys, root_name
from schmubert.engine.music.vocabulary import CHORD_TOKENS

CHORDS = st.integers(FIRST_CHORD, CHORD_TOKENS - 1)
TONICS = st.none() | st.integers(0, 11)

SCALES = """\
C D E F G A B
Db Eb F Gb Ab Bb C
D E F# G A B C#
Eb F G Ab Bb C D
E F# G# A B C# D#
F G A Bb C D E
Gb Ab Bb Cb Db Eb F
G A B C D E F#
Ab Bb C Db Eb F G
A B C# D E F# G#
Bb C D Eb F G A
B C# D# E F# G# A#"""


@pytest.mark.parametrize(("tonic", "scale"), [*enumerate(SCALES.splitlines())])
def test_a_key_writes_each_letter_once(tonic: int, scale: str) -> None:
    names = [
        root_name((tonic + step) % 12, minor, tonic) for minor in (False, True) for step in MAJOR
    ]
    assert names == 2 * scale.split()


def test_without_a_key_roots_are_as_they_are_mostly_written() -> None:
    assert " ".join(map(root_name, range(12))) == "C C# D Eb E F F# G Ab A Bb B"
    minor = " ".join(f"{root_name(root, True)}m" for root in range(12))
    assert minor == "Cm C#m Dm Ebm Em Fm F#m Gm G#m Am Bbm Bm"


def test_what_a_key_with_sharps_borrows_has_its_usual_name() -> None:
    g, flat_seventh = 7, 10
    assert root_name(flat_seventh, False, g) == "Bb"
    assert root_name(flat_seventh, False, 0) == "Bb"
    assert root_name(1, False, 5) == "Db"  # a key with flats has flats alone


def test_a_key_has_two_names() -> None:
    assert [both_keys(tonic) for tonic in range(12)] == [
        "C or Am",
        "Db or Bbm",
        "D or Bm",
        "Eb or Cm",
        "E or C#m",
        "F or Dm",
        "Gb or Ebm",
        "G or Em",
        "Ab or Fm",
        "A or F#m",
        "Bb or Gm",
        "B or G#m",
    ]
    for tonic in range(12):
        assert {key_named(name) for name in both_keys(tonic).split(" or ")} == {tonic}


@given(CHORDS, TONICS)
def test_each_chord_is_read_back_in_every_key(token: int, tonic: int | None) -> None:
    assert chart_beats(chord_name(token, tonic)) == chart_beats(chord_name(token))


def test_a_chord_has_the_root_of_its_quality() -> None:
    names = [chord_name(FIRST_CHORD + 8 * len(SUFFIXES) + quality) for quality in range(7)]
    assert names == ["Ab", "G#m", "Ab7", "Abmaj7", "G#m7", "G#dim", "Absus4"]


def test_signs_may_be_those_of_printed_music() -> None:
    assert chart_beats("B♭m7♭5 F♯m/C♯ G7♯9") == chart_beats("Bbm7b5 F#m/C# G7#9")
    assert (key_named("B♭m"), key_named("f♯ minor")) == (key_named("Bbm"), key_named("F#m"))
    assert pitch_named("B♭2") == pitch_named("Bb2") == pitch_named("A#2")


def test_a_chart_keeps_the_names_that_its_player_wrote() -> None:
    text = "A#m,Bbm D# % - E♭7,N.C."
    assert chart_words(chart_names(text)) == "A#m,Bbm D# % - E♭7,-"
