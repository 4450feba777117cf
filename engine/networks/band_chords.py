"""What chords go by in the network of a band: a melody, a bass, and the chords around.

A network of a band learns chords along with all else, from few windows. Most of what is to be known
of a chord is said by the notes of melody and bass and by other chords: one network sees these alone
(`ChordNetwork`), and adds to what the network of the band makes of everything else.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    CHORD_TOKENS,
    HOLD,
    OFF,
    PITCHED,
    Track,
)
from schmubert.engine.networks.band_key import ROOTS, chord_features
from schmubert.engine.networks.band_layers import called, first_of, in_parts, lasting_events
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import Block, rotation_of
from schmubert.engine.networks.meters import BEAT_PLACES
from schmubert.engine.networks.tonality import pitch_classes

WIDTH, HEADS = 128, 4
BEATS_AROUND = 4
"""So far the convolution sees on both sides: what is held over begins there."""
SILENT_KINDS = 3
"""What a cell does that begins no note: it holds, it ends one, or it is not known."""


class ChordNetwork(nn.Module):
    """Melody, bass and chords, known and unknown -> logits of the chords: a transformer over beats.

    All is in C (`BandKey`). Of a beat it sees which pitch classes begin in it, and with it, and
    what its other cells do. `config.chord_layers` are its blocks. It can learn alone
    (`plan_training.py`).
    """

    classes: Tensor
    features: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner = replace(config, width=WIDTH, heads=HEADS, dropout=0.0)
        self.register_buffer("classes", pitch_classes(), persistent=False)
        self.register_buffer("features", chord_features(), persistent=False)
        self.notes = nn.Linear(len(PITCHED) * (2 * ROOTS + SILENT_KINDS), WIDTH)
        self.chords = nn.Embedding(CHORD_TOKENS + 1, WIDTH)
        self.chord_classes = nn.Linear(2 * ROOTS, WIDTH, bias=False)
        self.begins = nn.Embedding(2, WIDTH)
        self.beats = nn.Embedding(BEAT_PLACES, WIDTH)
        self.near = nn.Conv1d(WIDTH, WIDTH, 2 * BEATS_AROUND + 1, padding=BEATS_AROUND)
        self.blocks = nn.ModuleList(Block(inner) for _ in range(config.chord_layers))
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, CHORD_TOKENS)
        self.gate = nn.Linear(WIDTH, 1)

    def forward(self, tokens: Tensor, beats: Tensor, cells: int) -> tuple[Tensor, Tensor]:
        """Tokens [batch, steps, 5 or more] in C, beats of `cells` -> [batch, beats, events].

        Beside these logits stands how much they are to count in a band [batch, beats, 1]: the
        network sees no drums and no form, and where no chord is known it says less than a band.
        `beats` [beats of a bar] are those of `meter_inputs`.
        """
        seen = [part for track in PITCHED for part in self._seen(tokens[..., track], track, cells)]
        said = first_of(tokens, cells)[..., Track.CHORDS]
        lasting = lasting_events(said)
        x = called(self.notes, torch.cat(seen, dim=-1))
        x = x + called(self.chords, lasting) + called(self.begins, (said != HOLD).long())
        x = x + called(self.chord_classes, F.embedding(lasting, self.features))
        x = x + called(self.beats, beats).repeat(said.shape[1] // beats.shape[0], 1)
        x = x + F.gelu(called(self.near, x.transpose(1, 2))).transpose(1, 2)
        size = (x.shape[0], x.shape[1])
        rotation = rotation_of(size[1], WIDTH // HEADS, x)
        for block in self.blocks:
            x = block(x, size, rotation)
        x = called(self.norm, x)
        return called(self.out, x), called(self.gate, x)

    def _seen(self, column: Tensor, track: Track, cells: int) -> tuple[Tensor, ...]:
        """What the network is shown of each beat of a `column` [batch, steps] of `track`."""
        onsets = in_parts(F.embedding(column, self.classes), cells)
        kinds = torch.stack([column == HOLD, column == OFF, column == BAND_MASK[track]], dim=-1)
        shares = in_parts(kinds.to(onsets.dtype), cells).mean(dim=2)
        return onsets.sum(dim=2), onsets[:, :, 0], shares
