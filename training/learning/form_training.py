"""The network of forms learns by itself, before the band that it is a part of goes on.

What a form goes by is mostly said by other forms, and windows of forms alone are a thousandth of
the work that windows of notes are. So it sees many more of them than the band does in its time, in
the states that it will meet: forms are drawn from the first bar to the last, with a part that is
heard from end to end or not, and at times known here and there, or of some tracks not at all.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from schmubert.engine.music.score import Mask
from schmubert.engine.music.vocabulary import BAND_MASK, FORMS, Track
from schmubert.engine.networks.band import BandTransformer
from schmubert.training.learning.band_batches import BandBatches
from schmubert.training.learning.settings import TrainSettings

WINDOWS = 256
"""So many windows a step."""
LEARNING_RATE, WARMUP_STEPS, WEIGHT_DECAY = 2e-3, 100, 0.01
"""AdamW's; the rate falls to 0 over the second half."""
HEARD = 0.6
"""So often the melody is heard from end to end."""
WITHOUT = 0.15
"""So often nothing is known of a track."""
SCATTERED = 0.15
"""So often forms are known here and there."""
TOLD_EVERY = 250


def train_forms(
    model: nn.Module,
    batches: object,
    settings: TrainSettings,
    device: torch.device,
    say: Callable[[str], None],
) -> None:
    """Train the network of forms of `model` in `settings.form_steps`, and `say` how it goes.

    ValueError where it has none.
    """
    network = model.form_network if isinstance(model, BandTransformer) else None
    if network is None or not isinstance(batches, BandBatches):
        raise ValueError(f"{settings.preset} has no network of forms: leave out --form-steps")
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps, rng = settings.form_steps, np.random.default_rng((settings.seed, settings.form_steps))
    mask, costs = BAND_MASK[FORMS[0]], []
    for step in range(steps):
        left = 1.0 - step / steps
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / WARMUP_STEPS, 2.0 * left)
        forms = batches.forms_at(step, WINDOWS)
        asked = asked_forms((forms.shape[0], forms.shape[1]), rng)
        known = torch.from_numpy(np.where(asked, mask, forms)).to(device)
        targets, wanted = torch.from_numpy(forms).to(device), torch.from_numpy(asked).to(device)
        logits = torch.stack(network([*known.unbind(dim=-1)]), dim=2)
        cost = F.cross_entropy(logits[wanted], targets[wanted])
        optimizer.zero_grad()
        torch.autograd.backward(cost)
        optimizer.step()
        costs.append(cost.item())
        if (step + 1) % TOLD_EVERY == 0 or step + 1 == steps:
            say(f"forms, step {step + 1:,}: {np.mean(costs[-TOLD_EVERY:]):.3f} nats")


def asked_forms(shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Which forms of so many windows and bars are unknown [windows, bars, 3]."""
    windows, bars = shape
    open_from = np.arange(bars) >= rng.integers(bars, size=(windows, 1))
    asked = np.repeat(open_from[..., None], len(FORMS), axis=-1)
    asked[rng.random(windows) < HEARD, :, Track.MELODY] = False
    asked |= (rng.random((windows, len(FORMS))) < WITHOUT)[:, None]
    scattered = rng.random(windows) < SCATTERED
    here_and_there = rng.random(asked.shape) < rng.random((windows, 1, 1))
    asked[scattered] = here_and_there[scattered]
    return asked
