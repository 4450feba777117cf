"""The layers of the networks, in torch: events in and out, what repeats, attention."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.score import STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    BAND_SIZES,
    FIRST_ONSET,
    HIGHEST_PITCH,
    HOLD,
    MASK,
    PITCHED,
    Drum,
    Track,
    first_onset,
    pitch_of,
)
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.meters import ROTATION_BASE

Size: TypeAlias = tuple[int, int]
"""batch, beats: read off the tokens once, so that an exported graph reads it once too."""
Rotation: TypeAlias = tuple[Tensor, Tensor]
"""Cosines and signed sines [beats, head width] of rotary positions."""
Past: TypeAlias = tuple[Tensor, Tensor]
"""Keys and values [batch, heads, beats, head width] of the beats up to some beat."""


class EventVectors(nn.Module):
    """A vector of `token_width` numbers for each of the first `events` of a track.

    Where the configuration is `factored`, events that share features share a part of their vectors.
    """

    event_features: Tensor

    def __init__(self, track: Track, events: int, config: ModelConfig, deviation: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(deviation * torch.randn(events, config.token_width))
        self.shared = None
        if config.factored:
            features = event_features(track)[:events]
            self.register_buffer("event_features", features, persistent=False)
            shared = deviation * torch.randn(features.shape[1], config.token_width)
            self.shared = nn.Parameter(shared)

    def vectors(self) -> Tensor:
        """[events, token_width]."""
        if self.shared is None:
            return self.weight
        return self.weight + self.event_features @ self.shared


class Embedding(EventVectors):
    """Events -> their vectors; the mask is one of the events."""

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__(track, BAND_MASK[track] + 1, config, 1.0)

    def forward(self, tokens: Tensor) -> Tensor:
        """[batch, steps] -> [batch, steps, token_width]."""
        return F.embedding(tokens, self.vectors())


class Head(EventVectors):
    """Vectors -> logits of a track's events, without bias; at first all events are alike."""

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__(track, BAND_SIZES[track], config, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, steps, token_width] -> [batch, steps, events]."""
        return F.linear(x, self.vectors())


class Shifted(nn.Module):
    """The events that stand at `copy_steps` before and after each cell of the same track."""

    offsets: Tensor
    beyond: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        reach = max(config.copy_steps)
        backwards = [-steps for steps in reversed(config.copy_steps)]
        offsets = torch.tensor([*backwards, *config.copy_steps])
        mask = torch.tensor([BAND_MASK[track] for track in config.columns])
        self.register_buffer("offsets", offsets + reach, persistent=False)
        self.register_buffer("beyond", mask.repeat(1, reach, 1), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps, tracks] -> [batch, steps, 2 * copy_steps, tracks].

        The furthest before a cell comes first; beyond the window all is masked.
        """
        beyond = self.beyond.expand(tokens.shape[0], -1, -1)
        here = torch.arange(tokens.shape[1], device=tokens.device)
        wider = torch.cat([beyond, tokens, beyond], dim=1)
        return wider[:, here[:, None] + self.offsets]


class RepeatFeatures(nn.Module):
    """What of the music around each beat is known to repeat, and over which distance.

    Of the places where something speaks here or there, the share that is alike and the share that
    is not: a track and a distance, within so many beats around. Nothing is said of what is masked.
    """

    BEATS = (1, 9, 33)
    reach = max(BEATS) // 2
    mask: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        mask = torch.tensor([BAND_MASK[track] for track in config.columns])
        self.register_buffer("mask", mask, persistent=False)
        inputs = 2 * len(config.columns) * 2 * len(config.copy_steps) * len(self.BEATS)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(
        self, tokens: Tensor, shifted: Tensor, cells: int = STEPS_PER_BEAT, first: int | Tensor = 0
    ) -> Tensor:
        """Tokens [batch, steps, tracks] and the `shifted` ones -> [batch, beats, width], from beat
        `first` on."""
        here = tokens[:, :, None]
        known = (here != self.mask) & (shifted != self.mask) & (here + shifted != HOLD)
        same = known & (here == shifted)
        both = torch.cat([same, known ^ same], dim=2).to(self.into_stream.weight.dtype)
        shares = []
        for around in around_beats(both.permute(0, 3, 2, 1), self.BEATS, cells):
            alike, unlike = around.chunk(2, dim=2)
            counted = 1.0 + alike + unlike
            shares.append(torch.cat([alike / counted, unlike / counted], dim=2)[..., first:])
        added: Tensor = self.into_stream(torch.stack(shares, 1).flatten(1, 3).transpose(1, 2))
        return added


