"""Classifier guidance (thesis 4.5 and 5.2.2): any differentiable loss steers what is sampled.

A loss is a Python callable in torch that takes what the model believes of a finished piece: for
each column the probabilities [batch, steps, events], one-hot where a cell is already known. It
returns one number, whose gradient with respect to the masked cells bends what the denoiser said.
The denoiser itself may be of any kind: no gradient goes through it.

`algorithm_6` steps along the gradient of the probabilities, as the thesis prints it. That adds as
much to a pitch that the model finds absurd as to the likeliest, and so levels the pitches of a cell
out. `on_logits` steps along the gradient of the logits, which scales the probabilities instead.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, MASK, PITCHED_TOKENS, SIZES, TRIO, Track

Loss = Callable[[Sequence[Tensor]], Tensor]
"""Probabilities [batch, steps, events] a column -> a number to be made small."""

LEAST = 1e-9  # a probability that a step would take below 0
SOUNDS = 64  # beliefs about a pitch, from nearly none to nearly sure, in a batch of bars
CLASSES = STEPS_PER_BAR + 1
BATCH, LEARNING_RATE = 256, 3e-3


def algorithm_6(loss: Loss, scale: float, tracks: Sequence[Track] = TRIO) -> Guide:
    """Algorithm 6: the probabilities of masked cells minus `scale` times the gradient of `loss`.

    What falls below 0 is 0, and each cell is normalised again, on which the thesis is silent.
    `tracks` says what the columns are.
    """

    def guide(tokens: Tokens, logits: Logits) -> Logits:
        believed, targets = _beliefs(tokens, logits, tracks)
        with torch.enable_grad():
            probabilities = [of_track.detach().requires_grad_() for of_track in believed]
            gradients = torch.autograd.grad(
                loss(probabilities), probabilities, materialize_grads=True
            )
        bent = [
            (of_track.detach() - scale * gradient).clamp_min(LEAST).log().log_softmax(dim=-1)
            for of_track, gradient in zip(probabilities, gradients, strict=True)
        ]
        return _chosen(bent, logits, targets)

    return guide


def on_logits(loss: Loss, scale: float, rounds: int = 1, tracks: Sequence[Track] = TRIO) -> Guide:
    """The logits of masked cells minus `scale` times the gradient of `loss`, `rounds` times over.

    The events among which `loss` makes no difference keep their proportions. ValueError for less
    than one round. `tracks` says what the columns are.
    """
    if rounds < 1:
        raise ValueError(f"{rounds} rounds are too few: at least 1")

    def guide(tokens: Tokens, logits: Logits) -> Logits:
        known, targets = _beliefs(tokens, logits, tracks)
        bent = [torch.from_numpy(np.array(of_track, np.float32)) for of_track in logits]
        for _ in range(rounds):
            with torch.enable_grad():
                bent = [of_track.detach().requires_grad_() for of_track in bent]
                believed = [
                    torch.where(masked[..., None], of_track.softmax(dim=-1), one_hot)
                    for of_track, masked, one_hot in zip(bent, targets, known, strict=True)
                ]
                gradients = torch.autograd.grad(loss(believed), bent, materialize_grads=True)
            bent = [
                of_track - scale * gradient
                for of_track, gradient in zip(bent, gradients, strict=True)
            ]
        return _chosen([of_track.detach() for of_track in bent], logits, targets)

    return guide


class DensityClassifier(nn.Module):
    """How many notes begin in a bar: probabilities [.., 16, 90] -> logits [.., 17] of 0 to 16.

    Every 16th is read by the same embedding, so it tells what begins from what goes on, and the
    sixteen together are counted by a perceptron.
    """

    def __init__(self, width: int = 4, hidden: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Linear(PITCHED_TOKENS, width)
        self.count = nn.Sequential(
            nn.Linear(STEPS_PER_BAR * width, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, CLASSES),
        )

    def forward(self, probabilities: Tensor) -> Tensor:
        """Probabilities [.., 16, 90] of the events of a bar -> logits [.., 17] of its density."""
        counted: Tensor = self.count(self.embedding(probabilities).flatten(-2))
        return counted


def synthetic_bars(
    bars: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Bars that nobody wrote: probabilities [bars, 16, 90], and notes drawn from them, [bars].

    In each bar some cells are known, of which as many begin a note as a density of 0 to 16 drawn
    for the bar says, and the others are as unsure as a denoiser: they begin one with a
    probability about that density, and agree with themselves on pitches more or less. The count
    is that of one draw, so a classifier learns how probable each count is.
    """
    density = rng.uniform(0.0, 1.0, (bars, 1))
    unsure = rng.random((bars, STEPS_PER_BAR)) < rng.uniform(0.0, 1.0, (bars, 1))
    spread = rng.uniform(0.0, 4.0, (bars, 1))
    log_odds = np.log(density / (1 - density)) + spread * rng.normal(size=(bars, STEPS_PER_BAR))
    soft = 1 / (1 + np.exp(-log_odds))
    hard = rng.random((bars, STEPS_PER_BAR)) < density
    begins = np.where(unsure, soft, hard)
    begun = np.where(unsure, rng.random((bars, STEPS_PER_BAR)) < soft, hard)
    sharp = rng.uniform(0.0, 4.0, (SOUNDS, 1))
    choices = np.exp(sharp * rng.normal(size=(SOUNDS, PITCHED_TOKENS - FIRST_ONSET)))
    choices /= choices.sum(axis=-1, keepdims=True)
    choices = np.concatenate([choices, np.eye(PITCHED_TOKENS - FIRST_ONSET)])
    sure = SOUNDS + rng.integers(PITCHED_TOKENS - FIRST_ONSET, size=unsure.shape)
    pitched = choices[np.where(unsure, rng.integers(SOUNDS, size=unsure.shape), sure)]
    ends = rng.random((bars, STEPS_PER_BAR))
    ends = np.where(unsure, ends, ends < rng.random((bars, 1)))
    quiet = np.stack([1 - ends, ends], axis=-1)
    cells = np.concatenate([(1 - begins)[..., None] * quiet, begins[..., None] * pitched], axis=-1)
    return cells.astype(np.float32), begun.sum(axis=-1).astype(np.int64)


