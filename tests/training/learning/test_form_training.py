"""The network of forms learns by itself."""

import numpy as np

from schmubert.engine.music.vocabulary import Track
from schmubert.training.learning.form_training import SCATTERED, WITHOUT, asked_forms


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
