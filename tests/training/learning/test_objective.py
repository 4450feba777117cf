"""What is shown to a network that undoes a corruption without masks, and what it is asked."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from schmubert.engine.denoiser import MASKING  # noqa: E402
from schmubert.engine.diffusion.corruption import KERNELS, STEPS_T  # noqa: E402
from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO, Track  # noqa: E402
from schmubert.training.learning.objective import Denoising, Unmasking, objective_of  # noqa: E402
from schmubert.training.learning.settings import TrainSettings  # noqa: E402

WITHOUT_MASKS = sorted(set(KERNELS) - {MASKING})
CPU = torch.device("cpu")


def music(pieces: int, steps: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Random tokens, and which tracks they have: the first piece has a melody alone."""
    tokens = np.random.default_rng(0).integers(np.asarray(SIZES), size=(pieces, steps, 3))
    present = np.ones((pieces, 3), bool)
    present[0, 1:] = False
    tokens[0, :, 1:] = np.asarray(MASK)[1:]
    return tokens, present


def says(logits: Sequence[torch.Tensor]) -> torch.nn.Module:
    """A network that says `logits` whatever it is shown."""

    class Network(torch.nn.Module):
        def forward(self, _: torch.Tensor) -> list[torch.Tensor]:
            return list(logits)

    return Network()


def test_the_corruption_of_the_settings_is_what_is_undone() -> None:
    assert isinstance(objective_of(TrainSettings("live"), TRIO), Unmasking)
    for name in WITHOUT_MASKS:
        objective = objective_of(TrainSettings("live", corruption=name), TRIO)
        assert isinstance(objective, Denoising)
        assert len(objective.corruptions) == 3


@pytest.mark.parametrize("name", WITHOUT_MASKS)
def test_a_network_is_shown_events_and_masks_where_a_piece_has_no_such_track(name: str) -> None:
    tokens, present = music(64)
    objective = Denoising(TrainSettings("live", corruption=name), TRIO)
    batch = objective.batch(tokens, present, np.random.default_rng(1))
    np.testing.assert_array_equal(
        batch.noisy == np.asarray(MASK), ~present[:, None, :] | np.zeros_like(tokens, bool)
    )
    assert ((batch.noisy >= 0) & (batch.noisy <= np.asarray(MASK))).all()
    assert batch.t.min() >= 1
    assert batch.t.max() <= STEPS_T
    np.testing.assert_allclose(np.sort(batch.t), STEPS_T * (np.arange(64) + 0.5) / 64, atol=17)
    # the later, the less is left; and the caller's tokens stay as they were
    left = (batch.noisy == tokens).mean(axis=(1, 2))
    early, late = left[(batch.t < 200) & present.all(axis=1)], left[batch.t > 824]
    assert early.min() > 0.7
    assert late[1:].max() < 0.4
    np.testing.assert_array_equal(tokens, music(64)[0])
    again = objective.batch(tokens, present, np.random.default_rng(1))
    np.testing.assert_array_equal(batch.noisy, again.noisy)


def test_the_loss_is_the_bound_and_lambda_times_the_cross_entropy() -> None:
    """Equation 3.56; a track that is not there counts nowhere."""
    tokens, present = music(8)
    losses = []
    logits = [torch.zeros(8, 64, events) for events in SIZES]
    logits[Track.BASS][0] = logits[Track.DRUMS][0] = math.nan
    for weight in (0.0, 1.0, 2.0):
        settings = TrainSettings("live", corruption="uniform", auxiliary=weight)
        objective = Denoising(settings, TRIO)
        batch = objective.batch(tokens, present, np.random.default_rng(2))
        losses.append(float(objective.cost(says(logits), batch, CPU).loss))
    of_events = 8 * math.log2(90) + 7 * math.log2(90) + 7 * math.log2(512)
    assert losses[1] - losses[0] == pytest.approx(of_events / 22, abs=1e-4)
    assert losses[2] - losses[1] == pytest.approx(of_events / 22, abs=1e-4)
    assert losses[0] > 0.0


@pytest.mark.parametrize("name", WITHOUT_MASKS)
def test_who_knows_the_music_needs_nothing(name: str) -> None:
    tokens, present = music(8)
    objective = Denoising(TrainSettings("live", corruption=name), TRIO)
    batch = objective.batch(tokens, present, np.random.default_rng(3))
    logits = [
        60.0 * torch.nn.functional.one_hot(torch.from_numpy(tokens[..., k] % SIZES[k]), SIZES[k])
        for k in range(3)
    ]
    assert abs(float(objective.cost(says(logits), batch, CPU).loss)) < 1e-6
