"""Names of pitches."""

import pytest

from schmubert.engine.music.pitches import bass_register, name_of, pitch_named


def test_every_pitch_has_a_name_that_means_it() -> None:
    assert [pitch_named(name_of(pitch)) for pitch in range(128)] == list(range(128))
    assert (pitch_named("C4"), pitch_named("Bb2"), pitch_named("f#-1")) == (60, 46, 6)


@pytest.mark.parametrize("name", ["", "H3", "C", "C44", "Cb-1", "A9", "C##4"])
def test_what_is_no_note(name: str) -> None:
    with pytest.raises(ValueError, match=r"is no note|is outside of MIDI"):
        pitch_named(name)


def test_a_bass_has_its_strings_its_own_notes_and_what_is_said() -> None:
    assert bass_register() == range(28, 56)
    assert bass_register(own=[23, 40]) == range(23, 56)
    assert bass_register(own=[60]) == range(28, 61)
    assert bass_register(30, 40, own=[23, 60]) == range(30, 41)


def test_what_is_said_of_a_bass_leaves_an_octave() -> None:
    assert bass_register(lowest=50) == range(50, 63)
    assert bass_register(highest=30) == range(21, 31)
    assert bass_register(lowest=108) == range(108, 109)
    assert not bass_register(40, 30)
