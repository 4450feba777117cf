"""Chord symbols: their tones, and the chord of the model that each is nearest to."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.chord_names import FIRST_CHORD, SUFFIXES, chord_name
from schmubert.engine.music.chord_symbols import OFFERED, symbol_named
from schmubert.engine.music.chords import TONES
from schmubert.engine.music.spelling import ACCIDENTALS, LETTERS
from schmubert.engine.music.vocabulary import CHORD_TOKENS

TONES_OF = {
    "C": (0, 4, 7),
    "Cmaj CM": (0, 4, 7),
    "Cm Cmin Cmi C-": (0, 3, 7),
    "C5 C(no3)": (0, 7),
    "C6 Cmaj6 Cadd6": (0, 4, 7, 9),
    "Cm6 C-6": (0, 3, 7, 9),
    "C6/9 C69 C6(9) C(6/9) C6add9": (0, 2, 4, 7, 9),
    "C7": (0, 4, 7, 10),
    "Cmaj7 CMaj7 CMA7 Cma7 CM7 CΔ CΔ7 C∆ C△7 C^7 C(maj7) Cj7 C7M": (0, 4, 7, 11),
    "Cm7 Cmin7 CMI7 C-7": (0, 3, 7, 10),
    "CmMaj7 Cm(maj7) CmM7 C-Δ7 CmΔ Cminmaj7 Cm/maj7 Cm7M": (0, 3, 7, 11),
    "C9 C7add9 C7(9) C7/9": (0, 2, 4, 7, 10),
    "Cmaj9 CΔ9 Cmaj7(9) C7M(9)": (0, 2, 4, 7, 11),
    "Cm9 Cm7(9) Cm7/9": (0, 2, 3, 7, 10),
    "C11 C9sus4 C9sus": (0, 2, 5, 7, 10),
    "Cm11": (0, 2, 3, 5, 7, 10),
    "C13 C7(13) C7/13": (0, 4, 7, 9, 10),
    "C9(13) C7(9,13) C7/9/13": (0, 2, 4, 7, 9, 10),
    "Cm7(11)": (0, 3, 5, 7, 10),
    "Cadd9 C2 Cadd2 C(add9) C(9) C/9": (0, 2, 4, 7),
    "Cdim Co C° Cm(b5)": (0, 3, 6),
    "Cdim7 Co7 C°7 Cº7": (0, 3, 6, 9),
    "Cø Cø7 CØ7 Cm7b5 Cm7-5 C-7b5 Cm7(b5) Cm7♭5": (0, 3, 6, 10),
    "C+ Caug C(#5) C(+5)": (0, 4, 8),
    "C+7 Caug7 C7+ C7#5 C7+5 C7♯5": (0, 4, 8, 10),
    "Csus Csus4 C4": (0, 5, 7),
    "Csus2": (0, 2, 7),
    "C7sus C7sus4": (0, 5, 7, 10),
    "C7b9 C7(b9) C7-9 C7/b9": (0, 1, 4, 7, 10),
    "C7#9 C7(#9) C7+9": (0, 3, 4, 7, 10),
    "C7#11": (0, 4, 6, 7, 10),
    "C7b9#11 C7(b9)(#11) C7(b9,#11) C7(b9/#11)": (0, 1, 4, 6, 7, 10),
    "C7b13": (0, 4, 7, 8, 10),
    "C7alt Calt": (0, 1, 3, 4, 6, 8, 10),
    "C(b5) C-5": (0, 4, 6),
    "Cb": (11, 3, 6),
    "Cb5": (11, 6),
}
NEAREST = {
    "C": "C CM C5 C6 C6/9 C69 Cadd9 C2 C+ Caug C(b5) C/E C6/E C/G Cadd9/D C5/E Csus2/E Csus4/E",
    "Cm": "Cm C- Cm6 CmMaj7 Cm(maj7) CmM7 Cmadd9 Cm/Eb Cm/B C5/Eb",
    "C7": "C7 C9 C13 C7b9 C7#9 C7(b9) C7alt C+7 Caug7 C7#11 C7/E C/Bb",
    "Cmaj7": "CΔ CΔ7 CM7 Cmaj9 Cmaj7#11 Cmaj7/E C/B Em/C G/C",
    "Cm7": "Cm7 C-7 Cm9 Cm11 Cm7#5 Cm7/Bb Cm/Bb Eb/C Eb5/C",
    "Cdim": "Cdim Co7 C°7 Cø Cø7 Cm7b5 Cdim/Gb Ebm/C",
    "Csus4": "Csus4 Csus2 C7sus4 C9sus4 C11 C13sus4 Bb/C Gm7/C",
}
NO_CHORDS = (
    "Xx H7 c Cfoo C7(b9 C7b9) Cm5 C77 C//E C/H C/ Cadd Cno C7b C#b Cm2 CC C/E/G (C) C7b7 C9M C7/7"
)


@pytest.mark.parametrize(("written", "tones"), TONES_OF.items())
def test_a_chord_is_written_in_many_ways(written: str, tones: tuple[int, ...]) -> None:
    for name in written.split():
        symbol = symbol_named(name)
        assert {(symbol.root + step) % 12 for step in symbol.tones} == set(tones), name


@pytest.mark.parametrize(("meant", "written"), NEAREST.items())
def test_third_fifth_and_seventh_say_which_chord_of_the_model_is_nearest(
    meant: str, written: str
) -> None:
    found = {name: chord_name(symbol_named(name).token) for name in written.split()}
    assert found == dict.fromkeys(written.split(), meant)


@given(st.integers(FIRST_CHORD, CHORD_TOKENS - 1))
def test_a_chord_of_the_model_is_itself(token: int) -> None:
    symbol = symbol_named(chord_name(token))
    assert symbol.token == token
    assert sorted(symbol.tones) == [*TONES[(token - FIRST_CHORD) % len(SUFFIXES)]]


@given(
    st.sampled_from("ABCDEFG"),
    st.sampled_from(["", "#", "b"]),
    st.sampled_from([name[1:] for names in TONES_OF for name in names.split()]),
)
def test_what_stands_on_a_root_means_the_same_on_every_root(
    letter: str, sign: str, body: str
) -> None:
    if body[:1] in ("b", "#"):  # Cb5 is the fifth on Cb
        return
    symbol, on_c = symbol_named(letter + sign + body), symbol_named("C" + body)
    moved = (LETTERS[letter] + ACCIDENTALS[sign]) % 12
    assert (symbol.root, symbol.tones) == (moved, on_c.tones)
    assert (symbol.token - on_c.token) % (12 * len(SUFFIXES)) == moved * len(SUFFIXES)


@given(st.text("CFb#m7aj95/()sud+-°øΔ13,. ", min_size=1, max_size=9))
def test_any_word_is_a_chord_or_a_value_error(word: str) -> None:
    symbol = None
    with suppress(ValueError):
        symbol = symbol_named(word)
    if symbol is not None:
        assert {0} <= symbol.tones <= set(range(12))
        assert FIRST_CHORD <= symbol.token < CHORD_TOKENS


@pytest.mark.parametrize("word", NO_CHORDS.split())
def test_what_is_no_chord_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no chord known here: write"):
        symbol_named(word)


def test_what_the_page_offers_can_be_read() -> None:
    for body in OFFERED:
        symbol_named(f"F#{body}")
