import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.convolutional import ConvTransformer  # noqa: E402
from schmubert.training.learning.optimizer import MuonWithAdam, optimizer_of, orthogonalised  # noqa: E402

TINY = ModelConfig(token_width=8, width=16, layers=2, heads=2, positions="rotary", dropout=0.0)


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 8, 32), (2, 32, 8)])
def test_what_is_orthogonalised_keeps_its_directions_and_loses_their_lengths(
    shape: tuple[int, int, int],
) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(shape, dtype=torch.float64)
    done = orthogonalised(matrices)
    assert done.shape == shape
    for before, after in zip(matrices, done, strict=True):
        u, lengths, v = torch.linalg.svd(before, full_matrices=False)
        between = u.T @ after @ v.T
        assert torch.allclose(between, between.diagonal().diag(), atol=1e-8)
        usual = between.diagonal()[lengths > 0.05 * lengths.max()]
        assert ((usual > 0.6) & (usual < 1.25)).all()


def test_muon_moves_inner_matrices_by_steps_as_large_as_those_of_adam() -> None:
    torch.manual_seed(0)
    model = ConvTransformer(TINY)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = optimizer_of(model, "muon", 1e-2)
    assert isinstance(optimizer, MuonWithAdam)
    sum(
        logits.logsumexp(-1).mean() for logits in model(torch.randint(0, 90, (2, 64, 3)))
    ).backward()
    optimizer.step()
    moved = {
        n: (p.detach() - before[n]).square().mean().sqrt() for n, p in model.named_parameters()
    }
    for name in ("blocks.0.mlp.0.weight", "blocks.1.attention.qkv.weight", "merge.weight"):
        assert 0.1e-2 < moved[name] < 1.1e-2, name
    assert moved["heads.0.weight"] > 0


def test_both_learning_rates_follow_the_groups() -> None:
    matrix, other = (torch.nn.Parameter(torch.ones(4, 4)) for _ in range(2))
    optimizer = MuonWithAdam([matrix], [other], 1.0)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    (matrix.square().sum() + other.square().sum()).backward()
    optimizer.step()
    assert (matrix == 1).all()
    assert (other == 1).all()


def test_an_unknown_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match="sgd"):
        optimizer_of(ConvTransformer(TINY), "sgd", 1e-3)