def train_density(seed: int = 0, steps: int = 1500) -> DensityClassifier:
    """A `DensityClassifier` trained on `synthetic_bars` alone, some seconds on one core."""
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = DensityClassifier()
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        cells, counts = synthetic_bars(BATCH, rng)
        loss = F.cross_entropy(classifier(torch.from_numpy(cells)), torch.from_numpy(counts))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return classifier.eval().requires_grad_(False)


def density_loss(
    classifier: Callable[[Tensor], Tensor], onsets: int, column: int = Track.MELODY
) -> Loss:
    """The cross entropy of `onsets` notes in every bar of a pitched `column`, summed over bars.

    Summed, so that a bar is steered alike in a window of any length. Steps beyond the last whole
    bar do not count. ValueError for a number outside 0..16.
    """
    if not 0 <= onsets < CLASSES:
        raise ValueError(f"{onsets} onsets a bar are outside 0..16")

    def loss(probabilities: Sequence[Tensor]) -> Tensor:
        of_track = probabilities[column]
        bars = of_track.shape[1] // STEPS_PER_BAR
        whole = of_track[:, : bars * STEPS_PER_BAR]
        counted = classifier(whole.reshape(-1, STEPS_PER_BAR, of_track.shape[-1]))
        targets = torch.full((len(counted),), onsets, device=counted.device)
        return F.cross_entropy(counted, targets, reduction="sum")

    return loss


def _beliefs(
    tokens: Tokens, logits: Logits, tracks: Sequence[Track]
) -> tuple[list[Tensor], list[Tensor]]:
    """What is believed of each column, [batch, steps, events], and which cells are masked."""
    believed, targets = [], []
    for column, (track, of_track) in enumerate(zip(tracks, logits, strict=True)):
        cells = torch.from_numpy(np.ascontiguousarray(tokens[..., column]))
        masked = cells == MASK[track]
        one_hot = F.one_hot(cells.masked_fill(masked, 0), SIZES[track]).float()
        soft = torch.from_numpy(np.array(of_track, np.float32)).softmax(dim=-1)
        believed.append(torch.where(masked[..., None], soft, one_hot))
        targets.append(masked)
    return believed, targets


def _chosen(bent: Sequence[Tensor], logits: Logits, targets: Sequence[Tensor]) -> Logits:
    """The `bent` logits of the `targets`, the denoiser's of all other cells."""
    return [
        np.where(masked.numpy()[..., None], ours.numpy(), theirs)
        for ours, theirs, masked in zip(bent, logits, targets, strict=True)
    ]
