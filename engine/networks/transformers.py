"""The other networks of the thesis: plain, hierarchical and U-shaped (4.6.1, 4.6.3 and 4.6.4).

All take partly masked tokens [batch, steps, tracks] and give logits [batch, steps, events], one
array a track, as the convolutional one of `model.py` does, whose parts they are made of. Learned
positions limit the window to `longest_steps`; a window that does not divide into a network's
groups is filled up with masks, and what is said of these is left out.
"""

from abc import ABC, abstractmethod
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import MASK
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import Block, Embedding, Head, initialised

GROUP_STEPS = 32
"""The length of a subsequence of the hierarchical network (table 5.2)."""


class _Transformer(nn.Module, ABC):
    """What they have in common: embeddings that meet in one vector a 16th, and heads."""

    mask: Tensor

    def __init__(self, config: ModelConfig, multiple: int, merges: bool) -> None:
        super().__init__()
        if config.longest_steps % multiple:
            raise ValueError(f"{config.longest_steps} steps do not divide into {multiple}s")
        self.config = config
        self.multiple = multiple
        columns, width = config.columns, config.token_width
        self.register_buffer("mask", torch.tensor([MASK[c] for c in columns]), persistent=False)
        self.embeddings = nn.ModuleList(Embedding(c, config) for c in columns)
        self.merge = nn.Linear(width * len(columns), width) if merges else None
        self.dropout = nn.Dropout(config.dropout)
        self.heads = nn.ModuleList(Head(c, config) for c in columns)

    def forward(self, tokens: Tensor) -> list[Tensor]:
        """Tokens [batch, steps, tracks] -> logits [batch, steps, events], one array a track.

        Raises ValueError for more steps than there are positions for.
        """
        batch, steps = tokens.shape[0], tokens.shape[1]
        if steps > self.config.longest_steps:
            raise ValueError(
                f"{steps} steps are more than the {self.config.longest_steps} that this network"
                " has positions for"
            )
        groups = (steps + self.multiple - 1) // self.multiple
        beyond = self.mask.repeat(batch, self.multiple, 1)
        whole = torch.cat([tokens, beyond], dim=1)[:, : groups * self.multiple]
        embedded = torch.cat(
            [embedding(whole[:, :, k]) for k, embedding in enumerate(self.embeddings)], dim=-1
        )
        x = embedded if self.merge is None else F.relu(self.merge(embedded))
        of_cells = self.denoised(x, batch, groups)[:, :steps]
        return [head(of_cells) for head in self.heads]

    @abstractmethod
    def denoised(self, x: Tensor, batch: int, groups: int) -> Tensor:
        """[batch, groups * multiple, token_width] -> the same shape."""


class Transformer(_Transformer):
    """Every 16th a position of one stack of blocks (thesis 4.6.1), 76,275,200 parameters.

    "A 24 layer Transformer similar to GPT-2 medium": the width is that of the other networks, 512,
    and so is the number of heads; no table counts it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, multiple=1, merges=len(config.tracks) > 1)
        self.positions = nn.Parameter(torch.zeros(config.longest_steps, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        initialised(self, config.layers)

    def denoised(self, x: Tensor, batch: int, groups: int) -> Tensor:
        """See the base class."""
        x = self.dropout(x + self.positions[:groups])
        return _through(self.blocks, x, batch, groups, self.norm)


class HierarchicalTransformer(_Transformer):
    """Groups of 32 steps that are summed up, looked at together and split again (thesis 4.6.3).

    A lower stack looks at each group, the mean of a group goes up, an upper stack looks at all
    groups, each is split into 32 vectors, and a second lower stack looks at each group again. The
    text says neither how many layers a stack has nor how 32 vectors become one. With 11 layers in
    each of the three stacks the count is that of table 5.2 exactly, 56,465,664; other divisions
    come to the same.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, multiple=GROUP_STEPS, merges=len(config.tracks) > 1)
        lower, width = replace(config, width=config.token_width), config.width
        self.positions = nn.Parameter(torch.zeros(2, GROUP_STEPS, lower.width))
        self.group_positions = nn.Parameter(torch.zeros(config.longest_steps // GROUP_STEPS, width))
        self.blocks = nn.ModuleList(
            nn.ModuleList(Block(of_stack) for _ in range(config.layers))
            for of_stack in (lower, config, lower)
        )
        self.summary = nn.Linear(lower.width, width)
        self.norm = nn.LayerNorm(width)
        self.split = nn.Linear(width, GROUP_STEPS * lower.width)
        self.lower_norm = nn.LayerNorm(lower.width)
        initialised(self, 3 * config.layers)

    def denoised(self, x: Tensor, batch: int, groups: int) -> Tensor:
        """See the base class."""
        first, upper, last = self.blocks
        width = self.config.token_width
        x = x.reshape(-1, GROUP_STEPS, width)
        x = self.dropout(x + self.positions[0])
        x = _through(first, x, batch * groups, GROUP_STEPS)
        above = self.summary(x.mean(dim=1)).reshape(batch, groups, self.config.width)
        above = above + self.group_positions[:groups]
        above = _through(upper, above, batch, groups, self.norm)
        x = self.split(above).reshape(-1, GROUP_STEPS, width) + self.positions[1]
        x = _through(last, x, batch * groups, GROUP_STEPS, self.lower_norm)
        return x.reshape(batch, groups * GROUP_STEPS, width)


class UTransformer(_Transformer):
    """Six levels, each half as long as the one above it, and back up (thesis 4.6.4).

    On the way down two blocks a level, then a perceptron of half the width whose outputs are
    joined in pairs; on the way up a perceptron of twice the width that is split into pairs, to
    which the level's own output on the way down is added, and two blocks. Of 1,024 positions 16
    are left at the bottom, each of four bars (the text says one). So the count is that of table
    5.3 exactly, 80,478,208, with the merging layer and the unused start token that the
    convolutional network has too; other divisions come to the same.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, multiple=2**config.levels, merges=True)
        width, levels = config.width, config.levels
        self.positions = nn.Parameter(torch.zeros(config.longest_steps, width))
        # Counted in the thesis' table, never used: its sequences have no start.
        self.start_token = nn.Parameter(torch.zeros(width), requires_grad=False)
        self.blocks = nn.ModuleList(
            nn.ModuleList(Block(config) for _ in range(config.layers)) for _ in range(2 * levels)
        )
        self.downs = nn.ModuleList(nn.Linear(width, width // 2) for _ in range(levels))
        self.ups = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(levels))
        self.norm = nn.LayerNorm(width)
        initialised(self, 2 * levels * config.layers)

    def denoised(self, x: Tensor, batch: int, groups: int) -> Tensor:
        """See the base class."""
        width, levels = self.config.width, self.config.levels
        x = self.dropout(x + self.positions[: groups * self.multiple])
        skipped = []
        for level, down in enumerate(self.downs):
            x = _through(self.blocks[level], x, batch, groups * 2 ** (levels - level))
            skipped.append(x)
            x = F.relu(down(x)).reshape(batch, -1, width)
        for level, up in enumerate(self.ups):
            x = F.relu(up(x)).reshape(batch, -1, width) + skipped.pop()
            x = _through(self.blocks[levels + level], x, batch, groups * 2 ** (level + 1))
        normed: Tensor = self.norm(x)
        return normed


def _through(
    stack: nn.Module, x: Tensor, batch: int, length: int, norm: nn.Module | None = None
) -> Tensor:
    """`x` [batch, length, width] through the blocks of `stack`, and `norm` where there is one."""
    for block in stack.children():
        x = block(x, (batch, length), None)
    return x if norm is None else norm(x)
