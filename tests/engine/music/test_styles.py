"""Styles: their grooves are what they say, in any metre and on any chord, and songs have one."""

import numpy as np
import pytest

from schmubert.engine.music.chords import Chord, Quality
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Score
from schmubert.engine.music.style_names import STYLES, style_called
from schmubert.engine.music.styles import (
    EXAMPLE_BARS,
    LEFT_OPEN,
    manner_of,
    style_named,
    styles,
    traits_bytes,
)
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait, part_of
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    TRAIT_COUNT,
    Drum,
    Track,
    onset_token,
    pitch_of,
)

METERS = [COMMON, Meter(3, 4), Meter(4, 6), Meter(2, 6), Meter(7, 4)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", STYLES)
def test_grooves_are_two_bars_of_signs_each(name: str) -> None:
    style = styles()[name]
    for groove in style.grooves:
        assert set(groove) - {"bass"} <= {drum.name.lower() for drum in Drum}
        for part, line in groove.items():
            assert [len(bar) for bar in line.split("|")] == [style.beats * style.cells] * 2
            assert set(line) <= set("12345678-.|" if part == "bass" else "x.|")


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize("name", STYLES)
def test_an_example_is_bass_and_drums_of_any_metre(name: str, meter: Meter) -> None:
    example, traits, chord = style_named(name).manner(meter, Chord(9, Quality.MINOR), rng())
    assert (example.bars, example.meter, chord) == (EXAMPLE_BARS, meter, Chord(9, Quality.MINOR))
    assert (example.tokens[:, Track.MELODY] == MASK[Track.MELODY]).all()
    assert (example.tokens[:, Track.DRUMS] > HOLD).any()
    assert (traits[list(LEFT_OPEN)] == UNKNOWN_TRAIT).all()
    told = [trait for trait in Trait if traits[trait] != UNKNOWN_TRAIT]
    assert {part_of(trait) for trait in told} == {Track.BASS, Track.DRUMS}
    assert len(traits_bytes(traits)) == TRAIT_COUNT


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize("root", range(12))
def test_a_rock_bass_is_in_its_chord(root: int, quality: Quality) -> None:
    chord = Chord(root, quality)
    tokens = style_named("rock").manner(COMMON, chord, rng()).example.tokens[:, Track.BASS]
    pitches = [pitch_of(token) for token in tokens if token >= FIRST_ONSET]
    assert {pitch % 12 for pitch in pitches} <= chord.pitch_classes
    assert pitches[0] % 12 == root
    assert min(pitches) >= 28


def test_in_its_own_metre_a_groove_stands_as_written() -> None:
    style = style_named("techno")
    tokens = style.manner(COMMON, Chord(0, Quality.MAJOR), rng()).example.tokens
    kicks = np.flatnonzero(tokens[:, Track.DRUMS] & 1 << Drum.KICK)
    np.testing.assert_array_equal(kicks, np.arange(0, 64, 4))


def test_names_are_read_as_players_write_them() -> None:
    assert style_named("Hip Hop") is styles()["hip-hop"]
    with pytest.raises(ValueError, match='no style "polka": there are rock, ballad'):
        style_called("polka")


def song(key: int = 0) -> Score:
    """Sixteen bars: four of an intro without drums, then a groove in the major key of `key`."""
    tokens = np.zeros((16 * 16, 3), np.int64)
    for step in range(0, 256, 2):
        scale = (0, 2, 4, 5, 7, 9, 11, 12)
        tokens[step, Track.MELODY] = onset_token(60 + key + scale[step // 2 % 8])
    for bar in range(4, 16):
        tokens[bar * 16, Track.DRUMS] = 1
        tokens[bar * 16 + 4, Track.DRUMS] = 2
        tokens[bar * 16, Track.BASS] = onset_token(36 + key)
        tokens[bar * 16 + 8, Track.BASS] = OFF
    return Score(tokens)


def test_the_style_of_a_song_is_its_groove_in_the_players_key() -> None:
    found = manner_of(song(), tonic=5)
    bass = found.example.tokens[:, Track.BASS]
    assert {pitch_of(token) % 12 for token in bass if token >= FIRST_ONSET} == {5}
    assert (found.example.tokens[::16, Track.DRUMS] == 1).all()
    assert found.chord is None
    untouched = manner_of(song(3)).example.tokens[:, Track.BASS]
    assert {pitch_of(token) for token in untouched if token >= FIRST_ONSET} == {39}


def test_a_song_without_bass_and_drums_has_no_style() -> None:
    tokens = song().tokens.copy()
    tokens[:, [Track.BASS, Track.DRUMS]] = HOLD
    with pytest.raises(ValueError, match="neither bass nor drums"):
        manner_of(Score(tokens))
