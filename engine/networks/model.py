"""The convolutional transformer of thesis 4.6.2 (SCHmUBERT), in torch."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.diffusion.corruption import KERNELS, MASKING
from schmubert.engine.music.score import BEATS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    HIGHEST_PITCH,
    HOLD,
    MASK,
    PITCHED,
    SIZES,
    Drum,
    Track,
    first_onset,
    fold,
    onset_token,
    pitch_of,
)

ARCHITECTURES = ("transformer", "convolutional", "hierarchical", "u")
"""Of the thesis: 4.6.1 to 4.6.4."""


@dataclass(frozen=True)
class ModelConfig:
    """What a network is made of; saved in every checkpoint.

    `architecture` is one of `ARCHITECTURES`: the convolutional network of this file, or one of
    `transformers.py`, which have learned positions and none of what follows `factored`. `layers`
    are those of a stack: all of the network's, or those of each of three stacks (hierarchical) or
    of each side of each of `levels` (u). `token_width` is the width of a 16th, `width` that of
    what sums several up, where there is such a thing.

    `positions` is "learned" (the thesis: windows of up to `longest_steps`, trained at that
    length) or "rotary" (arXiv 2104.09864, with the beat of the bar embedded: any length). With
    `factored` events share a part of their vectors, in and out: those of one pitch class, of one
    octave, and drum patterns that hit the same drum. `chroma_beats` adds, at every beat, which
    pitch classes are known to start within so many beats around it. With `one_key` the network
    sees all music in the same key (`Key`). With these, few songs teach what harmony is.
    `copy_steps` are distances in 16ths, taken both ways, over which the network is shown what
    repeats (`Repeats`) and may repeat an event itself (`Copies`). `corruption` is what the network
    was trained to undo: no part of it, but what it may be asked for.
    """

    tracks: tuple[str, ...] = ("melody", "bass", "drums")
    token_width: int = 128
    width: int = 512
    layers: int = 24
    heads: int = 8
    positions: str = "learned"
    longest_steps: int = 1024
    dropout: float = 0.2
    factored: bool = False
    chroma_beats: tuple[int, ...] = ()
    one_key: bool = False
    copy_steps: tuple[int, ...] = ()
    architecture: str = "convolutional"
    levels: int = 6
    corruption: str = MASKING

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f'no architecture "{self.architecture}"; there are {ARCHITECTURES}')
        if self.architecture != "convolutional" and (
            self.positions != "learned" or self.chroma_beats or self.one_key or self.copy_steps
        ):
            raise ValueError(f"the architecture {self.architecture} has learned positions alone")
        if self.architecture in ("transformer", "u") and self.token_width != self.width:
            raise ValueError(f"in the architecture {self.architecture} all widths are the same")
        if self.positions not in ("learned", "rotary"):
            raise ValueError(f'positions are "learned" or "rotary", not "{self.positions}"')
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} does not divide into {self.heads} even heads")
        if any(beats < 1 or beats % 2 == 0 for beats in self.chroma_beats):
            raise ValueError(f"chroma_beats {self.chroma_beats} are not odd: a beat lies amid each")
        if any(steps < 1 for steps in self.copy_steps):
            raise ValueError(f"copy_steps {self.copy_steps} are distances: 1 or more")
        if self.corruption not in KERNELS:
            raise ValueError(f'the corruption is one of {[*KERNELS]}, not "{self.corruption}"')
        if not self.tracks or any(name.upper() not in Track.__members__ for name in self.tracks):
            raise ValueError(f"tracks {self.tracks} are not among melody, bass, drums")

    @property
    def columns(self) -> tuple[Track, ...]:
        """The tracks as `Track`s, in the order of the network's columns."""
        return tuple(Track[name.upper()] for name in self.tracks)


_SMALL = ModelConfig(token_width=32, width=128, layers=10, heads=4, longest_steps=256, dropout=0.0)

