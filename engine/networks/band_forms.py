"""What forms go by in the network of a band: other forms, and how a bar would stand there.

Songs go by how their bars went before, so most of what is to be known of a form is said by forms:
one network sees them alone (`FormNetwork`; `FormContext` in models before it), and adds to what the
network of the band makes of everything else.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    BAND_SIZES,
    FORMS,
    HOLD,
    PITCHED,
    TRIO,
    Track,
)
from schmubert.engine.networks.band_layers import called
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import Block, rotation_of

FORM_WIDTH = 32
NETWORK_WIDTH, NETWORK_HEADS = 96, 4


class FormNetwork(nn.Module):
    """Forms by themselves, known and unknown -> logits of each: a small transformer over bars.

    A convolution over `config.form_bars` before and after comes first, which also shows it where a
    window begins. `form_layers` are its blocks. It can learn alone (`plan_training.py`).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner = replace(config, width=NETWORK_WIDTH, heads=NETWORK_HEADS, dropout=0.0)
        bars = config.form_bars
        self.embeddings = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, FORM_WIDTH) for f in FORMS)
        self.near = nn.Conv1d(len(FORMS) * FORM_WIDTH, NETWORK_WIDTH, 2 * bars + 1, padding=bars)
        self.blocks = nn.ModuleList(Block(inner) for _ in range(config.form_layers))
        self.norm = nn.LayerNorm(NETWORK_WIDTH)
        self.out = nn.Linear(NETWORK_WIDTH, sum(BAND_SIZES[form] for form in FORMS))

    def forward(self, forms: list[Tensor]) -> tuple[Tensor, ...]:
        """Forms [batch, bars] of each track -> their logits [batch, bars, events], a track each."""
        x = self.near(_side_by_side(self.embeddings, forms)).transpose(1, 2)
        size = (forms[0].shape[0], forms[0].shape[1])
        rotation = rotation_of(size[1], NETWORK_WIDTH // NETWORK_HEADS, x)
        for block in self.blocks:
            x = block(x, size, rotation)
        logits: Tensor = self.out(self.norm(x))
        return torch.split(logits, [BAND_SIZES[form] for form in FORMS], dim=-1)


class FormContext(nn.Module):
    """What the forms around a bar say of its own: songs go by how their bars went before.

    Two convolutions over `bars` before and after, all tracks at once. It says nothing at first.
    """

    def __init__(self, bars: int) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, FORM_WIDTH) for f in FORMS)
        size, hidden = 2 * bars + 1, 4 * FORM_WIDTH
        self.near = nn.Conv1d(len(FORMS) * FORM_WIDTH, hidden, size, padding=bars)
        self.far = nn.Conv1d(hidden, hidden, size, padding=bars)
        self.out = nn.Linear(hidden, sum(BAND_SIZES[form] for form in FORMS))

    def forward(self, forms: list[Tensor]) -> tuple[Tensor, ...]:
        """Forms [batch, bars] of each track -> what is added to their logits, a track each."""
        x = _side_by_side(self.embeddings, forms)
        x = F.relu(self.far(F.relu(self.near(x)))).transpose(1, 2)
        return torch.split(self.out(x), [BAND_SIZES[form] for form in FORMS], dim=-1)


class FormFit(nn.Module):
    """What a form goes by that would bring a bar back: how well that bar would stand there.

    That is by how many nats its cells are less likely than the likeliest ones, by what the network
    says of the notes. It says nothing at first, and the notes do not learn by it. Drums have no
    harmony that may not fit: judged so, drums that the band made were played again half as often
    as those of songs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(len(PITCHED), len(AGAIN), BAND_SIZES[FORMS[0]]))

    def forward(self, track: Track, logits: Tensor, cells: Tensor, before: Tensor) -> Tensor:
        """What is added to the logits of the forms of a pitched `track` [batch, bars, events].

        Logits [batch, bars, steps, events] of its `cells` [batch, bars, steps], and what stands
        there in the bars `before` [batch, bars, steps, AGAIN]. Only open cells count.
        """
        likely = logits.detach().log_softmax(dim=-1)
        known = before.clamp(max=BAND_SIZES[track] - 1)
        short = likely.amax(dim=-1, keepdim=True) - likely.gather(-1, known)
        counts = (cells == BAND_MASK[track])[..., None] & (before == known)
        nats = (short * counts).sum(dim=2).log1p()
        # no product of matrices, which a graph in int8 would round
        return (nats[..., None] * self.weight[track]).sum(dim=2)


class ChordFit(nn.Module):
    """What a form goes by that would bring a bar back: whether its chords are those of that bar.

    That is in which share of the beats they are, and in which they are not; a beat whose chord is
    not known in both bars is neither. It says nothing at first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(len(TRIO), len(AGAIN), 2, BAND_SIZES[FORMS[0]]))

    def forward(self, chords: Tensor, before: Tensor) -> list[Tensor]:
        """What is added to the logits of forms, one [batch, bars, events] a track.

        `chords` [batch, bars, beats] are those that last, and `before` [batch, bars, beats, AGAIN]
        those of the bars that may come again.
        """
        here = chords[..., None]
        known = _is_chord(here) & _is_chord(before)
        same, other = known & (here == before), known & (here != before)
        shares = torch.stack([same, other], dim=-1).to(self.weight.dtype).mean(dim=2)
        # no product of matrices, which a graph in int8 would round
        return [(shares[..., None] * weight).sum(dim=(2, 3)) for weight in self.weight]


def _is_chord(events: Tensor) -> Tensor:
    return (events != HOLD) & (events != BAND_MASK[Track.CHORDS])


def _side_by_side(embeddings: nn.ModuleList, forms: list[Tensor]) -> Tensor:
    """The vectors of the forms [batch, bars] of each track: [batch, channels, bars]."""
    vectors = [called(layer, form) for layer, form in zip(embeddings, forms, strict=True)]
    return torch.cat(vectors, dim=-1).transpose(1, 2)