class CopyHead(nn.Module):
    """Logits for doing again what the same track does elsewhere, a weight a cell and a distance.

    Compare pointer networks (arXiv 1506.03134): few songs teach that music repeats, where a
    network that can only name events has to learn it for every event anew. An onset has a
    weight of its own beside that of any event.
    """

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__()
        self.first_onset = first_onset(track)
        self.weights = nn.Linear(config.token_width, 4 * len(config.copy_steps), bias=False)

    def forward(
        self, logits: Tensor, of_cell: Tensor, there: Tensor, again: Tensor | None = None
    ) -> Tensor:
        """Logits [batch, steps, events] with the copies' added.

        `of_cell` [batch, steps, token_width] is what the network has to say of each cell, `there`
        [batch, steps, 2 * copy_steps] what stands elsewhere, and `again`, of that shape, what is
        said of each distance beside.
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


class Downsample(nn.Conv1d):
    """Four 16ths -> one beat; without overlap a convolution is a linear map, which is faster."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, STEPS_PER_BEAT, stride=STEPS_PER_BEAT)

    def forward(self, steps: Tensor) -> Tensor:
        """[batch, steps, channels] -> [batch, beats, width]."""
        of_beat = steps.reshape(steps.shape[0], -1, STEPS_PER_BEAT * self.in_channels)
        return F.linear(of_beat, self.weight.transpose(1, 2).flatten(1), self.bias)


class Upsample(nn.ConvTranspose1d):
    """One beat -> four 16ths: the transposed convolution, as a linear map too."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__(width, channels, STEPS_PER_BEAT, stride=STEPS_PER_BEAT)

    def forward(self, beats: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[batch, beats, width] -> [batch, steps, channels]; `output_size` is always this."""
        del output_size
        of_beat = F.linear(beats, self.weight.permute(2, 1, 0).flatten(0, 1))
        of_step = of_beat.reshape(beats.shape[0], -1, self.out_channels)
        return of_step if self.bias is None else of_step + self.bias


class Attention(nn.Module):
    """Bidirectional multi-head self-attention over beats [batch, beats, width]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.head_width = config.head_width
        self.dropout = config.dropout
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(
        self, x: Tensor, size: Size, rotation: Rotation | None, past: Past | None = None
    ) -> tuple[Tensor, Past]:
        """[batch, beats, width] -> the same shape, and what later beats need of these and the
        `past`; `rotation` is that of each beat."""
        heads = self.qkv(x).view(*size, 3 * self.heads, self.head_width).transpose(1, 2)
        # a graph splits in one node, where slices take several
        q_and_k, v = heads.split([2 * self.heads, self.heads], dim=1)
        if rotation is not None:
            q_and_k = rotated(q_and_k, rotation)
        q, k = q_and_k.split([self.heads, self.heads], dim=1)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        if torch.onnx.is_in_onnx_export():  # the exporter's own takes three times the nodes
            scores = (q * self.head_width**-0.5) @ k.transpose(2, 3)
            values = scores.softmax(dim=-1) @ v
        else:
            dropout = self.dropout if self.training else 0.0
            values = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
        mixed: Tensor = self.out(values.transpose(1, 2).reshape(*size, -1))
        return mixed, (k, v)


class Block(nn.Module):
    """A pre-norm transformer block; 3,152,384 parameters at the thesis' width of 512."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.mlp_norm = nn.LayerNorm(config.width)
        self.mlp = nn.Sequential(
            nn.Linear(config.width, 4 * config.width),
            nn.GELU(),
            nn.Linear(4 * config.width, config.width),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, size: Size, rotation: Rotation | None) -> Tensor:
        """[batch, beats, width] -> the same shape."""
        return self.going_on(x, size, rotation, None)[0]

    def going_on(
        self, x: Tensor, size: Size, rotation: Rotation | None, past: Past | None
    ) -> tuple[Tensor, Past]:
        """The same of beats that follow a `past`, and the past of the beats to follow."""
        mixed, past = self.attention(self.attention_norm(x), size, rotation, past)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.mlp(self.mlp_norm(x))), past


