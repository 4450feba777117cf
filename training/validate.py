"""Validation: the same windows and masks every time, by masking pattern and track."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from schmubert.engine.model import ConvTransformer, ModelConfig
from schmubert.engine.score import Mask, Tokens
from schmubert.engine.vocabulary import MASK, Track
from schmubert.training.batches import windows_by_song
from schmubert.training.dataset import Split
from schmubert.training.loss import elbo, masked_cross_entropy, reweighted_elbo
from schmubert.training.masking import PATTERNS
from schmubert.training.settings import TrainSettings

VALIDATION_SEED = 20_231_113
PIECES_A_CALL = 32
LONGEST_BARS = 16  # of the windows validated on, where training has longer ones too


class Validation:
    """Windows of songs that are never trained on, with masks drawn once."""

    def __init__(self, split: Split, settings: TrainSettings, columns: tuple[Track, ...]) -> None:
        bars = max(
            (b for b in settings.window_bars if b <= LONGEST_BARS),
            default=min(settings.window_bars),
        )
        rng = np.random.default_rng(VALIDATION_SEED)
        windows = windows_by_song(split, bars, bars, columns, settings.on_grid)
        drawn = windows.draw(settings.validation_windows, rng)
        self.columns = columns
        self.tokens: Tokens = split.batch(drawn, bars)[..., list(columns)]
        shape = (len(drawn), self.tokens.shape[1], len(columns))
        self.masks: dict[str, Mask] = {
            name: pattern(shape, rng) for name, pattern in PATTERNS.items()
        }
        if len(columns) > 1:
            given_melody = np.zeros(shape, bool)
            given_melody[..., 1:] = True
            self.masks["accompaniment"] = given_melody

    def scores(
        self,
        config: ModelConfig,
        weights: Mapping[str, Tensor],
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> dict[str, float]:
        """Loss and ELBO in bits per cell under uniform masks; bits a masked cell by pattern.

        Computed within `autocast()`: in the precision of the training.

        Names are "loss", "elbo", PATTERN and PATTERN/TRACK; "accompaniment" is all of the other
        tracks masked and the melody given (with a single track: the ELBO again).
        """
        model = ConvTransformer(config).to(device).eval()
        model.load_state_dict(dict(weights))
        found: dict[str, float] = {}
        present = torch.ones(1, len(self.columns), dtype=torch.bool)
        for pattern, mask in self.masks.items():
            bits = self._bits(model, mask, device, autocast)
            masked = torch.from_numpy(mask)
            found[pattern] = float(bits.sum() / masked.sum())
            for column, track in enumerate(self.columns):
                count = masked[..., column].sum()
                if count:
                    share = bits[..., column].sum() / count
                    found[f"{pattern}/{track.name.lower()}"] = float(share)
            if pattern == "uniform":
                everywhere = present.expand(len(mask), -1)
                found["loss"] = float(reweighted_elbo(bits, masked, everywhere))
                found["elbo"] = float(elbo(bits, masked, everywhere))
        return {"accompaniment": found["elbo"], **found}

    def _bits(
        self,
        model: ConvTransformer,
        mask: Mask,
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[None]],
    ) -> Tensor:
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
        return torch.cat(found)
