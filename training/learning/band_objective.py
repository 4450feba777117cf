"""What a network of a band is trained to do: name what is masked, in its tracks and its plans."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from schmubert.engine.music.plans import cells_apart
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, TRIO
from schmubert.engine.networks.band import inputs_of
from schmubert.engine.networks.config import ModelConfig
from schmubert.training.data.band_masking import MaskedBand
from schmubert.training.learning.objective import Cost


class BandUnmasking:
    """Every masked cell counts alike (see `loss.plain`), and a plan's token as all cells it rules.

    So a chord counts as much as the notes of its beat, and a form as those of its bar: what a whole
    bar hangs on is not one cell in sixteen.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    def cost(self, model: torch.nn.Module, batch: MaskedBand, device: torch.device) -> Cost:
        """See `Objective`: bits a cell of the trio, of all that is asked for."""
        bits, counts = self.bits(model, batch, device)
        weighed = [
            of_column.sum() * cells_apart(track, batch.meter)
            for track, of_column in zip(BAND, bits, strict=True)
        ]
        total = torch.stack(weighed).sum()
        asked = torch.stack(
            [
                count * cells_apart(track, batch.meter)
                for track, count in zip(BAND, counts, strict=True)
            ]
        ).sum()
        cells = batch.tokens.shape[0] * batch.tokens.shape[1] * len(TRIO)
        return Cost(total / cells, (total / asked.clamp(min=1)).detach())

    def bits(
        self, model: torch.nn.Module, batch: MaskedBand, device: torch.device
    ) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """Of each column the bits of what is asked for [batch, n], 0 elsewhere, and how much is."""
        tokens, masked, targets = (
            torch.from_numpy(array).to(device, non_blocking=True)
            for array in (batch.tokens, batch.masked, batch.targets)
        )
        seen = torch.where(masked, torch.tensor(BAND_MASK, device=device), tokens)
        said = model(seen, *inputs_of(batch.meter, self.config, device), compact=True)
        bits, counts = [], []
        for track, logits in zip(BAND, said, strict=True):
            apart = cells_apart(track, batch.meter)
            asked = targets[:, ::apart, track]
            wanted = torch.where(asked, tokens[:, ::apart, track], -100)
            of_column = F.cross_entropy(
                logits.float().flatten(0, 1), wanted.flatten(), ignore_index=-100, reduction="none"
            )
            bits.append(of_column.view(asked.shape) / math.log(2))
            counts.append(asked.sum())
        return bits, counts
