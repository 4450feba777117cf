import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.vocabulary import FIRST_ONSET, PITCHED_TOKENS, Track
from schmubert.training.data.batches import transposed


@given(seed=st.integers(0, 2**32), spread=st.integers(0, 87), base=st.integers(2, 89))
def test_transposition_moves_melody_and_bass_together_and_keeps_them_in_range(
    seed: int, spread: int, base: int
) -> None:
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, 2, (4, 32, 3))
    tokens[:, ::4, :2] = rng.integers(base, min(base + spread, 89) + 1, (4, 8, 2))
    tokens[..., Track.DRUMS] = rng.integers(0, 512, (4, 32))
    moved = transposed(tokens, rng)
    onsets = tokens[..., :2] >= FIRST_ONSET
    change = moved[..., :2] - tokens[..., :2]
    assert (moved[..., Track.DRUMS] == tokens[..., Track.DRUMS]).all()
    assert (change[~onsets] == 0).all()
    assert (moved[..., :2] < PITCHED_TOKENS).all()
    assert (moved[..., :2][onsets] >= FIRST_ONSET).all()
    for piece in range(4):
        assert len(np.unique(change[piece][onsets[piece]])) == 1
