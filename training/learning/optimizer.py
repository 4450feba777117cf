"""How weights move: Muon for the matrices of the transformer, Adam for all else."""

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn

from schmubert.training.learning.settings import OPTIMIZERS

MOMENTUM = 0.95
QUINTIC = (3.4445, -4.7750, 2.0315)
ITERATIONS = 4
LIKE_ADAM = 0.2
"""The usual root mean square of Adam's steps, to which Muon's are scaled (arXiv 2502.16982)."""


class MuonWithAdam(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) for `matrices` [out, in], Adam for `others`, one learning rate.

    Muon's steps have the size of Adam's, so that the learning rate means the same for both. Where
    several processes train, each orthogonalises a part of the matrices. torch's own Muon computes
    in bfloat16, which is slow on processors that have none, so this is another one.
    """

    def __init__(
        self, matrices: Iterable[Tensor], others: Iterable[Tensor], learning_rate: float
    ) -> None:
        super().__init__(
            [{"params": list(matrices)}, {"params": list(others)}], {"lr": learning_rate}
        )
        self._adam = torch.optim.Adam(self.param_groups[1]["params"], learning_rate, fused=True)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step of both; there is no `closure`."""
        if closure is not None:
            raise ValueError("this optimizer evaluates no closure")
        muon, adam = self.param_groups
        self._adam.param_groups[0]["lr"] = adam["lr"]
        self._adam.state = self.state
        self._adam.step()
        moving = [matrix for matrix in muon["params"] if matrix.grad is not None]
        for shape, group in groupby(sorted(moving, key=_shape), _shape):
            matrices = list(group)
            steps = _shared_out(torch.stack([self._nesterov(matrix) for matrix in matrices]))
            scale = LIKE_ADAM * math.sqrt(max(shape))
            for matrix, step in zip(matrices, steps, strict=True):
                matrix.add_(step, alpha=-muon["lr"] * scale)

    def _nesterov(self, matrix: Tensor) -> Tensor:
        """The gradient of `matrix` with Nesterov's momentum."""
        assert matrix.grad is not None
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(matrix)
        momentum: Tensor = state["momentum"]
        momentum.lerp_(matrix.grad, 1 - MOMENTUM)
        return matrix.grad.lerp(momentum, MOMENTUM)


def optimizer_of(model: nn.Module, name: str, learning_rate: float) -> torch.optim.Optimizer:
    """The optimiser `name`, "adam" or "muon", for what of `model` is trained; ValueError else."""
    trained = [(key, p) for key, p in model.named_parameters() if p.requires_grad]
    if name == "adam":
        return torch.optim.Adam([p for _, p in trained], lr=learning_rate, fused=True)
    if name == "muon":
        inner = [p for key, p in trained if key.startswith("blocks.") and p.ndim == 2]
        others = [p for key, p in trained if not (key.startswith("blocks.") and p.ndim == 2)]
        return MuonWithAdam(inner, others, learning_rate)
    raise ValueError(f'the optimizer is one of {OPTIMIZERS}, not "{name}"')


def orthogonalised(matrices: Tensor) -> Tensor:
    """Nearly the nearest orthogonal matrix to each of `matrices` [n, out, in], of the same shape.

    Newton-Schulz iterations with Muon's polynomial, whose result has singular values of .7 to
    1.2 but for those that were next to nothing. All of it is a polynomial of the smaller Gram
    matrix, so the wide one is multiplied at the beginning and the end only.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    wide = matrices.mT if tall else matrices
    wide = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = wide @ wide.mT
    factor = product = _polynomial(gram)
    for _ in range(ITERATIONS - 1):
        gram = factor @ gram @ factor
        factor = _polynomial(gram)
        product = factor @ product
    result: Tensor = product @ wide
    return result.mT if tall else result


def _polynomial(gram: Tensor) -> Tensor:
    """a + b G + c G^2 of Gram matrices G [n, size, size]."""
    a, b, c = QUINTIC
    squared = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
    squared.diagonal(dim1=1, dim2=2).add_(a)
    return squared


def _shared_out(matrices: Tensor) -> Tensor:
    """`orthogonalised`, a part of the matrices on each of the processes that train together."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return orthogonalised(matrices)
    share = slice(torch.distributed.get_rank(), None, torch.distributed.get_world_size())
    done = torch.zeros_like(matrices)
    if len(matrices[share]):
        done[share] = orthogonalised(matrices[share])
    torch.distributed.all_reduce(done)
    return done


def _shape(matrix: Tensor) -> tuple[int, ...]:
    return tuple(matrix.shape)