PRESETS: Mapping[str, ModelConfig] = MappingProxyType(
    {
        "schmubert-melody": ModelConfig(tracks=("melody",)),
        "schmubert-trio": ModelConfig(heads=16),
        "transformer-melody": ModelConfig(("melody",), 512, architecture="transformer"),
        "transformer-trio": ModelConfig(token_width=512, architecture="transformer"),
        "hierarchical-melody": ModelConfig(
            ("melody",), 256, layers=11, architecture="hierarchical"
        ),
        "hierarchical-trio": ModelConfig(token_width=256, layers=11, architecture="hierarchical"),
        "u-melody": ModelConfig(("melody",), 512, layers=2, architecture="u"),
        "u-trio": ModelConfig(token_width=512, layers=2, architecture="u"),
        "live": ModelConfig(
            token_width=96,
            width=256,
            layers=8,
            heads=4,
            positions="rotary",
            dropout=0.0,
            factored=True,
            chroma_beats=(1, 5, 17, 65),
            one_key=True,
            copy_steps=(2, 4, 8, 16, 32, 48, 64, 96, 128, 256),
        ),
        "small-transformer": replace(_SMALL, token_width=128, architecture="transformer"),
        "small-convolutional": _SMALL,
        "small-hierarchical": replace(
            _SMALL, token_width=64, layers=6, architecture="hierarchical"
        ),
        "small-u": replace(_SMALL, token_width=80, width=80, layers=2, architecture="u"),
    }
)
"""Networks by name.

`schmubert-melody` has the 76,601,088 parameters of table 5.1 (table 5.6 says 2,304 more, nine
vocabulary rows of 256). `schmubert-trio` follows the same layers with three tracks and has
78,329,600, which is 26,112 (102 rows of 256) more than the 78,303,488 of table 5.4; the text
does not say which rows are missing there. The other networks of the thesis are counted in
`transformers.py`. `live` is ours: 7 million parameters, rotary
positions, windows of 4 to 64 bars, four bars answered in a tenth of a second on one core.
The `small-` ones are the four architectures of the thesis at 2.1 to 2.2 million parameters and
windows of 16 bars, such that one core compares them (`docs/thesis.md`).
"""


class Embedding(nn.Module):
    """The vectors of a track's events and of its mask, `token_width` numbers each."""

    traits: Tensor

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__()
        events = MASK[track] + 1
        self.weight = nn.Parameter(torch.randn(events, config.token_width))
        self.shared = None
        if config.factored:
            traits = _traits(track)
            self.register_buffer("traits", traits, persistent=False)
            self.shared = nn.Parameter(torch.randn(traits.shape[1], config.token_width))

    def forward(self, tokens: Tensor) -> Tensor:
        """[batch, steps] -> [batch, steps, token_width]."""
        weight = self.weight if self.shared is None else self.weight + self.traits @ self.shared
        return F.embedding(tokens, weight)


class Head(nn.Module):
    """Vectors -> logits of a track's events, without bias; at first all events are alike."""

    traits: Tensor

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(SIZES[track], config.token_width))
        self.shared = None
        if config.factored:
            traits = _traits(track)[: SIZES[track]]
            self.register_buffer("traits", traits, persistent=False)
            self.shared = nn.Parameter(0.02 * torch.randn(traits.shape[1], config.token_width))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, steps, token_width] -> [batch, steps, events]."""
        weight = self.weight if self.shared is None else self.weight + self.traits @ self.shared
        return F.linear(x, weight)


class Chroma(nn.Module):
    """What is known of the harmony around each beat, from the onsets of the pitched tracks."""

    pitch_classes: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.columns = [k for k, track in enumerate(config.columns) if track in PITCHED]
        self.beats = config.chroma_beats
        self.register_buffer("pitch_classes", _traits(Track.MELODY)[:, :12], persistent=False)
        inputs = 12 * len(self.columns) * len(self.beats)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps, tracks] -> what is added to the stream [batch, beats, width]."""
        onsets = F.embedding(tokens[:, :, self.columns], self.pitch_classes).permute(0, 2, 3, 1)
        found = []
        for around in _around(onsets, self.beats):
            found.append(around / (1.0 + around.sum(dim=2, keepdim=True)))
        added: Tensor = self.into_stream(torch.stack(found, dim=2).flatten(1, 3).transpose(1, 2))
        return added


