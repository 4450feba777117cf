"""The reweighted evidence bound of absorbing-state diffusion, in bits per cell."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor


def masked_cross_entropy(logits: Sequence[Tensor], targets: Tensor, masked: Tensor) -> Tensor:
    """Bits needed for each masked cell: [batch, steps, tracks], 0 where nothing was masked.

    `logits` are one array [batch, steps, events] a track; the sum in equations 3.57 and 3.58.
    """
    bits = [
        F.cross_entropy(
            of_track.float().flatten(0, 1),
            torch.where(masked[..., track], targets[..., track], -100).flatten(),
            ignore_index=-100,
            reduction="none",
        ).view(masked.shape[:2])
        for track, of_track in enumerate(logits)
    ]
    return torch.stack(bits, dim=-1) / math.log(2)


def reweighted_elbo(bits: Tensor, masked: Tensor, present: Tensor) -> Tensor:
    """The loss of thesis 4.4, weight `1 - t/T`, in bits per cell: a scalar.

    `bits` and `masked` are [batch, steps, tracks]; t/T is the masked share of a piece. `present`
    [batch, tracks] tells which tracks a piece has: cells of the others count nowhere. The text of
    4.4 and the author's code say `1 - t/T`, algorithm 5 `t/T`, 3.58 `(T - t - 1)/T`.
    """
    cells = present.sum(dim=1) * bits.shape[1]
    share = (masked & present[:, None, :]).sum(dim=(1, 2)) / cells
    return ((1 - share) * bits.sum(dim=(1, 2)) / cells).mean()


def elbo(bits: Tensor, masked: Tensor, present: Tensor) -> Tensor:
    """The bound 3.57, weight `T/t`, in bits per cell, a scalar; arguments as above.

    It is a bound under uniform masks. Under others it is what a masked cell takes in the mean.
    """
    count = (masked & present[:, None, :]).sum(dim=(1, 2))
    return (bits.sum(dim=(1, 2)) / count.clamp(min=1)).mean()


def plain(bits: Tensor, masked: Tensor, present: Tensor) -> Tensor:
    """Every masked cell with the same weight, in bits per cell, a scalar; arguments as above.

    Beside the bound's T/t it favours what is mostly masked, and `1 - t/T` still does the opposite:
    an accompaniment starts where all is masked (compare L_simple, arXiv 2006.11239, eq. 14).
    """
    del masked
    cells = present.sum(dim=1) * bits.shape[1]
    return (bits.sum(dim=(1, 2)) / cells).mean()


LOSSES: Mapping[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = MappingProxyType(
    {"reweighted": reweighted_elbo, "plain": plain}
)
"""What is trained on, by the `weighting` of the settings: of bits, masked and present."""
