"""The traits of a window in the network of a band: what is known of them, and the naming of others.

How traits go together is mostly said by traits, so a network sees them alone (`TraitNetwork`), and
adds to what the network of the band makes of everything else.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import BAND_MASK, TRAIT_COUNT, TRAIT_TOKENS, Track
from schmubert.engine.networks.band_layers import called

MOST_BARS = 64
"""Longer windows count as so long."""


class TraitNetwork(nn.Module):
    """Traits by themselves, known and unknown, of so many bars -> logits of each.

    It can learn alone (`plan_training.py`).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.told = nn.Embedding(TRAIT_COUNT * (TRAIT_TOKENS + 1), width)
        self.of_bars = nn.Embedding(MOST_BARS + 1, width)
        self.inner = nn.Linear(width, width)
        self.out = nn.Linear(width, TRAIT_COUNT * TRAIT_TOKENS)

    def forward(self, traits: Tensor, bars: Tensor) -> Tensor:
        """Traits [batch, 16] of windows of so many `bars` [] -> logits [batch, 16, events]."""
        x = told_of(self.told, traits) + called(self.of_bars, bars.clamp(max=MOST_BARS))
        x = F.gelu(x)
        x = x + F.gelu(self.inner(x))
        return called(self.out, x).reshape(-1, TRAIT_COUNT, TRAIT_TOKENS)


class Traits(nn.Module):
    """The traits of a window: what is known of them, told to all beats, and the naming of others.

    It tells nothing at first.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.told = nn.Embedding(TRAIT_COUNT * (TRAIT_TOKENS + 1), width)
        self.names = nn.Linear(width, TRAIT_COUNT * TRAIT_TOKENS)

    def forward(self, column: Tensor) -> Tensor:
        """The column [batch, steps] -> what each of its traits says, summed [batch, width]."""
        return told_of(self.told, traits_in(column))

    def named(self, window: Tensor) -> Tensor:
        """What a network makes of a window [batch, width] -> logits [batch, 16, events]."""
        return called(self.names, window).reshape(-1, TRAIT_COUNT, TRAIT_TOKENS)


def traits_in(column: Tensor) -> Tensor:
    """The traits [batch, 16] in a column [batch, steps]; a short one lacks some: masked."""
    mask = torch.full((1, TRAIT_COUNT), BAND_MASK[Track.TRAITS], device=column.device)
    return torch.cat([column, mask.expand(column.shape[0], -1)], dim=1)[:, :TRAIT_COUNT]


def told_of(layer: nn.Embedding, traits: Tensor) -> Tensor:
    """What `layer`, a row for each level of each trait, says of `traits` [batch, 16], summed."""
    rows = torch.arange(TRAIT_COUNT, device=traits.device) * (TRAIT_TOKENS + 1)
    return called(layer, rows + traits).sum(dim=1)
