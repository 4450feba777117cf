"""How many heads of attention a network has, where its weights do not tell: songs do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR, Mask, Tokens
from schmubert.engine.networks.convolutional import ConvTransformer
from schmubert.engine.networks.torch_denoiser import TorchDenoiser
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.metrics.bits import bits_of_masked, held_out

WINDOWS = 16


@dataclass(frozen=True)
class Trial:
    """What the same weights need for songs with each number of `heads`.

    `bits` a cell are the bound 3.57, the mean of so many `windows` of `bars` bars; the network with
    the fewest is `best`, and in `wins` windows it needs fewer than any other.
    """

    heads: tuple[int, ...]
    bits: tuple[float, ...]
    windows: int
    bars: int
    wins: int

    @property
    def best(self) -> int:
        """The place of the likeliest among the `heads`."""
        return int(np.argmin(self.bits))

    def told(self) -> str:
        """The figures in a line."""
        figures = zip(self.heads, self.bits, strict=True)
        said = ", ".join(f"{bits:.4f} with {heads} heads" for heads, bits in figures)
        return (
            f"bits a cell: {said}; {self.heads[self.best]} are likelier in {self.wins} of"
            f" {self.windows} windows of {self.bars} bars"
        )


def likelier(models: Sequence[ConvTransformer], dataset: Dataset) -> Trial:
    """`models`, which differ in their heads alone, tried on the same masked songs of `dataset`.

    The songs are those of validation. ValueError where there is none with the tracks.
    """
    config = models[0].config
    tokens, mask = _songs(dataset.split("validation"), models[0])
    cells = mask.sum(axis=(1, 2)).clip(min=1)
    found = []
    for model in models:
        denoiser = TorchDenoiser.of(model, config, "imported")
        found.append(bits_of_masked(denoiser, tokens, mask).sum(axis=(1, 2)) / cells)
    bits = np.stack(found)
    wins = bits.argmin(axis=0) == bits.mean(axis=1).argmin()
    return Trial(
        tuple(model.config.heads for model in models),
        tuple(bits.mean(axis=1).tolist()),
        len(tokens),
        tokens.shape[1] // STEPS_PER_BAR,
        int(wins.sum()),
    )


def _songs(split: Split, model: ConvTransformer) -> tuple[Tokens, Mask]:
    """Windows [windows, steps, tracks] as long as `model` knows and songs are; uniform masks."""
    bars = model.config.longest_steps // STEPS_PER_BAR
    while True:
        try:
            tokens, masks = held_out(split, bars, model.config.columns, 0.0, WINDOWS)
        except ValueError as error:
            if bars <= 1:
                tracks = ", ".join(model.config.tracks)
                raise ValueError(
                    f"no validation song of the dataset has {tracks}, so none tells the heads:"
                    " prepare one of more songs, or say --heads"
                ) from error
            bars //= 2
        else:
            return tokens, masks["uniform"]
