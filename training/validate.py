"""Validation: the same windows and masks every time, by masking pattern and track."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schmubert.engine.model import ConvTransformer, ModelConfig
from schmubert.engine.score import Mask
from schmubert.engine.vocabulary import MASK, Track
from schmubert.training.bits import figures, held_out
from schmubert.training.dataset import Split
from schmubert.training.loss import masked_cross_entropy
from schmubert.training.settings import TrainSettings

PIECES_A_CALL = 32
LONGEST_BARS = 16  # of the windows validated on, where training has longer ones too


class Validation:
    """Windows of songs that are never trained on, with masks drawn once."""

    def __init__(self, split: Split, settings: TrainSettings, columns: tuple[Track, ...]) -> None:
        bars = max(
            (b for b in settings.window_bars if b <= LONGEST_BARS),
            default=min(settings.window_bars),
        )
        self.columns = columns
        self.tokens, self.masks = held_out(
            split, bars, columns, settings.on_grid, settings.validation_windows
        )

    def scores(
        self,
        config: ModelConfig,
        weights: Mapping[str, Tensor],
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> dict[str, float]:
        """The `bits.figures` of a network, computed within `autocast()`: as it is trained."""
        model = ConvTransformer(config).to(device).eval()
        model.load_state_dict(dict(weights))
        return figures(
            self.masks, lambda mask: self._bits(model, mask, device, autocast), self.columns
        )

    def _bits(
        self,
        model: ConvTransformer,
        mask: Mask,
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[None]],
    ) -> NDArray[np.float64]:
        absorbing = np.asarray([MASK[column] for column in self.columns])
        found = []
        for first in range(0, len(mask), PIECES_A_CALL):
            rows = slice(first, first + PIECES_A_CALL)
            tokens = torch.from_numpy(self.tokens[rows]).to(device)
            state = torch.from_numpy(np.where(mask[rows], absorbing, self.tokens[rows])).to(device)
            with torch.no_grad(), autocast():
                logits = model(state)
            masked = torch.from_numpy(mask[rows]).to(device)
            found.append(masked_cross_entropy(logits, tokens, masked).cpu())
        return torch.cat(found).double().numpy()
