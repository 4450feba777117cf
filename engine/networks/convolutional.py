"""The convolutional transformer of thesis 4.6.2 (SCHmUBERT), in torch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.score import BEATS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import (
    Block,
    CopyHead,
    Downsample,
    Embedding,
    Head,
    RepeatFeatures,
    Shifted,
    Upsample,
    initialised,
    rotation_of,
)
from schmubert.engine.networks.tonality import Chroma, Key


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
        self.downsamples = nn.ModuleList(Downsample(token_width, width) for _ in columns)
        self.merge = nn.Linear(width * len(columns), width)
        self.chroma = Chroma(config) if config.chroma_beats else None
        self.shifted = Shifted(config) if config.copy_steps else None
        self.repeat_features = RepeatFeatures(config) if config.copy_steps else None
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
        self.upsamples = nn.ModuleList(Upsample(width, token_width) for _ in columns)
        self.heads = nn.ModuleList(Head(c, config) for c in columns)
        self.copy_heads = nn.ModuleList(CopyHead(c, config) for c in columns if config.copy_steps)
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
            F.relu(downsample(embedding(tokens[:, :, column]) + steps))
            for column, (embedding, downsample) in enumerate(
                zip(self.embeddings, self.downsamples, strict=True)
            )
        ]
        x = F.relu(self.merge(torch.cat(summed_up, dim=-1)))
        if self.chroma is not None:
            x = x + self.chroma(tokens)
        if self.shifted is not None and self.repeat_features is not None:
            shifted = self.shifted(tokens)
            x = x + self.repeat_features(tokens, shifted)
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
            rotation = rotation_of(beats, self.config.head_width, x)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, size, rotation)
        x = self.norm(x)
        of_cells = [F.relu(upsample(x)) for upsample in self.upsamples]
        logits = [head(of_cell) for head, of_cell in zip(self.heads, of_cells, strict=True)]
        if not self.copy_heads:
            return logits
        return [
            copy_head(of_track, of_cell, shifted[..., column])
            for column, (copy_head, of_track, of_cell) in enumerate(
                zip(self.copy_heads, logits, of_cells, strict=True)
            )
        ]


SILENT_AT_FIRST = ("repeat_features.", "copy_heads.")
"""Parts that add nothing before they have learned: so a network without them can go on."""
