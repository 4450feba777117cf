"""Validation: the same windows, and the same masks or noise, every time."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from schmubert.engine.denoiser import MASKING
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, Track
from schmubert.training.data.dataset import Split, kinds_of
from schmubert.training.learning.loss import masked_cross_entropy
from schmubert.training.learning.objective import Denoising, Noisy
from schmubert.training.learning.settings import TrainSettings
from schmubert.training.metrics.bits import SEED, figures, held_out, named

Autocast: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Makes what is computed within as precise as training is."""

PIECES_A_CALL = 32
LONGEST_BARS = 16  # of the windows validated on, where training has longer ones too


class Validation(Protocol):
    """How good a network is at what it is trained for."""

    def scores(self, model: nn.Module, autocast: Autocast = nullcontext) -> dict[str, float]:
        """Figures by name of `model`, computed within `autocast()`: as it is trained."""
        ...

    def summary(self, scores: Mapping[str, float]) -> str:
        """The `scores` that matter most, in a line."""
        ...


def validation_of(
    split: Split,
    settings: TrainSettings,
    columns: tuple[Track, ...],
    names: tuple[str, ...] | None = None,
) -> Validation:
    """The validation of a run on songs that are never trained on.

    `names` are those of the tracks, where some are stacked.
    """
    if settings.corruption == MASKING:
        return MaskValidation(split, settings, columns, names)
    return NoiseValidation(split, settings, columns)


def _windows(
    split: Split, settings: TrainSettings, kinds: tuple[int, ...]
) -> tuple[Tokens, dict[str, Mask]]:
    """Windows [windows, steps, tracks] and masks of them by pattern, the same each time."""
    bars = max(
        (b for b in settings.window_bars if b <= LONGEST_BARS),
        default=min(settings.window_bars),
    )
    return held_out(
        split, bars, kinds, settings.on_grid, settings.validation_windows, settings.sounding
    )


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


class MaskValidation:
    """What a network needs to name what is masked, by masking pattern and track."""

    def __init__(
        self,
        split: Split,
        settings: TrainSettings,
        columns: tuple[Track, ...],
        names: tuple[str, ...] | None = None,
    ) -> None:
        self.columns = columns
        self.names = names or named(columns)
        self.tokens, self.masks = _windows(split, settings, kinds_of(self.names))

    def scores(self, model: nn.Module, autocast: Autocast = nullcontext) -> dict[str, float]:
        """See `Validation`: the `bits.figures` of `model`."""
        return figures(self.masks, lambda mask: self._bits(model, mask, autocast), self.names)

    def summary(self, scores: Mapping[str, float]) -> str:
        """See `Validation`."""
        line = f"validation loss {scores['loss']:.4f} elbo {scores['elbo']:.4f} bits a cell"
        given = scores.get("accompaniment")
        if given is None:
            return line
        return f"{line}; {self.names[0]} given: {given:.4f} bits a masked cell"

    def _bits(self, model: nn.Module, mask: Mask, autocast: Autocast) -> NDArray[np.float64]:
        device = _device(model)
        absorbing = np.asarray([BAND_MASK[column] for column in self.columns])
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


class NoiseValidation:
    """The evidence bound of a corruption without masks, with noise drawn once."""

    def __init__(self, split: Split, settings: TrainSettings, columns: tuple[Track, ...]) -> None:
        self.settings = settings
        tokens, _ = _windows(split, settings, columns)
        self.objective = Denoising(settings, columns)
        rng = np.random.default_rng(SEED)
        order = rng.permutation(len(tokens))  # so that every call sees all degrees of noise
        present = ~(tokens == np.asarray([BAND_MASK[column] for column in columns])).all(axis=1)
        whole = self.objective.batch(tokens, present, rng)
        self.batches = [
            Noisy(*(of_batch[rows] for of_batch in vars(whole).values()))
            for rows in np.array_split(order, -(-len(tokens) // PIECES_A_CALL))
        ]

    def scores(self, model: nn.Module, autocast: Autocast = nullcontext) -> dict[str, float]:
        """See `Validation`: "loss" (3.56), "elbo" (its L_vb) and "clean" (L_aux), bits a cell."""
        device = _device(model)
        bounds, auxiliaries = [], []
        for batch in self.batches:
            with torch.no_grad(), autocast():
                logits = model(torch.from_numpy(batch.noisy).to(device))
            with torch.no_grad():
                bound, clean = self.objective.bits(logits, batch)
            bounds.append(bound.cpu())
            auxiliaries.append(clean.double().cpu())
        elbo, clean_bits = float(torch.cat(bounds).mean()), float(torch.cat(auxiliaries).mean())
        loss = elbo + self.settings.auxiliary * clean_bits
        return {"loss": loss, "elbo": elbo, "clean": clean_bits}

    def summary(self, scores: Mapping[str, float]) -> str:
        """See `Validation`."""
        return (
            f"validation loss {scores['loss']:.4f} elbo {scores['elbo']:.4f} bits a cell;"
            f" clean from noise: {scores['clean']:.4f} bits a cell"
        )
