"""What a run trains a network to do: to unmask, or to undo another corruption.

An objective makes batches of clean tokens, in NumPy, and says what a network's answer costs. The
vocabulary of the network is the same for both: a track's events and its mask go in, its events
come out. A corruption without masks has the events as its states. There a mask says that a piece
lacks the track, and such a track is no part of the process.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schmubert.engine.denoiser import MASKING
from schmubert.engine.diffusion.corruption import Corruption, Ints, corruption_of
from schmubert.engine.diffusion.rests import tacet_bars, tacet_cells
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, Track
from schmubert.training.data.masking import mixed, uniform_times
from schmubert.training.learning.loss import LOSSES, elbo, masked_cross_entropy
from schmubert.training.learning.settings import TrainSettings
from schmubert.training.learning.variational import auxiliary, evidence_bound

B = TypeVar("B")


class Cost(NamedTuple):
    """What answers cost, in bits a cell: scalars. `loss` is minimised, `elbo` is for the log."""

    loss: Tensor
    elbo: Tensor


class Objective(Protocol[B]):
    """How batches are corrupted, and what answers cost."""

    def batch(self, tokens: Tokens, present: NDArray[np.bool_], rng: np.random.Generator) -> B:
        """Corrupt `tokens` [batch, steps, tracks]; `present` [batch, tracks] are in the pieces."""
        ...

    def cost(self, model: torch.nn.Module, batch: B, device: torch.device) -> Cost:
        """What the answers of `model` cost."""
        ...


@dataclass(frozen=True)
class Masked:
    """`tokens` and `masked` [batch, steps, tracks]; `present` [batch, tracks]."""

    tokens: Tokens
    masked: NDArray[np.bool_]
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class Unmasking:
    """Name what is masked, in patterns dealt by the mix of the settings (thesis 4.4).

    Where the settings ask for it, the network is shown in which bars a track rests.
    """

    settings: TrainSettings
    columns: tuple[Track, ...]

    def batch(self, tokens: Tokens, present: NDArray[np.bool_], rng: np.random.Generator) -> Masked:
        """See `Objective`; what a piece lacks is masked too, and counts nowhere."""
        batch, steps, tracks = tokens.shape
        masked = mixed((batch, steps, tracks), self.settings.mix, rng)
        if self.settings.tacet:
            shown = rng.random((batch, 1, 1)) < self.settings.tacet
            masked &= ~(shown & tacet_cells(tacet_bars(tokens, self.columns)))
        return Masked(tokens, masked | ~present[:, None, :], present)

    def cost(self, model: torch.nn.Module, batch: Masked, device: torch.device) -> Cost:
        """See `Objective`: the loss by the weighting of the settings, the bound 3.57 beside it."""
        tokens, masked, present = (
            torch.from_numpy(array).to(device, non_blocking=True)
            for array in (batch.tokens, batch.masked, batch.present)
        )
        absorbing = torch.tensor([BAND_MASK[column] for column in self.columns], device=device)
        logits = model(torch.where(masked, absorbing, tokens))
        targets = masked & present[:, None, :]
        bits = masked_cross_entropy(logits, tokens, targets)
        loss = LOSSES[self.settings.weighting](bits, targets, present)
        return Cost(loss, elbo(bits.detach(), targets, present))


@dataclass(frozen=True)
class Noisy:
    """x_0 and x_t [batch, steps, tracks]; the step t of each piece [batch]; `present` tracks."""

    tokens: Tokens
    noisy: Tokens
    t: Ints
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class Denoising:
    """Undo a corruption without masks: L_vb + lambda L_aux of equation 3.56.

    A whole piece has one t, and every cell its own noise. The network is not told t: in a piece of
    hundreds of cells the noise itself says how much there is.
    """

    settings: TrainSettings
    columns: tuple[Track, ...]

    @cached_property
    def corruptions(self) -> tuple[Corruption, ...]:
        """One a track."""
        name, steps_t = self.settings.corruption, self.settings.corruption_steps
        return tuple(corruption_of(name, track, steps_t) for track in self.columns)

    def batch(self, tokens: Tokens, present: NDArray[np.bool_], rng: np.random.Generator) -> Noisy:
        """See `Objective`; a track that a piece lacks stays masked."""
        steps_t = self.settings.corruption_steps
        t = 1 + np.floor(uniform_times(len(tokens), rng) * steps_t).astype(np.int64)
        noisy = tokens.copy()
        for column, corruption in enumerate(self.corruptions):
            there = present[:, column]
            clean = tokens[there, :, column]
            t_of_cells = np.broadcast_to(t[there, None], clean.shape)
            noisy[there, :, column] = corruption.noisy(clean, t_of_cells, rng)
        return Noisy(tokens, noisy, t, present)

    def cost(self, model: torch.nn.Module, batch: Noisy, device: torch.device) -> Cost:
        """See `Objective`: every cell of a track that is there counts alike."""
        noisy = torch.from_numpy(batch.noisy).to(device, non_blocking=True)
        bound, clean = self.bits(model(noisy), batch)
        loss = bound.mean() + self.settings.auxiliary * clean.mean()
        return Cost(loss, bound.detach().mean())

    def bits(self, logits: list[Tensor], batch: Noisy) -> tuple[Tensor, Tensor]:
        """Of every cell of the tracks that are there, L_vb (a sample of it) and L_aux [cells].

        `logits` [batch, steps, events] are one a track, the network's of `batch.noisy`.
        """
        bounds, auxiliaries = [], []
        device = logits[0].device
        t = torch.from_numpy(batch.t).to(device)
        for column, corruption in enumerate(self.corruptions):
            there = torch.from_numpy(batch.present[:, column]).to(device)
            x_0, x_t = (
                torch.from_numpy(array[..., column]).to(device)[there].flatten()
                for array in (batch.tokens, batch.noisy)
            )
            of_track = logits[column][there].flatten(0, 1)
            t_of_cells = t[there].repeat_interleave(batch.tokens.shape[1])
            bounds.append(evidence_bound(of_track, x_0, x_t, t_of_cells, corruption))
            auxiliaries.append(auxiliary(of_track, x_0))
        return torch.cat(bounds), torch.cat(auxiliaries)


def objective_of(settings: TrainSettings, columns: tuple[Track, ...]) -> Objective[Any]:
    """What `settings` train a network with these `columns` to do."""
    if settings.corruption == MASKING:
        return Unmasking(settings, columns)
    return Denoising(settings, columns)
