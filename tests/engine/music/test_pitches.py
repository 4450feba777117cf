"""Names of pitches."""

import pytest

from schmubert.engine.music.pitches import name_of, pitch_named


def test_every_pitch_has_a_name_that_means_it() -> None:
    assert [pitch_named(name_of(pitch)) for pitch in range(128)] == list(range(128))
    assert (pitch_named("C4"), pitch_named("Bb2"), pitch_named("f#-1")) == (60, 46, 6)


@pytest.mark.parametrize("name", ["", "H3", "C", "C44", "Cb-1", "A9", "C##4"])
def test_what_is_no_note(name: str) -> None:
    with pytest.raises(ValueError, match=r"is no note|is outside of MIDI"):
        pitch_named(name)