EVENTS_AND_MASK = MASK[Track.MELODY] + 1
KEY_PROFILE = (11.73, 4.83, 7.01, 4.87, 9.13, 8.07, 5.21, 8.53, 5.56, 9.99, 4.97, 6.40)
"""How well each pitch class fits C major and A minor: the sum of both probe-tone profiles of
Krumhansl and Kessler (1982), since the two share their notes."""


class Key(nn.Module):
    """Moves music to the key of C major (A minor), and what is said of it back.

    The key is the one that the known onsets fit best (Krumhansl 1990, ch. 4). So the network
    says the same of a melody in every key: equivariance by a canonical frame (arXiv 2110.03336).
    """

    pitch_classes: Tensor
    profiles: Tensor
    into: Tensor
    back: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.pitched = [track in PITCHED for track in config.columns]
        events = torch.tensor(
            [[_moved(e, -key) for e in range(EVENTS_AND_MASK)] for key in range(12)]
        )
        keys = torch.arange(12)
        profiles = torch.tensor(KEY_PROFILE)[(keys[None, :] - keys[:, None]) % 12]
        self.register_buffer("pitch_classes", _traits(Track.MELODY)[:, :12], persistent=False)
        self.register_buffer("profiles", profiles - profiles.mean(), persistent=False)
        self.register_buffer("into", events.flatten(), persistent=False)
        self.register_buffer("back", events[:, : SIZES[Track.MELODY]], persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps, tracks] -> keys [batch], 0 (C) to 11; C where none is known."""
        onsets = torch.stack(
            [
                F.embedding(tokens[:, :, column], self.pitch_classes).sum(dim=1)
                for column, pitched in enumerate(self.pitched)
                if pitched
            ]
        ).sum(dim=0)
        # No matrix product: int8 would blur which key is best.
        return (onsets[:, None, :] * self.profiles).sum(dim=-1).argmax(dim=-1)

    def to_c(self, tokens: Tensor, key: Tensor) -> Tensor:
        """`tokens` [batch, steps, tracks] in `key` [batch], in C."""
        return torch.stack(
            [
                self.into[key[:, None] * EVENTS_AND_MASK + tokens[:, :, column]]
                if pitched
                else tokens[:, :, column]
                for column, pitched in enumerate(self.pitched)
            ],
            dim=-1,
        )

    def from_c(self, logits: list[Tensor], key: Tensor) -> list[Tensor]:
        """`logits` [batch, steps, events] of music in C, of the same music in `key` [batch]."""
        return [
            of_track.gather(2, self.back[key][:, None, :].expand(-1, of_track.shape[1], -1))
            if pitched
            else of_track
            for of_track, pitched in zip(logits, self.pitched, strict=True)
        ]


class Elsewhere(nn.Module):
    """The events that stand at `copy_steps` before and after each cell of the same track."""

    offsets: Tensor
    beyond: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        reach = max(config.copy_steps)
        backwards = [-steps for steps in reversed(config.copy_steps)]
        offsets = torch.tensor([*backwards, *config.copy_steps])
        mask = torch.tensor([MASK[track] for track in config.columns])
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


class Repeats(nn.Module):
    """What of the music around each beat is known to repeat, and over which distance.

    Of the places where something speaks here or there, the share that is alike and the share that
    is not: a track and a distance, within so many beats around. Nothing is said of what is masked.
    """

    BEATS = (1, 9, 33)
    mask: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        mask = torch.tensor([MASK[track] for track in config.columns])
        self.register_buffer("mask", mask, persistent=False)
        inputs = 2 * len(config.columns) * 2 * len(config.copy_steps) * len(self.BEATS)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor, elsewhere: Tensor) -> Tensor:
        """Tokens [batch, steps, tracks] and what is `Elsewhere` -> [batch, beats, width]."""
        here = tokens[:, :, None]
        known = (here != self.mask) & (elsewhere != self.mask) & (here + elsewhere != HOLD)
        alike = known & (here == elsewhere)
        both = torch.cat([alike, known ^ alike], dim=2).to(self.into_stream.weight.dtype)
        shares = []
        for around in _around(both.permute(0, 3, 2, 1), self.BEATS):
            alike, unlike = around.chunk(2, dim=2)
            counted = 1.0 + alike + unlike
            shares += [torch.cat([alike / counted, unlike / counted], dim=2)]
        added: Tensor = self.into_stream(torch.stack(shares, 1).flatten(1, 3).transpose(1, 2))
        return added


class Copies(nn.Module):
    """Logits for doing again what the same track does elsewhere, a weight a cell and a distance.

    Compare pointer networks (arXiv 1506.03134): few songs teach that music repeats, where a
    network that can only name events has to learn it for every event anew. An onset has a
    weight of its own beside that of any event.
    """

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__()
        self.first_onset = first_onset(track)
        self.weights = nn.Linear(config.token_width, 4 * len(config.copy_steps), bias=False)

    def forward(self, logits: Tensor, of_cell: Tensor, there: Tensor) -> Tensor:
        """Logits [batch, steps, events] with the copies' added.

        `of_cell` [batch, steps, token_width] is what the network has to say of each cell, `there`
        [batch, steps, 2 * copy_steps] what stands elsewhere.
        """
        events = logits.shape[-1]
        any_event, onset = self.weights(of_cell).chunk(2, dim=-1)
        weight = any_event + onset * (there >= self.first_onset)
        known = there < events
        return logits.scatter_add(
            -1, torch.where(known, there, HOLD), (weight * known).to(logits.dtype)
        )


class Summary(nn.Conv1d):
    """Four 16ths -> one beat; without overlap a convolution is a linear map, which is faster."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, STEPS_PER_BEAT, stride=STEPS_PER_BEAT)

    def forward(self, steps: Tensor) -> Tensor:
        """[batch, steps, channels] -> [batch, beats, width]."""
        of_beat = steps.reshape(steps.shape[0], -1, STEPS_PER_BEAT * self.in_channels)
        return F.linear(of_beat, self.weight.transpose(1, 2).flatten(1), self.bias)


