"""The weights of networks before the band that is, in its shapes."""

from collections.abc import Mapping

import torch
from torch import Tensor

from schmubert.engine.music.meter import MOST_BEATS
from schmubert.engine.networks.band import BandTransformer
from schmubert.engine.networks.meters import BEAT_PLACES

ADDED = (
    "form_context.", "form_network.", "form_fit.", "chord_fit.", "traits.", "trait_network.",
    "chord_network.", "voice_network.",
)  # fmt: skip
"""Parts that a band trained before them does not have."""


def grown(weights: Mapping[str, Tensor], model: BandTransformer) -> dict[str, Tensor]:
    """The `weights` of a band for `model`, whose parts that are new stay, and none that it lacks.

    What a band made of forms and traits before it had a network of these alone is not added to what
    that one says.
    """
    state = model.state_dict()
    new = {n: tensor for n, tensor in state.items() if n.startswith(ADDED) and n not in weights}
    kept = {n: w for n, w in weights.items() if n in state or not n.startswith(ADDED)}
    for network, head in (("form_network.", "form_heads."), ("trait_network.", "traits.names.")):
        if any(name.startswith(network) for name in new):
            kept |= {n: w * 0.0 for n, w in kept.items() if n.startswith(head)}
    return new | kept


def taken_over(weights: Mapping[str, Tensor], model: BandTransformer) -> dict[str, Tensor]:
    """The weights of a network `live` of 0.2 in the shapes of `model`; what is new stays."""
    state = dict(model.state_dict())
    between = [(0, 0, 0.0), (0, 1, 2 / 3), (1, 1, 0.0), (1, 2, 1 / 3), (2, 2, 0.0),
               (2, 3, 2 / 3), (3, 3, 0.0), (3, 3, 0.0)]  # fmt: skip
    for name, old in weights.items():
        if name == "step_of_beat":
            new, name = _between(old, between), "place_of_beat"  # noqa: PLW2901
        elif name == "beat_of_bar":
            rows = [(beats, beat) for beats in range(2, MOST_BEATS + 1) for beat in range(beats)]
            new = old.new_zeros(BEAT_PLACES, old.shape[1])
            for beats, beat in rows:
                new[(beats - 1) * MOST_BEATS + beat] = old[min(beat, len(old) - 1)]
            name = "beat_in.weight"  # noqa: PLW2901
        elif name.startswith(("downsamples.", "upsamples.")) and name.endswith("weight"):
            new = _between(old.permute(2, 1, 0), between)  # [width, channels, 4]
        else:
            new = old
        if name not in state or state[name].shape != new.shape:
            raise ValueError(f"no place for {name} {tuple(old.shape)}")
        state[name] = new
    return state


def _between(of_quarters: Tensor, between: list[tuple[int, int, float]]) -> Tensor:
    """A row for each place of a beat, of rows [4, ..] of its quarters."""
    return torch.stack(
        [of_quarters[low] * (1 - share) + of_quarters[high] * share for low, high, share in between]
    )
