"""How many cells a call draws: an even share of what is in doubt."""

import numpy as np

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.doubt import entropies, in_doubt
from schmubert.engine.diffusion.unmasking import TokenSampler, run_sampler
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO, Track

SURE = 1e4
STEPS = 32


class HalfSure:
    """Sure that nothing happens in the second half; in the first anything may."""

    tracks = TRIO

    def __init__(self) -> None:
        self.shown: list[Tokens] = []

    def __call__(self, tokens: Tokens) -> Logits:
        self.shown.append(tokens.copy())
        logits = [np.zeros((*tokens.shape[:2], SIZES[track]), np.float32) for track in TRIO]
        for of_track in logits:
            of_track[:, STEPS // 2 :, 0] = SURE
        return logits


def filled(calls: int) -> list[int]:
    """How many cells of a bass are still masked at each call."""
    tokens = np.zeros((1, STEPS, 3), np.int64)
    tokens[..., Track.BASS] = MASK[Track.BASS]
    targets = np.zeros(tokens.shape, bool)
    targets[..., Track.BASS] = True
    ranks = np.broadcast_to(np.arange(STEPS)[:, None], tokens.shape)
    model = HalfSure()
    made = run_sampler(model, in_doubt(tokens, targets, ranks, calls, sampler()))
    assert (made[..., Track.BASS] < MASK[Track.BASS]).all()
    return [int((one == np.asarray(MASK)).sum()) for one in model.shown]


def sampler() -> TokenSampler:
    return TokenSampler(np.random.default_rng(0))


def test_calls_share_the_doubt_and_not_the_cells() -> None:
    assert filled(4) == [32, 28, 24, 20]  # the last takes the sure half too


def test_with_a_call_for_every_cell_in_doubt_each_is_drawn_by_itself() -> None:
    assert filled(16) == list(range(32, 16, -1))


def test_nothing_in_doubt_takes_one_call() -> None:
    assert len(filled(1000)) == 17


def test_the_entropy_of_a_cell_is_in_nats() -> None:
    cells = np.ones((1, STEPS, 3), bool)
    found = entropies(HalfSure()(np.zeros((1, STEPS, 3), np.int64)), cells)
    np.testing.assert_allclose(found[0, 0], np.log(SIZES))
    assert (found[0, -1] == 0).all()
    logits = [np.full((1, STEPS, size), -np.inf, np.float32) for size in SIZES]
    for of_track in logits:
        of_track[..., 1] = 0.0
    assert (entropies(logits, cells) == 0).all()
