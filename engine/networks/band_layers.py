"""The layers of the network of a band, in which a beat may have 4 or 6 cells."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import HOLD
from schmubert.engine.networks.meters import PLACES

HELD = 30.0
"""The logit of `HOLD` where a plan cannot do anything else."""


class Gather(nn.Module):
    """The cells of a beat -> one position: a matrix for each place that a cell may have."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(PLACES, channels, width) * (4 * channels) ** -0.5)
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, cells: Tensor, places: Tensor) -> Tensor:
        """[batch, steps, channels] -> [batch, beats, width]."""
        of_beat = cells.reshape(cells.shape[0], -1, places.shape[0], cells.shape[2])
        # all places in one constant matrix: a graph in int8 multiplies by no other
        slots = (torch.arange(PLACES, device=places.device)[:, None] == places).to(cells.dtype)
        placed = (slots @ of_beat).flatten(2)
        mixed: Tensor = placed @ self.weight.flatten(0, 1) + self.bias
        return mixed


class Spread(nn.Module):
    """One position -> the cells of its beat: the reverse of `Gather`."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(PLACES, channels, width) * width**-0.5)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, beats: Tensor, places: Tensor) -> Tensor:
        """[batch, beats, width] -> [batch, steps, channels]."""
        of_places = F.linear(beats, self.weight.flatten(0, 1))
        of_beat = of_places.reshape(*beats.shape[:2], PLACES, self.bias.shape[0])[:, :, places]
        return of_beat.flatten(1, 2) + self.bias


def first_of(tokens: Tensor, cells: int) -> Tensor:
    """Of `tokens` [batch, steps, columns] every `cells`th step [batch, n, columns]."""
    return tokens.reshape(tokens.shape[0], -1, cells, tokens.shape[2])[:, :, 0]


def repeated(x: Tensor, times: int) -> Tensor:
    """`x` [batch, n, width] with each position `times` times [batch, n * times, width]."""
    return x[:, :, None].expand(-1, -1, times, -1).flatten(1, 2)


def in_parts(x: Tensor, size: int) -> Tensor:
    """`x` [batch, n, ..] in parts of `size`: [batch, n / size, size, ..]."""
    return x.reshape(x.shape[0], -1, size, *x.shape[2:])


def within(places: Tensor, parts: int) -> Tensor:
    """The numbers of the `parts` of each of `places` [n]: of bars their beats [n * parts]."""
    return (places[:, None] * parts + torch.arange(parts, device=places.device)).flatten()


def called(layer: nn.Module, given: Tensor) -> Tensor:
    """What `layer` makes of what is `given`."""
    told: Tensor = layer(given)
    return told


def lasting_events(said: Tensor) -> Tensor:
    """The chord, or mask, that lasts in each beat of `said` [batch, beats]; `HOLD` before any."""
    beats = torch.arange(said.shape[1], device=said.device)
    begins = torch.where(said != HOLD, beats, 0)[:, None, :].expand(-1, said.shape[1], -1)
    earlier = (beats[None, :] <= beats[:, None]).long()
    return said.gather(1, (begins * earlier).amax(dim=-1))


def shifted_by(tokens: Tensor, distances: Tensor, masks: Tensor, first: int | Tensor = 0) -> Tensor:
    """What stands `distances` before and after each cell from the `first` on: [batch, steps,
    2 * distances, tracks].

    The furthest before comes first; beyond the window all is masked.
    """
    return standing_at(tokens, torch.cat([-distances.flip(0), distances]), masks, first)


def standing_at(tokens: Tensor, offsets: Tensor, masks: Tensor, first: int | Tensor = 0) -> Tensor:
    """What stands `offsets` from each cell from the `first` on: [batch, steps, offsets, tracks];
    masked beyond."""
    here = torch.arange(tokens.shape[1], device=tokens.device)
    at = here[first:, None] + offsets
    inside = (at >= 0) & (at <= here[-1])
    there = tokens[:, at.clamp(min=0).minimum(here[-1])]
    return torch.where(inside[None, :, :, None], there, masks)


def leading(logits: Tensor, like: Tensor) -> Tensor:
    """Logits [batch, n, events] at the first steps, `HOLD` in the others of [batch, steps, ..]."""
    hold = torch.zeros_like(logits[:, :1])
    hold[..., HOLD] = HELD
    rest = hold + torch.zeros_like(like[:, :, :1]).to(logits.dtype)
    return torch.cat([logits, rest], dim=1)[:, : like.shape[1]]


def held(logits: Tensor, cells: int) -> Tensor:
    """Logits [batch, n, events] at every `cells`th cell, `HOLD` in all between."""
    hold = torch.zeros_like(logits)
    hold[..., HOLD] = HELD
    between = hold[:, :, None].expand(-1, -1, cells - 1, -1)
    return torch.cat([logits[:, :, None], between], dim=2).flatten(1, 2)
