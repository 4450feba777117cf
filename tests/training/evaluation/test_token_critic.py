import numpy as np
import pytest
import torch

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO, Track
from schmubert.training.evaluation.token_critic import (
    TokenCritic,
    _transposed,
    scores_by_tokens,
)
from schmubert.training.metrics.two_sample import area_under_curve
from tests.training.small_corpus import song


@pytest.fixture(scope="module")
def songs() -> Tokens:
    return np.stack([song(number, 8).tokens for number in range(40)])


def test_it_learns_that_bars_come_again(songs: Tokens) -> None:
    looped = np.tile(songs[:20, :16], (1, 8, 1))
    pieces = np.concatenate([looped, songs[20:]])
    made = np.repeat([1, 0], 20)
    scores = scores_by_tokens(pieces, made, seed=0)
    learnt, judged = np.arange(0, 40, 2), np.arange(1, 40, 2)
    found = scores(learnt, judged)
    assert area_under_curve(found, made[judged]) > 0.9
    again = scores(learnt, judged)
    assert (again == found).all()  # by its seed, whatever else is drawn


@pytest.mark.parametrize("tracks", [TRIO, TRIO[:1], (Track.BASS, Track.DRUMS)])
def test_it_takes_any_tracks_and_bars_of_any_length(tracks: tuple[Track, ...]) -> None:
    critic = TokenCritic(tracks, bar_steps=24, beat_steps=6)
    unknown = torch.tensor([MASK[track] for track in tracks]).expand(3, 48, -1)
    assert critic(unknown).shape == (3,)


def test_a_transposition_moves_onsets_alone_and_stays_in_range() -> None:
    torch.manual_seed(0)
    grids = torch.from_numpy(np.stack([song(1).tokens] * 4))
    grids[:, 0, Track.BASS] = SIZES[Track.BASS] - 1
    moved = _transposed(grids, TRIO)
    assert (moved[..., Track.DRUMS] == grids[..., Track.DRUMS]).all()
    assert ((moved <= 1) == (grids <= 1))[..., : Track.DRUMS].all()
    assert (moved[..., : Track.DRUMS] < SIZES[Track.BASS]).all()
    assert (moved != grids).any()


def test_beliefs_that_are_sure_are_judged_as_tokens_and_have_a_gradient(songs: Tokens) -> None:
    critic = TokenCritic(TRIO, bar_steps=16, beat_steps=4).eval()
    tokens = torch.from_numpy(songs[:3])
    beliefs = [
        torch.nn.functional.one_hot(tokens[..., track], SIZES[track]).float().requires_grad_()
        for track in TRIO
    ]
    found = critic.of_beliefs(beliefs)
    torch.testing.assert_close(found, critic(tokens))
    found.sum().backward()
    assert all(of_track.grad is not None and of_track.grad.abs().sum() > 0 for of_track in beliefs)