def initialised(model: nn.Module, blocks: int) -> None:
    """Weights to begin with, such that all `blocks` together add what one would."""
    model.apply(_initialise)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("attention.out.weight", "mlp.2.weight")):
                weight.mul_((2 * blocks) ** -0.5)


def parameters(model: nn.Module) -> int:
    """How many numbers `model` holds."""
    return sum(parameter.numel() for parameter in model.parameters())


def around_beats(
    counts: Tensor, widths: Iterable[int], cells: int = STEPS_PER_BEAT
) -> Iterator[Tensor]:
    """Sums of `counts` [batch, tracks, kinds, steps] over each of `widths` beats around a beat.

    [batch, tracks, kinds, beats] each; a beat has so many `cells`, and widths are odd.
    """
    of_beat = counts.reshape(*counts.shape[:3], -1, cells).sum(dim=-1)
    for beats in widths:
        padding = (0, beats // 2)
        yield of_beat if beats == 1 else beats * F.avg_pool2d(of_beat, (1, beats), 1, padding)


def rotation_of(beats: int, head_width: int, like: Tensor) -> Rotation:
    """The rotation of each beat (arXiv 2104.09864, eq. 34)."""
    half = torch.arange(0, head_width, 2, device=like.device, dtype=torch.float32)
    at = torch.arange(beats, device=like.device, dtype=torch.float32)
    angles = at[:, None] * torch.pow(ROTATION_BASE, -half / head_width)[None, :]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], -1).to(like.dtype), torch.cat([-sin, sin], -1).to(like.dtype)


def rotated(x: Tensor, rotation: Rotation) -> Tensor:
    """`x` [batch, heads, beats, head width], each beat of it by its `rotation`."""
    cos, signed_sin = rotation
    half = cos.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return x * cos + torch.cat([second, first], dim=-1) * signed_sin


def event_features(track: Track) -> Tensor:
    """What the events of `track` and its mask have in common [events + 1, features], 0 or 1.

    Pitch class and octave of an onset, the drums of a pattern; HOLD, OFF and mask have none.
    """
    if track is Track.DRUMS:
        patterns = torch.arange(MASK[track])[:, None] >> torch.arange(len(Drum))[None, :] & 1
        return F.pad(patterns.float(), (0, 0, 0, 1))
    if track not in PITCHED:
        return torch.zeros(BAND_MASK[track] + 1, 0)
    features = torch.zeros(MASK[track] + 1, 12 + HIGHEST_PITCH // 12 + 1)
    for token in range(FIRST_ONSET, MASK[track]):
        octave, pitch_class = divmod(pitch_of(token), 12)
        features[token, pitch_class] = features[token, 12 + octave] = 1.0
    return features


def _initialise(module: nn.Module) -> None:
    """Weights that keep the variance of what goes through them, no biases."""
    if isinstance(module, nn.Linear | nn.Conv1d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
    elif isinstance(module, nn.ConvTranspose1d):  # without overlap: all inputs are channels
        nn.init.normal_(module.weight, std=module.in_channels**-0.5)
    if isinstance(module, nn.Linear | nn.Conv1d | nn.ConvTranspose1d) and module.bias is not None:
        nn.init.zeros_(module.bias)
