"""The evidence bound of any corruption, L_vb + lambda L_aux (thesis 3.56), in bits a cell."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from schmubert.engine.diffusion.corruption import Corruption, Diffusing, Kernel, Resampling

LEAST = 1e-300  # a chance that a logarithm can be taken of


class TorchKernel(Protocol):
    """The transition matrices of an `engine.corruption.Kernel`, on a device, in float64."""

    def rows(self, states: Tensor, amounts: Tensor) -> Tensor:
        """`states` and `amounts` [n] -> where each goes [n, states]."""
        ...

    def columns(self, states: Tensor, amounts: Tensor) -> Tensor:
        """`states` and `amounts` [n] -> the chance that each comes from a state [n, states]."""
        ...

    def moved(self, weights: Tensor, amounts: Tensor) -> Tensor:
        """`weights` [n, states] after `amounts` [n] of noise: vector times matrix."""
        ...


@dataclass(frozen=True, eq=False)
class _Resampling:
    stationary: Tensor

    def rows(self, states: Tensor, amounts: Tensor) -> Tensor:
        kept = torch.exp(-amounts)[:, None]
        return (1.0 - kept) * self.stationary + kept * self._one_hot(states)

    def columns(self, states: Tensor, amounts: Tensor) -> Tensor:
        kept = torch.exp(-amounts)[:, None]
        return (1.0 - kept) * self.stationary[states][:, None] + kept * self._one_hot(states)

    def moved(self, weights: Tensor, amounts: Tensor) -> Tensor:
        kept = torch.exp(-amounts)[:, None]
        return kept * weights + (1.0 - kept) * weights.sum(1, keepdim=True) * self.stationary

    def _one_hot(self, states: Tensor) -> Tensor:
        return F.one_hot(states, len(self.stationary)).to(self.stationary.dtype)


@dataclass(frozen=True, eq=False)
class _Diffusing:
    rates: Tensor
    vectors: Tensor

    def rows(self, states: Tensor, amounts: Tensor) -> Tensor:
        found = ((self.vectors[states] * self._fading(amounts)) @ self.vectors.T).clamp_min(0.0)
        untouched = F.one_hot(states, len(self.rates)).to(found.dtype)
        return torch.where(amounts[:, None] == 0.0, untouched, found)

    def columns(self, states: Tensor, amounts: Tensor) -> Tensor:
        return self.rows(states, amounts)

    def moved(self, weights: Tensor, amounts: Tensor) -> Tensor:
        found = ((weights @ self.vectors) * self._fading(amounts)) @ self.vectors.T
        return torch.where(amounts[:, None] == 0.0, weights, found.clamp_min(LEAST))

    def _fading(self, amounts: Tensor) -> Tensor:
        return torch.exp(amounts.clamp_max(1e300)[:, None] * self.rates)


def on_device(kernel: Kernel, device: torch.device) -> TorchKernel:
    """`kernel` in torch; TypeError for one that is not of `engine.corruption`."""
    if isinstance(kernel, Resampling):
        return _Resampling(torch.from_numpy(kernel.stationary).to(device))
    if isinstance(kernel, Diffusing):
        rates, vectors = (torch.from_numpy(a).to(device) for a in (kernel.rates, kernel.vectors))
        return _Diffusing(rates, vectors)
    raise TypeError(f"no kernel of engine.corruption: {type(kernel).__name__}")


def evidence_bound(
    logits: Tensor, x_0: Tensor, x_t: Tensor, t: Tensor, corruption: Corruption
) -> Tensor:
    """T times the term of step `t` of L_vb, in bits a cell [n]: in the mean over t it is L_vb.

    `logits` [n, events] are of x_0, `x_0`, `x_t` and `t` (1..T) [n]. The term is
    KL(q(x_{t-1}|x_t, x_0) || p(x_{t-1}|x_t)), with p(x_{t-1}|x_t) = sum over x of
    q(x_{t-1}|x_t, x) p(x|x_t) (thesis 3.53 and 3.56; D3PM, arXiv 2107.03006, equations 1 and 4);
    at t = 1 it is -log p(x_0|x_1), and L_T is 0, for x_T is nothing but noise.

    Each posterior is normalised by q(x_t|x). D3PM leaves that out, so its network has to divide by
    it. Here the network says p(x|x_t) itself, and the cross-entropy of L_aux has the same minimum.
    An x that cannot become x_t is left out: with the absorbing state, what is not masked is known.
    """
    kernel = on_device(corruption.kernel, logits.device)
    amounts = torch.from_numpy(corruption.amounts).to(logits.device)
    after, before = amounts[t], amounts[t - 1]
    with torch.no_grad():
        leads_here = kernel.columns(x_t, after)  # Q-bar_t[:, x_t]
        came_by = kernel.rows(x_0, before)  # Q-bar_{t-1}[x_0, :]
        posterior = kernel.columns(x_t, after - before) * came_by
        posterior /= posterior.sum(dim=1, keepdim=True)
        of_x_0 = leads_here.gather(1, x_0[:, None])
        possible = leads_here > 0.0
    states = leads_here.shape[1]
    padded = F.pad(logits.double(), (0, states - logits.shape[1]), value=-math.inf)
    guess = padded.masked_fill(~possible, -math.inf).softmax(dim=1)
    guided = kernel.moved(guess / leads_here.masked_fill(~possible, 1.0), before)
    # Q_t[x_{t-1}, x_t] stands in both: what is left is the ratio of these.
    likely = posterior > 0.0
    ratio = came_by.clamp_min(LEAST).log() - of_x_0.log()
    ratio = ratio - guided.masked_fill(~likely, 1.0).clamp_min(LEAST).log()
    divergence = (posterior * ratio.masked_fill(~likely, 0.0)).sum(dim=1)
    return corruption.steps_t * divergence / math.log(2)


def auxiliary(logits: Tensor, x_0: Tensor) -> Tensor:
    """-log p(x_0|x_t) in bits a cell [n], the second term of 3.56, of `logits` [n, events]."""
    return F.cross_entropy(logits.float(), x_0, reduction="none") / math.log(2)
