"""What a network of a band is trained to do: name what is masked, in its tracks and its plans."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from schmubert.engine.diffusion.inferring import with_harmony, without_the_band
from schmubert.engine.diffusion.layout import Layout
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import FIRST_AGAIN, cells_of, cells_ruled, may_repeat
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, BAND_SIZES, FORMS, TRIO, Track
from schmubert.engine.networks.band import inputs_of
from schmubert.engine.networks.config import ModelConfig
from schmubert.training.data.band_masking import MaskedBand
from schmubert.training.learning.objective import Cost

NOTES = (*TRIO, Track.COMPING)
NEVER = -1e4
"""The logit of a form that cannot be."""


class BandUnmasking:
    """Every masked cell counts alike (see `loss.plain`), and a plan's token as all cells it rules.

    So a chord counts as much as the notes of its beat, and a form as those of its bar: what a whole
    bar hangs on is not one cell in sixteen. Of forms only those count that can be (`may_repeat`),
    as when they are drawn.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    def cost(self, model: torch.nn.Module, batch: MaskedBand, device: torch.device) -> Cost:
        """See `Objective`: bits a cell of the trio, of all that is asked for."""
        bits, counts = self.bits(model, batch, device)
        weighed = [
            of_column.sum() * cells_ruled(track, batch.meter)
            for track, of_column in zip(self.config.columns, bits, strict=True)
        ]
        total = torch.stack(weighed).sum()
        asked = torch.stack(
            [
                count * cells_ruled(track, batch.meter)
                for track, count in zip(self.config.columns, counts, strict=True)
            ]
        ).sum()
        cells = batch.tokens.shape[0] * batch.tokens.shape[1] * len(TRIO)
        return Cost(total / cells, (total / asked.clamp(min=1)).detach())

    def bits(
        self, model: torch.nn.Module, batch: MaskedBand, device: torch.device
    ) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """Of each column the bits of what is asked for [batch, n], 0 elsewhere, and how much is.

        A network of fewer columns sees those that it has. Where it infers the chords itself it is
        asked for forms alone: its guess is often no chord of the song, and notes that are the
        song's would teach it to play to no chord at all.
        """
        columns = self.config.columns
        tokens, masked, targets = (
            torch.from_numpy(array[..., : len(columns)]).to(device, non_blocking=True)
            for array in (batch.tokens, batch.masked, batch.targets)
        )
        masks = torch.tensor(BAND_MASK[: len(columns)], device=device)
        seen = torch.where(masked, masks, tokens)
        if batch.inferred.any() and Track.CHORDS in columns:
            rows = torch.from_numpy(batch.inferred).to(device)
            seen[rows] = self._inferring(model, seen[rows], targets[rows], batch.meter)
            targets = targets.clone()
            targets[rows, :, : Track.CHORDS] = False
        said = model(seen, *inputs_of(batch.meter, self.config, device), compact=True)
        bits, counts = [], []
        impossible = _impossible(seen.cpu().numpy(), batch.meter)
        for track, logits in zip(columns, said, strict=True):
            cells = cells_of(track, batch.meter)
            if track in FORMS:
                logits = logits.masked_fill(impossible[track].to(device), NEVER)  # noqa: PLW2901
            asked = targets[:, cells, track]
            wanted = torch.where(asked, tokens[:, cells, track], -100)
            of_column = F.cross_entropy(
                logits.float().flatten(0, 1), wanted.flatten(), ignore_index=-100, reduction="none"
            )
            bits.append(of_column.view(asked.shape) / math.log(2))
            counts.append(asked.sum())
        return bits, counts

    def _inferring(
        self, model: torch.nn.Module, seen: Tensor, targets: Tensor, meter: Meter
    ) -> Tensor:
        """`seen` [batch, steps, columns] with the chords that `model` infers for it, as at play.

        They are those from the first bar on in which a note is asked for.
        """
        columns = self.config.columns
        notes = targets.cpu().numpy().copy()
        notes[..., [column for column, track in enumerate(columns) if track not in NOTES]] = False
        bars = notes.any(axis=-1).reshape(len(notes), -1, meter.steps).any(axis=-1)
        beats = np.logical_or.accumulate(bars, axis=1).repeat(meter.beats, axis=1)
        never = np.zeros_like(notes)  # nothing is drawn here
        layout = Layout(seen.cpu().numpy(), never, notes, beats, never, never)
        alone = torch.from_numpy(without_the_band(layout, columns, meter)).to(seen.device)
        learning = model.training
        model.eval()
        with torch.no_grad():
            said = model(alone, *inputs_of(meter, self.config, seen.device), compact=True)
        model.train(learning)
        place = columns.index(Track.CHORDS)
        logits = [of_column.float().cpu().numpy() for of_column in said]
        logits[place] = logits[place].repeat(meter.cells, axis=1)
        told, _ = with_harmony(layout, columns, meter, logits)
        return torch.from_numpy(told).to(seen.device)


def _impossible(seen: Tokens, meter: Meter) -> Mapping[Track, Tensor]:
    """The forms [batch, bars, events] that cannot be by those `seen` [batch, steps, columns]."""
    found = {}
    for form in FORMS:
        possible = may_repeat(seen[:, :: meter.steps, form])
        named = np.ones((*possible.shape[:2], BAND_SIZES[form]), bool)
        named[..., FIRST_AGAIN:] = possible
        found[form] = torch.from_numpy(~named)
    return found
