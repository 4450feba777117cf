"""Networks of plans learn by themselves."""

import numpy as np

from schmubert.engine.music.vocabulary import Track
from schmubert.training.learning.plan_training import (
    SCATTERED,
    WITHOUT,
    asked_forms,
    asked_traits,
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
