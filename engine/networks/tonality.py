"""Layers that know of harmony: what is known around a beat, and the key that all is moved to."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.meter import STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    MASK,
    PITCHED,
    SIZES,
    Track,
    fold,
    onset_token,
    pitch_of,
)
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import around_beats, event_features


class Chroma(nn.Module):
    """What is known of the harmony around each beat, from the onsets of the pitched tracks."""

    pitch_classes: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.columns = [k for k, track in enumerate(config.columns) if track in PITCHED]
        self.beats = config.chroma_beats
        self.register_buffer(
            "pitch_classes", event_features(Track.MELODY)[:, :12], persistent=False
        )
        inputs = 12 * len(self.columns) * len(self.beats)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor, cells: int = STEPS_PER_BEAT, first: int = 0) -> Tensor:
        """Tokens [batch, steps, tracks] -> what is added to the stream [batch, beats, width], from
        beat `first` on."""
        onsets = F.embedding(tokens[:, :, self.columns], self.pitch_classes).permute(0, 2, 3, 1)
        found = []
        for around in around_beats(onsets, self.beats, cells):
            found.append((around / (1.0 + around.sum(dim=2, keepdim=True)))[..., first:])
        added: Tensor = self.into_stream(torch.stack(found, dim=2).flatten(1, 3).transpose(1, 2))
        return added


EVENTS_AND_MASK = MASK[Track.MELODY] + 1
KEY_PROFILE = (11.73, 4.83, 7.01, 4.87, 9.13, 8.07, 5.21, 8.53, 5.56, 9.99, 4.97, 6.40)
"""How well each pitch class fits C major and A minor: the sum of both probe-tone profiles of
Krumhansl and Kessler (1982), since the two share their notes."""


class Key(nn.Module):
    """Moves music to the key of C major (A minor), and what is said of it back.

    The key is the one that the known onsets fit best (Krumhansl 1990, ch. 4). So the network
    says the same of a melody in every key: equivariance by a canonical frame (arXiv 2110.03336).
    """

    pitch_classes: Tensor
    profiles: Tensor
    into: Tensor
    back: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.pitched = [track in PITCHED for track in config.columns]
        events = torch.tensor(
            [[_moved(e, -key) for e in range(EVENTS_AND_MASK)] for key in range(12)]
        )
        keys = torch.arange(12)
        profiles = torch.tensor(KEY_PROFILE)[(keys[None, :] - keys[:, None]) % 12]
        self.register_buffer(
            "pitch_classes", event_features(Track.MELODY)[:, :12], persistent=False
        )
        self.register_buffer("profiles", profiles - profiles.mean(), persistent=False)
        self.register_buffer("into", events.flatten(), persistent=False)
        self.register_buffer("back", events[:, : SIZES[Track.MELODY]], persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps, tracks] -> keys [batch], 0 (C) to 11; C where none is known."""
        onsets = torch.stack(
            [
                F.embedding(tokens[:, :, column], self.pitch_classes).sum(dim=1)
                for column, pitched in enumerate(self.pitched)
                if pitched
            ]
        ).sum(dim=0)
        # No matrix product: int8 would blur which key is best.
        return (onsets[:, None, :] * self.profiles).sum(dim=-1).argmax(dim=-1)

    def to_c(self, tokens: Tensor, key: Tensor) -> Tensor:
        """`tokens` [batch, steps, tracks] in `key` [batch], in C."""
        return torch.stack(
            [
                self.into[key[:, None] * EVENTS_AND_MASK + tokens[:, :, column]]
                if pitched
                else tokens[:, :, column]
                for column, pitched in enumerate(self.pitched)
            ],
            dim=-1,
        )

    def from_c(self, logits: list[Tensor], key: Tensor) -> list[Tensor]:
        """`logits` [batch, steps, events] of music in C, of the same music in `key` [batch]."""
        return [
            of_track.gather(2, self.back[key][:, None, :].expand(-1, of_track.shape[1], -1))
            if pitched
            else of_track
            for of_track, pitched in zip(logits, self.pitched, strict=True)
        ]


def pitch_classes() -> Tensor:
    """Which pitch class an event of a pitched track starts [events + 1, 12], 0 or 1."""
    return event_features(Track.MELODY)[:, :12]


def _moved(event: int, semitones: int) -> int:
    """A pitched event moved to the nearest octave `semitones` away that is in range."""
    if not FIRST_ONSET <= event < MASK[Track.MELODY]:
        return event
    return onset_token(fold(pitch_of(event) + (semitones + 5) % 12 - 5))
