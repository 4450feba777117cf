"""What the band played over chords that turned out to be others."""

import numpy as np
import pytest
from numpy.typing import NDArray

from schmubert.engine.diffusion.hindsight import mistaken, without_mistakes
from schmubert.engine.diffusion.inferring import with_harmony
from schmubert.engine.diffusion.layout import laid_out
from schmubert.engine.music.chords import FIRST_CHORD, UNKNOWN_ROOT, Quality
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_MASK,
    BAND_SIZES,
    CHORD_TOKENS,
    FORMS,
    MASK,
    TRIO,
    Track,
)

C, A_MINOR = FIRST_CHORD, FIRST_CHORD + 9 * len(Quality) + Quality.MINOR


def shares(*beats: dict[int, float]) -> NDArray[np.float64]:
    """How likely chords sound [1, beats, events]."""
    found = np.zeros((1, len(beats), CHORD_TOKENS))
    for beat, of_beat in enumerate(beats):
        for token, share in of_beat.items():
            found[0, beat, token] = share
    return found


def test_a_root_that_is_less_likely_than_by_chance_is_a_mistake() -> None:
    heard = shares({C: 0.9, A_MINOR: 0.1}, {C: 0.95, A_MINOR: 0.05}, {C: 0.02, C + 2: 0.1, 0: 0.88})
    assert mistaken(heard, np.full((1, 3), 9)).tolist() == [[False, True, True]]
    assert not mistaken(heard, np.zeros((1, 3), int)).any(), "of what is a chord all is C"
    assert not mistaken(heard, np.full((1, 3), UNKNOWN_ROOT)).any()


def test_only_what_the_band_played_by_pitch_is_hidden() -> None:
    tokens = np.zeros((1, 64, len(BAND)), np.int64)
    tokens[..., [Track.MELODY, Track.BASS, Track.DRUMS]] = 30
    for form in FORMS:
        tokens[:, ::16, form] = 2
    notes = np.zeros(tokens.shape, bool)
    notes[:, 40:, [Track.BASS, Track.DRUMS]] = True
    mistakes = np.zeros((1, 16), bool)
    mistakes[0, [1, 8]] = True
    found = without_mistakes(tokens, notes, mistakes, BAND, COMMON)
    hidden = np.zeros(64, bool)
    hidden[4:8] = hidden[32:36] = True
    expected = np.where(hidden, BAND_MASK[Track.BASS], 30)
    np.testing.assert_array_equal(found[0, :, Track.BASS], expected)
    unknown = BAND_MASK[Track.BASS_FORM]
    assert found[0, ::16, Track.BASS_FORM].tolist() == [unknown, 2, 2, 2], "bar 3 has begun"
    others = [column for column in BAND if column not in (Track.BASS, Track.BASS_FORM)]
    np.testing.assert_array_equal(found[..., others], tokens[..., others])


@pytest.mark.parametrize(("root", "knows"), [(7, True), (2, False), (UNKNOWN_ROOT, True)])
def test_the_call_that_infers_the_harmony_finds_mistakes(root: int, knows: bool) -> None:
    tokens = np.zeros((1, 64, 3), np.int64)
    targets = np.zeros(tokens.shape, bool)
    targets[:, 32:, Track.BASS] = True
    tokens = np.where(targets, np.asarray(MASK), tokens)
    layout = laid_out(tokens, targets, TRIO, BAND[len(TRIO) :], COMMON, on_stage=True)
    logits = [np.zeros((1, 64, size), np.float32) for size in BAND_SIZES]
    logits[Track.CHORDS][..., FIRST_CHORD + 7 * len(Quality)] = 12.0
    told, _ = with_harmony(layout, BAND, COMMON, logits, np.full((1, 16), root))
    unknown = told[0, :32, Track.BASS] == BAND_MASK[Track.BASS]
    assert unknown.all() != knows
    assert unknown.any() != knows
