"""The key that a band's music is moved to, its chords along with its notes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from schmubert.engine.music.chords import chord_of
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    CHORD_TOKENS,
    FIRST_ONSET,
    PITCHED,
    PITCHED_TOKENS,
    Track,
)
from schmubert.engine.networks.band_layers import first_of
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.tonality import Key

ROOTS, QUALITIES = 12, 7


class BandKey(Key):
    """`Key` for a band: its chords count too, and move with the notes."""

    chord_classes: Tensor
    chord_features: Tensor
    chords_into: Tensor
    chords_back: Tensor
    voice_masks: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        into = torch.arange(CHORD_TOKENS + 1).repeat(ROOTS, 1)
        for key in range(ROOTS):
            chord = torch.arange(CHORD_TOKENS - FIRST_ONSET)
            root = (chord // QUALITIES - key) % ROOTS
            into[key, FIRST_ONSET:CHORD_TOKENS] = FIRST_ONSET + root * QUALITIES + chord % QUALITIES
        self.register_buffer("chord_classes", chord_classes(), persistent=False)
        self.register_buffer("chord_features", chord_features(), persistent=False)
        self.register_buffer("chords_into", into, persistent=False)
        self.register_buffer("chords_back", into[:, :CHORD_TOKENS], persistent=False)
        masks = torch.tensor(BAND_MASK[: Track.CHORDS])
        self.register_buffer("voice_masks", masks, persistent=False)

    def forward(self, tokens: Tensor, cells: int = COMMON.cells) -> Tensor:
        """Tokens [batch, steps, 8] -> keys [batch], 0 (C) to 11; C where none is known."""
        heard = F.embedding(tokens[..., list(PITCHED)], self.pitch_classes).sum(dim=(1, 2))
        chords = F.embedding(first_of(tokens, cells)[..., Track.CHORDS], self.chord_classes).sum(
            dim=1
        )
        return ((heard + chords)[:, None, :] * self.profiles).sum(dim=-1).argmax(dim=-1)

    def to_c(self, tokens: Tensor, key: Tensor) -> Tensor:
        """`tokens` [batch, steps, 8] in `key` [batch], in C."""
        moved = [tokens[..., column] for column in range(tokens.shape[-1])]
        for track in PITCHED:
            moved[track] = self.into[key[:, None] * (PITCHED_TOKENS + 1) + moved[track]]
        flat = self.chords_into.flatten()
        moved[Track.CHORDS] = flat[key[:, None] * (CHORD_TOKENS + 1) + moved[Track.CHORDS]]
        return torch.stack(moved, dim=-1)

    def from_c(self, logits: list[Tensor], key: Tensor) -> list[Tensor]:
        """`logits` of the voices, of music in C, of the same music in `key` [batch]."""
        logits = list(logits)
        for track in PITCHED:
            index = self.back[key][:, None, :].expand(-1, logits[track].shape[1], -1)
            logits[track] = logits[track].gather(2, index)
        return logits

    def chords_from_c(self, logits: Tensor, key: Tensor) -> Tensor:
        """`logits` [batch, beats, events] of chords in C, of the same chords in `key` [batch]."""
        index = self.chords_back[key][:, None, :].expand(-1, logits.shape[1], -1)
        return logits.gather(2, index)


def chord_features() -> Tensor:
    """The pitch classes of each chord token, and its root [87, 24]."""
    classes = chord_classes()
    roots = F.one_hot(
        (torch.arange(CHORD_TOKENS + 1) - FIRST_ONSET).clamp(min=0) // QUALITIES % ROOTS, ROOTS
    )
    return torch.cat([classes, roots * classes.any(dim=1, keepdim=True).float()], dim=1)


def chord_classes() -> Tensor:
    """The pitch classes of each chord token [87, 12]; `HOLD`, `OFF` and the mask have none."""
    classes = torch.zeros(CHORD_TOKENS + 1, ROOTS)
    for token in range(FIRST_ONSET, CHORD_TOKENS):
        classes[token, sorted(chord_of(token).pitch_classes)] = 1.0
    return classes
