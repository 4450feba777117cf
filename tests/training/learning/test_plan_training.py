"""Networks of plans learn by themselves."""

import numpy as np

from schmubert.engine.music.vocabulary import Track
from schmubert.training.learning.plan_training import (
    SCATTERED,
    WITHOUT,
    asked_forms,
    asked_traits,
    hidden_for_chords,
)


def test_forms_are_unknown_as_when_they_are_drawn() -> None:
    asked = asked_forms((4000, 16), np.random.default_rng(0))
    bass, drums = asked[..., Track.BASS], asked[..., Track.DRUMS]
    in_order = (np.maximum.accumulate(bass, axis=1) == bass).all(axis=1)
    together = in_order & (bass == drums).all(axis=1)
    assert together.mean() > 1 - SCATTERED - 2 * WITHOUT
    heard = ~asked[..., Track.MELODY].any(axis=1)
    assert 0.3 < heard.mean() < 0.6
    assert (bass.any(axis=1) | drums.any(axis=1)).mean() > 0.95
    assert bass.all(axis=1).mean() > WITHOUT


def test_traits_are_unknown_as_when_they_are_drawn() -> None:
    asked = asked_traits(4000, np.random.default_rng(0))
    in_order = (np.maximum.accumulate(asked, axis=1) == asked).all(axis=1)
    assert 0.4 < in_order.mean() < 0.7
    assert asked.any(axis=1).mean() > 0.9
    assert asked.all(axis=1).mean() < 0.1


def test_chords_are_unknown_as_when_they_are_drawn_or_inferred() -> None:
    hidden = hidden_for_chords((4000, 32), np.random.default_rng(0))
    melody, bass = hidden[..., Track.MELODY], hidden[..., Track.BASS]
    chords = hidden[..., Track.CHORDS]
    assert hidden[..., [Track.DRUMS, Track.COMPING]].all()
    assert chords.any(axis=1).mean() > 0.95
    in_order = (np.maximum.accumulate(chords, axis=1) == chords).all(axis=1)
    assert in_order.mean() > 1 - SCATTERED
    drawn = ~melody.any(axis=1) & bass.all(axis=1) & in_order
    assert 0.3 < drawn.mean() < 0.5
    on_stage = in_order & (melody == chords).all(axis=1) & melody.any(axis=1)
    assert on_stage.mean() > 0.05
    inferred = chords.all(axis=1) & melody.any(axis=1) & ~melody.all(axis=1)
    assert inferred.mean() > 0.03
