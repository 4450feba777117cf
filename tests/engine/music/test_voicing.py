"""Voicings: which pitches a hand strikes, and how little it moves."""

from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.chords import CHORD_TOKENS, FIRST_CHORD, Chord, Quality, chord_of
from schmubert.engine.music.voicing import (
    AROUND,
    HIGHEST,
    LOWEST,
    MIDDLE,
    close_positions,
    moved,
    voiced,
)

CHORDS = st.integers(FIRST_CHORD, CHORD_TOKENS - 1).map(chord_of)


@given(st.lists(CHORDS, min_size=1, max_size=12), st.booleans())
def test_a_voicing_is_close_in_range_and_of_its_chord(chords: list[Chord], rootless: bool) -> None:
    before: tuple[int, ...] = ()
    for chord in chords:
        voices = voiced(chord, before, rootless)
        assert 3 <= len(voices) <= 4
        assert list(voices) == sorted(set(voices))
        assert LOWEST <= voices[0] < voices[-1] <= HIGHEST
        assert voices[-1] - voices[0] < 12
        assert abs(sum(voices) / len(voices) - MIDDLE) <= AROUND
        classes = {voice % 12 for voice in voices}
        assert chord.pitch_classes - classes <= ({chord.root} if rootless else set())
        assert classes <= chord.pitch_classes
        others = close_positions(chord, rootless)
        assert moved(before, voices) == min(moved(before, one) for one in others)
        before = voices


@given(CHORDS)
def test_a_chord_that_comes_again_does_not_move(chord: Chord) -> None:
    voices = voiced(chord)
    assert voiced(chord, voices) == voices


def test_what_a_player_would_strike() -> None:
    c = voiced(Chord(0, Quality.MAJOR))
    assert {voice % 12 for voice in c} == {0, 4, 7}
    assert moved(c, voiced(Chord(9, Quality.MINOR), c)) == 2, "from C to Am one finger moves"
    seventh = voiced(Chord(7, Quality.SEVENTH), c)
    assert {voice % 12 for voice in seventh} == {11, 2, 5}, "its root is the bass's"
    alone = voiced(Chord(7, Quality.SEVENTH), c, rootless=False)
    assert {voice % 12 for voice in alone} == {7, 11, 2, 5}
    assert {voice % 12 for voice in voiced(Chord(2, Quality.SUSPENDED))} == {2, 7, 9}
    assert {voice % 12 for voice in voiced(Chord(11, Quality.DIMINISHED))} == {11, 2, 5}
