import math

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from schmubert.training.learning.loss import (  # noqa: E402
    LOSSES,
    elbo,
    masked_cross_entropy,
    plain,
    reweighted_elbo,
)
from schmubert.training.learning.settings import WEIGHTINGS  # noqa: E402
from schmubert.training.metrics.bits import figures  # noqa: E402


def _all_of(shape: tuple[int, ...]) -> "torch.Tensor":
    return torch.ones(shape, dtype=torch.bool)


def test_a_network_that_knows_nothing_needs_the_whole_vocabulary_in_bits() -> None:
    masked = _all_of((2, 16, 3))
    logits = [torch.zeros(2, 16, events) for events in (90, 90, 512)]
    bits = masked_cross_entropy(logits, torch.zeros(2, 16, 3, dtype=torch.long), masked)
    assert bits[..., 0].mean().item() == pytest.approx(math.log2(90), abs=1e-4)
    assert bits[..., 2].mean().item() == pytest.approx(9.0, abs=1e-4)


def test_only_masked_cells_cost_anything() -> None:
    masked = torch.zeros(1, 16, 1, dtype=torch.bool)
    masked[0, 3, 0] = True
    bits = masked_cross_entropy(
        [torch.randn(1, 16, 90)], torch.zeros(1, 16, 1, dtype=torch.long), masked
    )
    assert (bits[~masked] == 0).all()
    assert bits[masked].item() > 0


def test_the_weight_is_one_minus_the_masked_share() -> None:
    present = _all_of((1, 1))
    for count in (4, 8, 12):
        masked = torch.arange(16)[None, :, None] < count
        bits = masked.float() * 2.0
        expected = (1 - count / 16) * 2.0 * count / 16
        assert reweighted_elbo(bits, masked, present).item() == pytest.approx(expected)


def test_a_fully_masked_piece_has_weight_zero_and_its_elbo_all_its_bits() -> None:
    masked = _all_of((1, 16, 1))
    bits = torch.full((1, 16, 1), 3.0)
    assert reweighted_elbo(bits, masked, _all_of((1, 1))).item() == 0
    told = figures({"uniform": masked.numpy()}, lambda _: bits.double().numpy(), ("melody",))
    assert told["elbo"] == pytest.approx(3.0)


def test_a_track_that_a_piece_lacks_counts_nowhere() -> None:
    present = torch.tensor([[True, False]])
    masked = torch.zeros(1, 16, 2, dtype=torch.bool)
    masked[:, :8] = True
    masked[..., 1] = True
    bits = torch.zeros(1, 16, 2)
    bits[:, :8, 0] = 2.0
    assert reweighted_elbo(bits, masked, present).item() == pytest.approx(0.5 * 2.0 * 0.5)


def test_plain_counts_every_masked_cell_of_a_present_track_alike() -> None:
    present = torch.tensor([[True, True], [True, False]])
    masked = torch.zeros(2, 16, 2, dtype=torch.bool)
    masked[0, :4] = masked[1, :, 0] = True
    bits = masked.float() * 3.0
    expected = ((8 * 3 / 32) + 3.0) / 2
    assert plain(bits, masked, present).item() == pytest.approx(expected)


def test_the_bound_is_what_a_masked_cell_of_a_present_track_takes_piece_by_piece() -> None:
    present = torch.tensor([[True, True], [True, False]])
    masked = torch.zeros(2, 16, 2, dtype=torch.bool)
    masked[0, :4] = masked[1] = True
    bits = torch.zeros(2, 16, 2)
    bits[0, :4, 0], bits[1, :, 0] = 6.0, 1.0
    assert elbo(bits, masked, present).item() == pytest.approx((3.0 + 1.0) / 2)
    nothing = torch.zeros_like(masked)
    assert elbo(torch.zeros_like(bits), nothing, present).item() == 0.0


def test_every_weighting_of_the_settings_has_its_loss() -> None:
    assert set(WEIGHTINGS) == set(LOSSES)
