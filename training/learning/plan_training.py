"""The networks of plans learn by themselves, before the band that they are part of.

What a form goes by is mostly said by other forms, and so with traits, and a chord mostly by the
melody and other chords; windows of these alone are a small part of the work that windows of notes
are. So these networks see many more of them than the band does in its time, in the states that they
will meet: forms and chords are drawn from the first to the last, with a part that is heard from end
to end or not, and traits one after the other; on stage chords are named with none known. After that
they stay as they are. Trained along with the band (`plan_steps` 0), in states that no sampler meets
too, they forget what they knew: a rest after a rest of the drums .37 instead of .61, songs .72.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.plans import speaking
from schmubert.engine.music.score import Mask
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, FORMS, HOLD, TRAIT_COUNT, Track
from schmubert.engine.networks.band import BandTransformer, inputs_of
from schmubert.engine.networks.band_chords import ChordNetwork
from schmubert.engine.networks.band_forms import FormNetwork
from schmubert.engine.networks.band_traits import TraitNetwork
from schmubert.engine.networks.layers import Attention
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
"""So often forms are known here and there; half of the windows know traits here and there."""
ALL_CHORDS = 0.35
"""So often no chord is known."""
AS_FAR = 0.5
"""So often notes are heard as far as chords are known, if they are not heard to the end."""
BASS_HEARD = 0.3
"""So often the bass is heard, as far as the melody or to the end."""
TOLD_EVERY = 250


def train_plans(
    model: nn.Module,
    batches: object,
    settings: TrainSettings,
    device: torch.device,
    say: Callable[[str], None],
) -> None:
    """Train the networks of plans of `model` in `settings.plan_steps`, and `say` how it goes.

    ValueError where it has none.
    """
    if not isinstance(batches, BandBatches) or not isinstance(model, BandTransformer):
        raise ValueError(f"{settings.preset} has no network of plans: leave out --plan-steps")
    rng = np.random.default_rng((settings.seed, settings.plan_steps))
    forms, traits, chords = model.form_network, model.trait_network, model.chord_network
    if forms is not None:
        of_forms = lambda step: form_cost(forms, batches, step, rng, device)  # noqa: E731
        _train("forms", forms, of_forms, settings.plan_steps, device, say)
    if traits is not None:
        of_traits = lambda step: trait_cost(traits, batches, step, rng, device)  # noqa: E731
        _train("traits", traits, of_traits, settings.plan_steps, device, say)
    if chords is not None:
        of_chords = lambda step: chord_cost(chords, model, batches, step, rng, device)  # noqa: E731
        _train("chords", chords, of_chords, settings.plan_steps, device, say)


NETWORKS = ("form_network.", "trait_network.", "chord_network.")
ADDS = (
    "form_heads.", "form_fit.", "chord_fit.", "traits.names.", "chord_head.", "chord_network.gate.",
)  # fmt: skip
"""What a band makes of all that it hears, which is added to what plans say by themselves."""


VOICES = "voice_network."


def freeze(model: BandTransformer, settings: TrainSettings) -> None:
    """Leave the networks of plans of `model` as they are, and with `plans_only` all but `ADDS`.

    With `voices_only` all but the network of voices stays, and says what it says at play.
    """
    if settings.voices_only:
        for name, weight in model.named_parameters():
            weight.requires_grad_(name.startswith(VOICES))
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            elif isinstance(module, Attention):
                module.dropout = 0.0
        return
    if settings.plan_steps or settings.plans_only:
        for name, weight in model.named_parameters():
            stays = settings.plans_only or name.startswith(NETWORKS)
            weight.requires_grad_(name.startswith(ADDS) or not stays)


def _train(
    name: str,
    network: nn.Module,
    cost_at: Callable[[int], Tensor],
    steps: int,
    device: torch.device,
    say: Callable[[str], None],
) -> None:
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    costs: list[float] = []
    for step in range(steps):
        left = 1.0 - step / steps
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / WARMUP_STEPS, 2.0 * left)
        cost = cost_at(step)
        optimizer.zero_grad()
        torch.autograd.backward(cost)
        optimizer.step()
        costs.append(cost.item())
        if (step + 1) % TOLD_EVERY == 0 or step + 1 == steps:
            say(f"{name}, step {step + 1:,}: {np.mean(costs[-TOLD_EVERY:]):.3f} nats")


def form_cost(
    network: FormNetwork,
    batches: BandBatches,
    step: int,
    rng: np.random.Generator,
    device: torch.device,
) -> Tensor:
    """The nats of a form of the windows of `step` that is not known."""
    forms = batches.forms_at(step, WINDOWS)
    asked = asked_forms((forms.shape[0], forms.shape[1]), rng)
    known = torch.from_numpy(np.where(asked, BAND_MASK[FORMS[0]], forms)).to(device)
    logits = torch.stack(network([*known.unbind(dim=-1)]), dim=2)
    wanted = torch.from_numpy(asked).to(device)
    return F.cross_entropy(logits[wanted], torch.from_numpy(forms).to(device)[wanted])


def trait_cost(
    network: TraitNetwork,
    batches: BandBatches,
    step: int,
    rng: np.random.Generator,
    device: torch.device,
) -> Tensor:
    """The nats of a trait of the windows of `step` that is not known."""
    traits, bars = batches.traits_at(step, WINDOWS)
    mask = BAND_MASK[Track.TRAITS]
    asked = asked_traits(len(traits), rng)
    known = torch.from_numpy(np.where(asked, mask, traits)).to(device)
    logits = network(known, torch.tensor(bars, device=device))
    said = torch.from_numpy(asked & (traits != mask) & (traits != HOLD)).to(device)
    return F.cross_entropy(logits[said], torch.from_numpy(traits).to(device)[said])


def chord_cost(
    network: ChordNetwork,
    model: BandTransformer,
    batches: BandBatches,
    step: int,
    rng: np.random.Generator,
    device: torch.device,
) -> Tensor:
    """The nats of a chord of the windows of `step` that is not known, in the key of `model`."""
    notes, meter = batches.notes_at(step)
    beats = notes.shape[1] // meter.cells
    hidden = hidden_for_chords((len(notes), beats), rng)
    asked = hidden[..., Track.CHORDS] & (
        notes[:, :: meter.cells, Track.CHORDS] != BAND_MASK[Track.CHORDS]
    )
    columns, masks = BAND[: notes.shape[-1]], BAND_MASK[: notes.shape[-1]]
    masked = hidden.repeat(meter.cells, axis=1) & speaking(columns, notes.shape[1], meter)
    known = np.where(masked, masks, notes)
    seen = torch.from_numpy(known).to(device)
    _, of_meter, _ = inputs_of(meter, model.config, device)
    key = model.key(seen, meter.cells)
    logits, _ = network(model.key.to_c(seen, key), of_meter, meter.cells)
    own = model.key.to_c(torch.from_numpy(notes).to(device), key)[:, :: meter.cells, Track.CHORDS]
    wanted = torch.from_numpy(asked).to(device)
    return F.cross_entropy(logits[wanted], own[wanted])


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


def asked_traits(windows: int, rng: np.random.Generator) -> Mask:
    """Which traits of so many windows are unknown [windows, 16]: from one on, or here and there."""
    open_from = np.arange(TRAIT_COUNT) >= rng.integers(TRAIT_COUNT, size=(windows, 1))
    here_and_there = rng.random((windows, TRAIT_COUNT)) < rng.random((windows, 1))
    return np.where(rng.random((windows, 1)) < 0.5, open_from, here_and_there)


def hidden_for_chords(shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """What is unknown [windows, beats, 5] of so many windows of beats: melody, bass and chords.

    Chords are unknown from one on, throughout, or here and there. The melody is heard to its end,
    up to some beat, or not at all, and the bass, too, but less often.
    """
    windows, beats = shape
    here, first = np.arange(beats), rng.integers(beats, size=(windows, 1))
    chords = here >= first
    chords[rng.random(windows) < ALL_CHORDS] = True
    scattered = rng.random(windows) < SCATTERED
    here_and_there = rng.random(shape) < rng.random((windows, 1))
    chords[scattered] = here_and_there[scattered]
    other = rng.integers(beats, size=(windows, 1))
    later = here >= np.where(rng.random((windows, 1)) < AS_FAR, first, other)
    kind = rng.random((windows, 1))
    melody = np.where(kind < HEARD, False, later | (kind >= 1.0 - WITHOUT))
    bass = np.where(rng.random((windows, 1)) < BASS_HEARD, melody, True)
    hidden = np.ones((*shape, Track.CHORDS + 1), bool)
    hidden[..., Track.MELODY], hidden[..., Track.BASS] = melody, bass
    hidden[..., Track.CHORDS] = chords
    return hidden
