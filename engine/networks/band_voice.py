"""What a note of a melody goes by: the notes around it, how far they lie, and rhythm.

A network of a band names pitches. That tunes mostly go by step, wherever they are, it has to learn
for every pitch anew, and with few songs it does not: of the notes of a melody .30 lie a step of one
or two semitones from the one before by what it says, and .37 in songs, however little is hidden.
The same holds of a rhythm that comes again with other pitches. So a small network sees intervals in
place of pitches, and of each cell whether something begins, ends or holds (`VoiceNetwork`). What it
says is the same in all keys, and is added to what the network of the band makes of all else.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    CHORD_TOKENS,
    FIRST_ONSET,
    HOLD,
    LOWEST_PITCH,
    OFF,
    PITCHED,
    PITCHED_TOKENS,
    Drum,
    Track,
)
from schmubert.engine.networks.band_key import QUALITIES, ROOTS
from schmubert.engine.networks.band_layers import called, first_of, lasting_events, shifted_by
from schmubert.engine.networks.layers import around_beats
from schmubert.engine.networks.meters import BEAT_PLACES, PLACES

FURTHEST = 24
"""Intervals beyond two octaves count as two octaves."""
INTERVALS = 2 * FURTHEST + 1
NEIGHBOURS = 4
"""So many notes before a cell, and after it, are seen."""
LONGEST = 48
"""Distances in cells beyond this count as this."""
NEAR = 8
"""So many cells on both sides are seen, whether something begins, ends or holds in each."""
ALIKE_BEATS = 9
"""Within so many beats around, rhythms are compared with those elsewhere."""
KINDS = 4
"""What a cell does: it holds, it ends a note, it begins one, or it is not known."""
BEGINS, UNKNOWN_KIND = 2, 3
CLASS_OF_LOWEST = LOWEST_PITCH % ROOTS
"""Pitches are counted from the lowest here, and roots from C."""
LONGEST_WINDOW = 1 << 12
"""More cells than any window has."""


class Heard:
    """What is known of a pitched `track`, a `column` of tokens [batch, steps]."""

    def __init__(self, column: Tensor, track: Track) -> None:
        self.column = column
        unknown = column == BAND_MASK[track]
        self.kinds = (column >= FIRST_ONSET).long() * 2 + (column == OFF).long() + unknown.long()
        begins = self.kinds == BEGINS
        self.notes, self.counts = _places(begins)
        self.begins = begins.long()
        self.speaking, self.spoken = _places(column != HOLD)
        self.unknown = unknown.long().cumsum(dim=1)
        self.pitches = torch.where(begins, column - FIRST_ONSET, 0)
        high = torch.where(begins, self.pitches, -1).amax(dim=1, keepdim=True)
        low = torch.where(begins, self.pitches, PITCHED_TOKENS).amin(dim=1, keepdim=True)
        self.ends = low, high

    def around(self, cells: Tensor) -> "Around":
        """The notes before and after each of `cells` [n]."""
        steps, count = self.column.shape[1], self.counts[:, cells] + NEIGHBOURS
        earlier = count - self.begins[:, cells]
        near = range(NEIGHBOURS)
        before = [self.notes.gather(1, earlier - further) for further in near]
        after = [self.notes.gather(1, count + 1 + further) for further in near]
        last, coming = before[0].clamp(min=0), after[0].clamp(max=steps - 1)
        unknown = self.unknown[:, cells]
        return Around(
            [self._pitch(at, at >= 0) for at in before],
            [self._pitch(at, at < steps) for at in after],
            (cells - before[0]).clamp(max=LONGEST),
            (after[0] - cells).clamp(max=LONGEST),
            (
                (unknown - self.unknown.gather(1, last)).clamp(0, LONGEST),
                (self.unknown.gather(1, coming) - unknown).clamp(0, LONGEST),
            ),
            self.ends,
        )

    def _pitch(self, at: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        steps = self.column.shape[1]
        return self.pitches.gather(1, at.clamp(0, steps - 1)), there

    def sounding(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """The pitch that is known to sound at each of `cells` [batch, n], and where one does."""
        at = self.speaking.gather(1, self.spoken[:, cells] + NEIGHBOURS)
        event = self.column.gather(1, at.clamp(min=0))
        there = (at >= 0) & (event >= FIRST_ONSET) & (event < PITCHED_TOKENS)
        return torch.where(there, event - FIRST_ONSET, 0), there

    def rhythm(self, distances: Tensor, cells: Tensor, in_beat: int) -> Tensor:
        """What begins, ends and holds around each of `cells` and elsewhere [batch, n, inputs]."""
        mask = torch.tensor([UNKNOWN_KIND], device=distances.device)
        near = torch.arange(1, NEAR + 1, device=distances.device)
        here = self.kinds[..., None]
        around = shifted_by(here, near, mask)[:, cells, :, 0]
        there = shifted_by(here, distances, mask)[..., 0]
        kinds = torch.cat([around, there[:, cells]], dim=-1)
        shown = torch.stack([kinds == kind for kind in range(KINDS - 1)], dim=-1).flatten(2)
        known = (here != UNKNOWN_KIND) & (there != UNKNOWN_KIND) & (here + there != HOLD)
        same = known & (here == there)
        both = torch.stack([same, known ^ same], dim=1).transpose(2, 3).float()
        (counts,) = around_beats(both, (ALIKE_BEATS,), in_beat)
        shares = counts / (1.0 + counts.sum(dim=1, keepdim=True))  # [batch, 2, distances, beats]
        of_beats = shares.flatten(1, 2).transpose(1, 2)[:, cells // in_beat]
        return torch.cat([shown.to(of_beats.dtype), of_beats], dim=-1)


@dataclass(frozen=True)
class Around:
    """The notes around cells [batch, n], nearest first: pitches, and where there are any.

    `since` and `until` are the cells to the nearest on both sides, of which so many are `unknown`.
    `ends` are the lowest and the highest note of the window.
    """

    before: list[tuple[Tensor, Tensor]]
    after: list[tuple[Tensor, Tensor]]
    since: Tensor
    until: Tensor
    unknown: tuple[Tensor, Tensor]
    ends: tuple[Tensor, Tensor]

    @property
    def any(self) -> Tensor:
        """Where there is any."""
        return self.before[0][1] | self.after[0][1]

    @property
    def reference(self) -> Tensor:
        """The pitch of the note before, or else of the next: what intervals are counted from."""
        (last, played), (coming, _) = self.before[0], self.after[0]
        return torch.where(played, last, coming)


class VoiceNetwork(nn.Module):
    """A melody, the bass, drums and chords, known and unknown -> what is added to the melody.

    `width` numbers a cell. It says nothing at first. It is trained beside a band that stays as it
    is (`--voice-only`).
    """

    starts: Tensor

    def __init__(self, width: int, distances: int) -> None:
        super().__init__()
        chords = ROOTS * QUALITIES + 3
        rows = [
            *[INTERVALS + 1] * (2 * NEIGHBOURS + 2),
            *[LONGEST + 1] * 4,
            chords,
            ROOTS + 1,
            KINDS,
            KINDS,
            PLACES,
            BEAT_PLACES,
        ]
        starts = torch.tensor(rows).cumsum(0) - torch.tensor(rows)
        self.register_buffer("starts", starts, persistent=False)
        self.features = nn.Embedding(sum(rows), width)
        seen = 2 * NEAR + 2 * distances
        self.rhythm = nn.Linear(seen * (KINDS - 1) + 4 * distances, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, 2 * INTERVALS + 2 * ROOTS + KINDS - 1)
        nn.init.normal_(self.features.weight, std=len(rows) ** -0.5)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self,
        tokens: Tensor,
        places: Tensor,
        beats: Tensor,
        distances: Tensor,
        cells: Tensor,
        logits: Tensor,
    ) -> Tensor:
        """`logits` [batch, n, events] of the melody at `cells` [n], with the network's added.

        Tokens [batch, steps, 5 or more]; `places`, `beats` and `distances` are those of
        `meter_inputs`. How likely a note begins is a matter of rhythm alone: intervals only say
        which one.
        """
        in_beat = places.shape[0]
        melody, bass = (Heard(tokens[..., track], track) for track in PITCHED)
        around, sounding, sounds = melody.around(cells), *bass.sounding(cells)
        lasting = lasting_events(first_of(tokens, in_beat)[..., Track.CHORDS])
        chords = lasting[:, cells // in_beat]
        is_chord = (chords >= FIRST_ONSET) & (chords < CHORD_TOKENS)
        chord = (chords - FIRST_ONSET).clamp(0, ROOTS * QUALITIES - 1)
        root = chord // QUALITIES - CLASS_OF_LOWEST
        reference = torch.where(around.any, around.reference, torch.where(is_chord, root, sounding))
        moved = torch.remainder(root - reference, ROOTS) * QUALITIES + chord % QUALITIES
        unnamed = ROOTS * QUALITIES + torch.where(chords == BAND_MASK[Track.CHORDS], 2, chords)
        drums = _drum_kind(tokens[:, cells, Track.DRUMS])
        rows = [
            *(
                _interval(pitch, reference, there & around.any)
                for pitch, there in (*around.before, *around.after)
            ),
            *(_interval(end, reference, around.any) for end in around.ends),
            around.since,
            around.until,
            *around.unknown,
            torch.where(is_chord, moved, unnamed),
            torch.where(sounds, torch.remainder(sounding - reference, ROOTS), ROOTS),
            bass.kinds[:, cells],
            drums,
            places[cells % in_beat].expand_as(drums),
            beats[cells // in_beat % beats.shape[0]].expand_as(drums),
        ]
        x = called(self.rhythm, melody.rhythm(distances, cells, in_beat))
        for row, start in zip(rows, self.starts, strict=True):  # all at once they are 20 times x
            x = x + F.embedding(row + start, self.features.weight)
        for layer in self.hidden:
            x = x + F.gelu(called(layer, x))
        by_last, by_next, by_other, by_root, by_kind = torch.split(
            called(self.out, called(self.norm, x)),
            [INTERVALS, INTERVALS, ROOTS, ROOTS, KINDS - 1],
            dim=-1,
        )
        (last, played), (coming, known) = around.before[0], around.after[0]
        named = (
            _at_intervals(by_last, last, played)
            + _at_intervals(by_next, coming, known)
            + _at_classes(by_other, sounding, sounds)
            + _at_classes(by_root, root, is_chord)
        )
        onsets = logits[..., FIRST_ONSET:]
        either = onsets.logsumexp(dim=-1, keepdim=True)
        onsets = (onsets + named).log_softmax(dim=-1) + either
        ends = logits[..., :FIRST_ONSET] + by_kind[..., :FIRST_ONSET]
        return torch.cat([ends, onsets + by_kind[..., FIRST_ONSET:]], dim=-1)


def _interval(pitch: Tensor, reference: Tensor, there: Tensor) -> Tensor:
    """The row of the interval from `reference` to `pitch` [batch, n]; the last where none is."""
    interval = (pitch - reference).clamp(-FURTHEST, FURTHEST) + FURTHEST
    return torch.where(there, interval, INTERVALS)


def _at_intervals(said: Tensor, pitch: Tensor, there: Tensor) -> Tensor:
    """Of each pitch [batch, n, pitches] what is `said` [batch, n, INTERVALS] of its interval."""
    pitches = torch.arange(PITCHED_TOKENS - FIRST_ONSET, device=said.device)
    index = (pitches - pitch[..., None]).clamp(-FURTHEST, FURTHEST) + FURTHEST
    return said.gather(-1, index) * there[..., None]


def _at_classes(said: Tensor, pitch: Tensor, there: Tensor) -> Tensor:
    """Of each pitch [batch, n, pitches] what is `said` [batch, n, ROOTS] of its pitch class."""
    pitches = torch.arange(PITCHED_TOKENS - FIRST_ONSET, device=said.device)
    index = torch.remainder(pitches - pitch[..., None], ROOTS)
    return said.gather(-1, index) * there[..., None]


def _drum_kind(events: Tensor) -> Tensor:
    """No hit, hits without a kick, a kick, or not known."""
    kick = torch.remainder(events, 2 << Drum.KICK) >= 1 << Drum.KICK
    kind = torch.where(kick, 2, (events != HOLD).long())
    return torch.where(events == BAND_MASK[Track.DRUMS], UNKNOWN_KIND, kind)


def _places(there: Tensor) -> tuple[Tensor, Tensor]:
    """Where something is `there` [batch, steps], and how much of it up to each cell, of that shape.

    The first n of the places [batch, steps + 2 * NEIGHBOURS + 2] stand from NEIGHBOURS + 1 on:
    what is before them is -1, and what comes after them is beyond any window.
    """
    steps = there.shape[1]
    count = there.long().cumsum(dim=1)
    before = torch.full_like(count[:, :1], -1).expand(-1, NEIGHBOURS + 1)
    beyond = torch.full_like(count[:, :1], LONGEST_WINDOW).expand(-1, steps + NEIGHBOURS + 1)
    slots = torch.where(there, count + NEIGHBOURS, steps + 2 * NEIGHBOURS + 1)
    here = torch.arange(steps, device=there.device).expand_as(count)
    return torch.cat([before, beyond], dim=1).scatter(1, slots, here), count
