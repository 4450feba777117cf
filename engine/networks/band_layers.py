"""The layers of the network of a band, in which a beat may have 4 or 6 cells."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import HOLD, MASK, PITCHED, TRIO, Track, first_onset
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import event_features
from schmubert.engine.networks.meters import PLACES

AROUND_REPEATS = (1, 9, 33)
"""Beats around a beat in which is counted what is alike."""
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


class BeatChroma(nn.Module):
    """What is known of the harmony around each beat, from the onsets of the pitched tracks."""

    pitch_classes: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.beats = config.chroma_beats
        self.register_buffer(
            "pitch_classes", event_features(Track.MELODY)[:, :12], persistent=False
        )
        inputs = 12 * len(PITCHED) * len(self.beats)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor, cells: int) -> Tensor:
        """Tokens [batch, steps, columns] -> what is added to the stream [batch, beats, width]."""
        onsets = F.embedding(tokens[..., list(PITCHED)], self.pitch_classes).permute(0, 2, 3, 1)
        found = []
        for around in _around(onsets, self.beats, cells):
            found.append(around / (1.0 + around.sum(dim=2, keepdim=True)))
        added: Tensor = self.into_stream(torch.stack(found, dim=2).flatten(1, 3).transpose(1, 2))
        return added


class Repeats(nn.Module):
    """What of the music around each beat is known to repeat, and over which distance."""

    mask: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tensor(MASK), persistent=False)
        inputs = 2 * len(TRIO) * 2 * len(config.copy_steps) * len(AROUND_REPEATS)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor, shifted: Tensor, cells: int) -> Tensor:
        """Tokens [batch, steps, 3] and the `shifted` ones -> [batch, beats, width]."""
        here = tokens[:, :, None]
        known = (here != self.mask) & (shifted != self.mask) & (here + shifted != HOLD)
        same = known & (here == shifted)
        both = torch.cat([same, known ^ same], dim=2).to(self.into_stream.weight.dtype)
        shares = []
        for around in _around(both.permute(0, 3, 2, 1), AROUND_REPEATS, cells):
            alike, unlike = around.chunk(2, dim=2)
            counted = 1.0 + alike + unlike
            shares.append(torch.cat([alike / counted, unlike / counted], dim=2))
        added: Tensor = self.into_stream(torch.stack(shares, 1).flatten(1, 3).transpose(1, 2))
        return added


class Copies(nn.Module):
    """Logits for doing again what the same track does elsewhere, a weight a cell and a distance."""

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__()
        self.first_onset = first_onset(track)
        self.weights = nn.Linear(config.token_width, 4 * len(config.copy_steps), bias=False)

    def forward(
        self, logits: Tensor, of_cell: Tensor, there: Tensor, again: Tensor | None = None
    ) -> Tensor:
        """Logits [batch, steps, events] with the copies' added (see `layers.CopyHead`).

        `again` [batch, steps, 2 * copy_steps] is what the form of the bar says of each distance.
        """
        events = logits.shape[-1]
        any_event, onset = self.weights(of_cell).chunk(2, dim=-1)
        if again is not None:
            any_event = any_event + again
        weight = any_event + onset * (there >= self.first_onset)
        known = there < events
        return logits.scatter_add(
            -1, torch.where(known, there, HOLD), (weight * known).to(logits.dtype)
        )


def first_of(tokens: Tensor, cells: int) -> Tensor:
    """Of `tokens` [batch, steps, columns] every `cells`th step [batch, n, columns]."""
    return tokens.reshape(tokens.shape[0], -1, cells, tokens.shape[2])[:, :, 0]


def repeated(x: Tensor, times: int) -> Tensor:
    """`x` [batch, n, width] with each position `times` times [batch, n * times, width]."""
    return x[:, :, None].expand(-1, -1, times, -1).flatten(1, 2)


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


def shifted_by(tokens: Tensor, distances: Tensor, masks: Tensor) -> Tensor:
    """What stands `distances` before and after each cell: [batch, steps, 2 * distances, tracks].

    The furthest before comes first; beyond the window all is masked.
    """
    offsets = torch.cat([-distances.flip(0), distances])
    here = torch.arange(tokens.shape[1], device=tokens.device)
    at = here[:, None] + offsets
    inside = (at >= 0) & (at <= here[-1])
    there = tokens[:, at.clamp(min=0).minimum(here[-1])]
    return torch.where(inside[None, :, :, None], there, masks)


def _around(counts: Tensor, widths: tuple[int, ...], cells: int) -> list[Tensor]:
    """Sums of `counts` [batch, tracks, kinds, steps] over each of `widths` beats around a beat."""
    of_beat = counts.reshape(*counts.shape[:3], -1, cells).sum(dim=-1)
    return [
        of_beat if beats == 1 else beats * F.avg_pool2d(of_beat, (1, beats), 1, (0, beats // 2))
        for beats in widths
    ]


def held(logits: Tensor, cells: int) -> Tensor:
    """Logits [batch, n, events] at every `cells`th cell, `HOLD` in all between."""
    hold = torch.zeros_like(logits)
    hold[..., HOLD] = HELD
    between = hold[:, :, None].expand(-1, -1, cells - 1, -1)
    return torch.cat([logits[:, :, None], between], dim=2).flatten(1, 2)
