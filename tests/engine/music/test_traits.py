"""Traits: what they say of a window, and what they do not."""

import numpy as np
import pytest

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.plans import form_columns, may_repeat
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait, part_of, trait_column, traits_of
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND,
    BAND_MASK,
    FIRST_ONSET,
    HOLD,
    LEVELS,
    NEW,
    OFF,
    TRAIT_COUNT,
    TRAIT_TOKENS,
    TRIO,
    Track,
    drum_token,
    onset_token,
)

METERS = [COMMON, Meter(3, 4), Meter(4, 6), Meter(7, 6)]


def band(meter: Meter, bars: int = 4, seed: int = 0) -> Tokens:
    """Windows [8, steps, 9] in which all parts play at random."""
    rng = np.random.default_rng(seed)
    steps = bars * meter.steps
    tokens = np.full((8, steps, len(BAND)), HOLD)
    for track in TRIO:
        hits = rng.random((8, steps)) < 0.4
        tokens[..., track] = np.where(hits, rng.integers(2, 60, (8, steps)), HOLD)
    tokens[..., Track.COMPING] = np.where(rng.random((8, steps)) < 0.5, FIRST_ONSET, HOLD)
    tokens[:, :: meter.cells, Track.CHORDS] = 20
    return tokens


def test_there_are_as_many_as_the_column_has_cells_for() -> None:
    assert len(Trait) == TRAIT_COUNT
    assert TRAIT_TOKENS == 1 + LEVELS == UNKNOWN_TRAIT
    assert {part_of(trait) for trait in Trait} == {
        Track.MELODY, Track.BASS, Track.DRUMS, Track.COMPING, Track.CHORDS
    }  # fmt: skip


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_all_have_a_level_where_all_parts_play(meter: Meter) -> None:
    levels = traits_of(band(meter), meter)
    snares = levels[:, Trait.BACKBEAT]
    assert levels.shape == (8, TRAIT_COUNT)
    assert ((levels >= 1) & (levels <= LEVELS) | (levels == UNKNOWN_TRAIT)).all()
    assert (np.delete(levels, Trait.BACKBEAT, axis=1) != UNKNOWN_TRAIT).all(), snares


@pytest.mark.parametrize("track", [*TRIO, Track.COMPING], ids=lambda track: track.name)
@pytest.mark.parametrize("unknown", [True, False], ids=["masked", "silent"])
def test_a_part_that_is_masked_or_silent_has_none(track: Track, unknown: bool) -> None:
    tokens = band(COMMON)
    before = traits_of(tokens, COMMON)
    if unknown:
        tokens[:, 5, track] = BAND_MASK[track]
    else:
        tokens[..., track] = HOLD
    after = traits_of(tokens, COMMON)
    mine = np.array([part_of(trait) is track for trait in Trait])
    assert (after[:, mine] == UNKNOWN_TRAIT).all()
    np.testing.assert_array_equal(after[:, ~mine], before[:, ~mine])


def test_a_rock_beat_has_its_backbeat_and_a_walking_bass_moves() -> None:
    tokens = np.full((1, 64, len(BAND)), HOLD)
    for step in range(0, 64, 4):
        of_bar = step // 4 % 4
        tokens[0, step, Track.DRUMS] = drum_token([2, 0 if of_bar % 2 == 0 else 1])
        tokens[0, step, Track.BASS] = onset_token(36 + step // 4 % 5)
    tokens[0, 60, Track.BASS] = OFF
    levels = traits_of(tokens, COMMON)[0]
    assert levels[Trait.BACKBEAT] == levels[Trait.BASS_MOVEMENT] == LEVELS
    assert levels[Trait.BASS_OFFBEAT] == 1
    assert levels[Trait.CYMBAL] == 2
    assert levels[Trait.DRUMS_STEADINESS] == 4  # three of four bars are the one before


def test_a_column_has_the_levels_in_its_first_cells() -> None:
    levels = traits_of(band(COMMON), COMMON)
    column = trait_column(levels, 64)
    np.testing.assert_array_equal(column[:, :TRAIT_COUNT], levels)
    assert (column[:, TRAIT_COUNT:] == HOLD).all()
    assert trait_column(levels, 8).shape == (8, 8)


@pytest.mark.parametrize("seed", range(4))
def test_what_forms_say_may_be(seed: int) -> None:
    """A form of real bars is never ruled out by those before it, whatever of them is known."""
    rng = np.random.default_rng(seed)
    bars = rng.integers(3, size=(16, 24))
    tokens = np.full((16, 24, 16, 3), HOLD)
    tokens[:, :, 0, Track.DRUMS] = bars
    forms = form_columns(tokens.reshape(16, -1, 3), COMMON)[:, ::16, Track.DRUMS]
    seen = np.where(rng.random(forms.shape) < rng.random(), BAND_MASK[Track.DRUMS_FORM], forms)
    possible = may_repeat(seen)
    for k in range(len(AGAIN)):
        assert possible[..., k][forms == NEW + 1 + k].all()
    assert not may_repeat(forms)[:, 0].any(), "nothing stands before the first bar"