class Expansion(nn.ConvTranspose1d):
    """One beat -> four 16ths: the transposed convolution, as a linear map too."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__(width, channels, STEPS_PER_BEAT, stride=STEPS_PER_BEAT)

    def forward(self, beats: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[batch, beats, width] -> [batch, steps, channels]; `output_size` is always this."""
        del output_size
        of_beat = F.linear(beats, self.weight.permute(2, 1, 0).flatten(0, 1))
        of_step = of_beat.reshape(beats.shape[0], -1, self.out_channels)
        return of_step if self.bias is None else of_step + self.bias


Size: TypeAlias = tuple[int, int]
"""batch, beats: read off the tokens once, so that an exported graph reads it once too."""
Rotation: TypeAlias = tuple[Tensor, Tensor]
"""Cosines and signed sines [beats, head width] of rotary positions."""


class Attention(nn.Module):
    """Bidirectional multi-head self-attention over beats [batch, beats, width]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.inward = nn.Linear(config.width, 3 * config.width)
        self.outward = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, size: Size, rotation: Rotation | None) -> Tensor:
        """[batch, beats, width] -> the same shape; `rotation` is that of each beat."""
        apart = self.inward(x).view(*size, 3 * self.heads, -1).transpose(1, 2)
        q_and_k, v = apart[:, : 2 * self.heads], apart[:, 2 * self.heads :]
        if rotation is not None:
            q_and_k = _rotated(q_and_k, rotation)
        q, k = q_and_k[:, : self.heads], q_and_k[:, self.heads :]
        if torch.onnx.is_in_onnx_export():  # the exporter's own takes three times the nodes
            alike = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
            heard = alike.softmax(dim=-1) @ v
        else:
            dropout = self.dropout if self.training else 0.0
            heard = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
        mixed: Tensor = self.outward(heard.transpose(1, 2).reshape(*size, -1))
        return mixed


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
        x = x + self.dropout(self.attention(self.attention_norm(x), size, rotation))
        y: Tensor = x + self.dropout(self.mlp(self.mlp_norm(x)))
        return y


class ConvTransformer(nn.Module):
    """Partly masked tokens -> logits of every event at every 16th.

    A convolution sums four 16ths up into one position, a transformer looks at all beats both
    ways, a transposed convolution takes each beat apart again (thesis 4.6.2). Like the
    published network it is not told t: the masks say how far the diffusion has come.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        columns, width, token_width = config.columns, config.width, config.token_width
        self.key = Key(config) if config.one_key else None
        self.embeddings = nn.ModuleList(Embedding(c, config) for c in columns)
        self.step_of_beat = nn.Parameter(torch.zeros(STEPS_PER_BEAT, token_width))
        self.summaries = nn.ModuleList(Summary(token_width, width) for _ in columns)
        self.merge = nn.Linear(width * len(columns), width)
        self.chroma = Chroma(config) if config.chroma_beats else None
        self.elsewhere = Elsewhere(config) if config.copy_steps else None
        self.repeats = Repeats(config) if config.copy_steps else None
        if config.positions == "learned":
            beats = config.longest_steps // STEPS_PER_BEAT
            self.positions = nn.Parameter(torch.zeros(beats, width))
            # Counted in the thesis' tables, never used: its sequences have no start.
            self.start_token = nn.Parameter(torch.zeros(width), requires_grad=False)
        else:
            self.beat_of_bar = nn.Parameter(torch.zeros(BEATS_PER_BAR, width))
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.expansions = nn.ModuleList(Expansion(width, token_width) for _ in columns)
        self.heads = nn.ModuleList(Head(c, config) for c in columns)
        self.copies = nn.ModuleList(Copies(c, config) for c in columns if config.copy_steps)
        initialised(self, config.layers)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.startswith(SILENT_AT_FIRST):
                    weight.zero_()

    def forward(self, tokens: Tensor) -> list[Tensor]:
        """Tokens [batch, steps, tracks] (steps a multiple of 4) -> logits [batch, steps, events].

        One array a track. Raises ValueError for a window longer than learned positions reach.
        """
        if self.key is None:
            return self._denoised(tokens)
        key = self.key(tokens)
        return self.key.from_c(self._denoised(self.key.to_c(tokens, key)), key)

    def _denoised(self, tokens: Tensor) -> list[Tensor]:
        beats = tokens.shape[1] // STEPS_PER_BEAT
        size = (tokens.shape[0], beats)
        steps = self.step_of_beat.repeat(beats, 1)
        summed_up = [
            F.relu(summary(embedding(tokens[:, :, column]) + steps))
            for column, (embedding, summary) in enumerate(
                zip(self.embeddings, self.summaries, strict=True)
            )
        ]
        x = F.relu(self.merge(torch.cat(summed_up, dim=-1)))
        if self.chroma is not None:
            x = x + self.chroma(tokens)
        if self.elsewhere is not None and self.repeats is not None:
            elsewhere = self.elsewhere(tokens)
            x = x + self.repeats(tokens, elsewhere)
        rotation = None
        if self.config.positions == "learned":
            if beats > self.positions.shape[0]:
                raise ValueError(
                    f"{tokens.shape[1]} steps are more than the {self.config.longest_steps}"
                    " that this network has positions for"
                )
            x = x + self.positions[:beats]
        else:
            x = x + self.beat_of_bar.repeat((beats + BEATS_PER_BAR - 1) // BEATS_PER_BAR, 1)[:beats]
            rotation = _rotation(beats, self.config.width // self.config.heads, x)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, size, rotation)
        x = self.norm(x)
        of_cells = [F.relu(expansion(x)) for expansion in self.expansions]
        logits = [head(of_cell) for head, of_cell in zip(self.heads, of_cells, strict=True)]
        if not self.copies:
            return logits
        return [
            copies(of_track, of_cell, elsewhere[..., column])
            for column, (copies, of_track, of_cell) in enumerate(
                zip(self.copies, logits, of_cells, strict=True)
            )
        ]


SILENT_AT_FIRST = ("repeats.", "copies.")
"""Parts that add nothing before they have learned: so a network without them can go on."""


def initialised(model: nn.Module, blocks: int) -> None:
    """Weights to begin with, such that all `blocks` together add what one would."""
    model.apply(_initialise)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("attention.outward.weight", "mlp.2.weight")):
                weight.mul_((2 * blocks) ** -0.5)


def parameters(model: nn.Module) -> int:
    """How many numbers `model` holds."""
    return sum(parameter.numel() for parameter in model.parameters())


def _around(counts: Tensor, widths: Iterable[int]) -> Iterator[Tensor]:
    """Sums of `counts` [batch, tracks, kinds, steps] over each of `widths` beats around a beat.

    [batch, tracks, kinds, beats] each; widths are odd.
    """
    of_beat = STEPS_PER_BEAT * F.avg_pool2d(counts, (1, STEPS_PER_BEAT))
    for beats in widths:
        padding = (0, beats // 2)
        yield of_beat if beats == 1 else beats * F.avg_pool2d(of_beat, (1, beats), 1, padding)


def _rotation(beats: int, head_width: int, like: Tensor) -> Rotation:
    """The rotation of each beat (arXiv 2104.09864, eq. 34)."""
    half = torch.arange(0, head_width, 2, device=like.device, dtype=torch.float32)
    at = torch.arange(beats, device=like.device, dtype=torch.float32)
    angles = at[:, None] * torch.pow(10_000.0, -half / head_width)[None, :]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], -1).to(like.dtype), torch.cat([-sin, sin], -1).to(like.dtype)


