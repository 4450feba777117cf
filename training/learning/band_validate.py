"""Validation of a band: what it needs to name what a stage, a file or a chart leaves open."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import speaking
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, FORMS, TRIO, Track
from schmubert.engine.networks.config import ModelConfig
from schmubert.training.data.band_masking import MaskedBand, masked_band
from schmubert.training.data.batches import grouped
from schmubert.training.data.dataset import Split
from schmubert.training.data.masking import hidden_future
from schmubert.training.learning.band_batches import band_grid
from schmubert.training.learning.band_objective import BandUnmasking
from schmubert.training.learning.settings import TrainSettings
from schmubert.training.learning.validate import Autocast
from schmubert.training.metrics.bits import SEED

BARS = 16
PIECES_A_CALL = 16


class BandValidation:
    """The bits of each column by what is known: see `_tasks`."""

    def __init__(self, split: Split, settings: TrainSettings, config: ModelConfig) -> None:
        rng = np.random.default_rng(SEED)
        rows = split.windows(BARS, BARS, TRIO, settings.on_grid, settings.sounding, meter=COMMON)
        chosen = rng.permutation(grouped(split, rows, BARS).one_a_song(rng))
        tokens = band_grid(split, chosen[: settings.validation_windows], BARS)
        self.objective = BandUnmasking(config)
        self.tasks = dict(_tasks(tokens))

    def scores(self, model: nn.Module, autocast: Autocast = nullcontext) -> dict[str, float]:
        """See `Validation`: bits of a cell that is asked for, by task and column."""
        device = next(model.parameters()).device
        found = {}
        for task, batch in self.tasks.items():
            columns = self.objective.config.columns
            bits, counts = np.zeros(len(columns)), np.zeros(len(columns))
            for first in range(0, len(batch.tokens), PIECES_A_CALL):
                part = slice(first, first + PIECES_A_CALL)
                piece = MaskedBand(
                    batch.tokens[part],
                    batch.masked[part],
                    batch.targets[part],
                    batch.meter,
                    batch.inferred[part],
                )
                with torch.no_grad(), autocast():
                    of_columns, asked = self.objective.bits(model, piece, device)
                bits += [float(of_column.sum()) for of_column in of_columns]
                counts += [float(count) for count in asked]
            for track in columns:
                if counts[track]:
                    name = f"{task}/{track.name.lower()}"
                    found[name] = float(bits[track] / counts[track])
        return found

    def summary(self, scores: Mapping[str, float]) -> str:
        """See `Validation`."""
        return "bits " + "; ".join(f"{name} {bits:.3f}" for name, bits in scores.items())


def _tasks(tokens: Tokens) -> Iterator[tuple[str, MaskedBand]]:
    """Windows [n, steps, 9] with what is open: mixed as in training; bass and drums to a melody,
    without and with the chords, and with the forms too; the stage, the same."""
    rng = np.random.default_rng(SEED)
    yield "mixed", masked_band(tokens, COMMON, rng)
    plans = [Track.COMPING, Track.CHORDS, *FORMS, Track.TRAITS]
    band = np.zeros(tokens.shape, bool)
    band[..., [Track.BASS, Track.DRUMS]] = True
    stage = np.zeros(tokens.shape, bool)
    stage[..., : len(TRIO)] = hidden_future((*tokens.shape[:2], len(TRIO)), rng)
    for name, asked in (("file", band), ("stage", stage)):
        yield name, _open(tokens, asked, plans)
        yield f"{name}, chords", _open(tokens, asked, [Track.COMPING, *FORMS, Track.TRAITS])
        yield f"{name}, plans", _open(tokens, asked, [Track.COMPING, Track.TRAITS])
        yield f"{name}, traits", _open(tokens, asked, [Track.COMPING, Track.CHORDS, *FORMS])


def _open(tokens: Tokens, asked: np.ndarray, plans: list[Track]) -> MaskedBand:
    masked = asked.copy()
    masked[..., plans] = True
    masked &= speaking(BAND, tokens.shape[1], COMMON)
    there = tokens != np.asarray(BAND_MASK)
    never = np.zeros(len(tokens), bool)
    return MaskedBand(tokens, masked | ~there, masked & there, COMMON, never)
