import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.vocabulary import (
    DRUM_MAPS,
    DRUM_PITCH,
    DRUM_TOKENS,
    FIRST_ONSET,
    GENERAL_MIDI_DRUMS,
    HIGHEST_PITCH,
    LOWEST_PITCH,
    MASK,
    PITCHED_TOKENS,
    SIZES,
    THESIS_DRUMS,
    TRIO,
    Drum,
    Track,
    drum_token,
    drums_of,
    fold,
    onset_token,
    pitch_of,
)


@given(st.integers(LOWEST_PITCH, HIGHEST_PITCH))
def test_a_pitch_comes_back_from_its_token(pitch: int) -> None:
    assert FIRST_ONSET <= onset_token(pitch) < PITCHED_TOKENS
    assert pitch_of(onset_token(pitch)) == pitch


@given(st.sets(st.sampled_from(list(Drum))))
def test_drums_come_back_from_their_token(drums: set[Drum]) -> None:
    assert set(drums_of(drum_token(drums))) == drums


@given(st.integers(0, DRUM_TOKENS - 1))
def test_a_drum_token_comes_back_from_its_drums(token: int) -> None:
    assert drum_token(drums_of(token)) == token


@given(st.integers(-200, 300))
def test_folding_keeps_the_pitch_class_and_what_fits(pitch: int) -> None:
    folded = fold(pitch)
    assert LOWEST_PITCH <= folded <= HIGHEST_PITCH
    assert (folded - pitch) % 12 == 0
    if LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
        assert folded == pitch
    else:
        assert abs(folded - pitch) - 12 < abs(pitch - min(max(pitch, LOWEST_PITCH), HIGHEST_PITCH))


@pytest.mark.parametrize("pitch", [LOWEST_PITCH - 1, HIGHEST_PITCH + 1])
def test_a_pitch_out_of_range_is_named_with_the_range(pitch: int) -> None:
    with pytest.raises(ValueError, match=rf"{pitch} is outside 21\.\.108"):
        onset_token(pitch)


@pytest.mark.parametrize("token", [0, 1, PITCHED_TOKENS])
def test_hold_off_and_mask_have_no_pitch(token: int) -> None:
    with pytest.raises(ValueError, match="no onset"):
        pitch_of(token)


@pytest.mark.parametrize("token", [-1, DRUM_TOKENS])
def test_a_drum_token_out_of_range_has_no_drums(token: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.511"):
        drums_of(token)


def test_the_language_is_that_of_the_thesis() -> None:
    # 4.2: hold, off and pitches 21 to 108; 2^9 drum patterns; one mask event a track
    assert SIZES == (90, 90, 512)
    assert MASK == (90, 90, 512)
    assert TRIO == (Track.MELODY, Track.BASS, Track.DRUMS)
    assert (onset_token(21), onset_token(108)) == (2, 89)
    assert drum_token([Drum.KICK, Drum.CLOSED_HI_HAT]) == 0b101


@pytest.mark.parametrize("name", DRUM_MAPS)
def test_every_map_plays_every_drum(name: str) -> None:
    drums = DRUM_MAPS[name]
    assert set(drums.values()) == set(Drum)
    assert all(0 <= pitch <= 127 for pitch in drums)


@pytest.mark.parametrize("name", ["general-midi", "thesis"])
def test_a_drum_written_out_is_read_back_as_itself(name: str) -> None:
    assert [DRUM_MAPS[name][pitch] for pitch in DRUM_PITCH] == list(Drum)


def test_general_midi_is_mapped_whole_and_as_the_thesis_where_that_speaks() -> None:
    assert set(range(27, 88)) <= set(GENERAL_MIDI_DRUMS)
    assert THESIS_DRUMS.items() <= GENERAL_MIDI_DRUMS.items()
    assert GENERAL_MIDI_DRUMS[35] is Drum.KICK
    assert 35 not in THESIS_DRUMS