def _rotated(x: Tensor, rotation: Rotation) -> Tensor:
    cos, signed_sin = rotation
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([second, first], dim=-1) * signed_sin


def _traits(track: Track) -> Tensor:
    """What the events of `track` and its mask have in common [events + 1, traits], 0 or 1.

    Pitch class and octave of an onset, the drums of a pattern; HOLD, OFF and mask have none.
    """
    if track is Track.DRUMS:
        patterns = torch.arange(MASK[track])[:, None] >> torch.arange(len(Drum))[None, :] & 1
        return F.pad(patterns.float(), (0, 0, 0, 1))
    traits = torch.zeros(MASK[track] + 1, 12 + HIGHEST_PITCH // 12 + 1)
    for token in range(FIRST_ONSET, MASK[track]):
        octave, pitch_class = divmod(pitch_of(token), 12)
        traits[token, pitch_class] = traits[token, 12 + octave] = 1.0
    return traits


def _moved(event: int, semitones: int) -> int:
    """A pitched event moved to the nearest octave `semitones` away that is in range."""
    if not FIRST_ONSET <= event < MASK[Track.MELODY]:
        return event
    return onset_token(fold(pitch_of(event) + (semitones + 5) % 12 - 5))


def _initialise(module: nn.Module) -> None:
    """Weights that keep the variance of what goes through them, no biases."""
    if isinstance(module, nn.Linear | nn.Conv1d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
    elif isinstance(module, nn.ConvTranspose1d):  # without overlap: all inputs are channels
        nn.init.normal_(module.weight, std=module.in_channels**-0.5)
    if isinstance(module, nn.Linear | nn.Conv1d | nn.ConvTranspose1d) and module.bias is not None:
        nn.init.zeros_(module.bias)
