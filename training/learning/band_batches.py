"""The batches of a run that trains a band: windows of one metre each, with their plans."""

from collections.abc import Iterator

import numpy as np

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.plans import chord_column, form_columns
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.traits import trait_column, traits_of
from schmubert.engine.music.vocabulary import TRAIT_COUNT, TRIO, Track
from schmubert.engine.networks.config import ModelConfig
from schmubert.training.data.band_masking import MaskedBand, masked_band
from schmubert.training.data.batches import SongWindows, grouped, weighed
from schmubert.training.data.dataset import Band, Split
from schmubert.training.data.windows import HOP_BARS, Windows
from schmubert.training.learning.band_objective import BandUnmasking
from schmubert.training.learning.run_batches import ahead, pauses_of
from schmubert.training.learning.settings import TrainSettings

PAUSE_BARS = 64
"""Where songs rest is remembered of so many bars, if any song is so long."""
FEWEST_SONGS = 16
"""A metre with fewer songs is not trained on."""
METERS = tuple(Meter(beats, cells) for cells in (4, 6) for beats in range(2, 8))
"""All that a grid can hold; to a network 36 clocks a beat are as good as 24."""


class BandBatches:
    """All batches of a run. A batch has one metre and one length, on all processes.

    `other_meters` of the settings is the share of batches in other metres than 4/4 in 16ths, each
    as often as it has songs.
    """

    def __init__(
        self, split: Split, settings: TrainSettings, config: ModelConfig, process: int
    ) -> None:
        self.split = split
        self.settings = settings
        self.process = process
        self.objective = BandUnmasking(config)
        self.by_meter = {
            meter: found for meter in METERS if (found := _windows(split, settings, meter))
        }
        if COMMON not in self.by_meter:
            raise ValueError("the dataset has too few songs in 4/4: prepare more")
        self.windows = self.by_meter[COMMON]

    def at(self, step: int) -> MaskedBand:
        """The batch of `step`."""
        meter, windows = self._windows_at(step)
        rng = np.random.default_rng((self.settings.seed, step, self.process))
        count = max(1, self.settings.batch_bars // windows.bars)
        tokens = band_grid(self.split, windows.draw(count, rng), windows.bars)
        return masked_band(tokens, meter, rng)

    def forms_at(self, step: int, count: int) -> Tokens:
        """The forms [count, bars, 3] of other windows than those of the batch of `step`."""
        meter, windows = self._windows_at(step)
        rng = np.random.default_rng((self.settings.seed, step, self.process, count))
        band = self.split.band(windows.draw(count, rng), windows.bars)
        return form_columns(band.tokens[..., : len(TRIO)], meter)[:, :: meter.steps]

    def traits_at(self, step: int, count: int) -> tuple[Tokens, int]:
        """The traits [count, 16] of other windows than those of the batch of `step`, and their
        length in bars; masked where a piece lacks a part."""
        _, windows = self._windows_at(step)
        rng = np.random.default_rng((self.settings.seed, step, self.process, count))
        grid = band_grid(self.split, windows.draw(count, rng), windows.bars)
        return grid[:, :TRAIT_COUNT, Track.TRAITS], windows.bars

    def notes_at(self, step: int) -> tuple[Tokens, Meter]:
        """The first columns [n, steps, 5] of other windows than those of the batch of `step`."""
        meter, windows = self._windows_at(step)
        rng = np.random.default_rng((self.settings.seed, step, self.process, Track.CHORDS))
        count = max(1, self.settings.batch_bars // windows.bars)
        return with_chords(self.split.band(windows.draw(count, rng), windows.bars)), meter

    def pauses(self) -> Pauses:
        """Where the parts of many songs rest."""
        long = self.split.count_windows(PAUSE_BARS, HOP_BARS, TRIO)
        return pauses_of(
            self.split, PAUSE_BARS if long else max(self.windows), TRIO, self.settings.seed
        )

    def _windows_at(self, step: int) -> tuple[Meter, SongWindows]:
        """The metre and the length of the windows of `step`, on all processes."""
        shared = np.random.default_rng((self.settings.seed, step))
        meter = self._meter(shared)
        windows = self.by_meter[meter]
        lengths = list(windows)
        shares = np.asarray([self.settings.window_bars[bars] for bars in lengths])
        bars = lengths[int(shared.choice(len(lengths), p=shares / shares.sum()))]
        return meter, windows[bars]

    def _meter(self, rng: np.random.Generator) -> Meter:
        others = [meter for meter in self.by_meter if meter != COMMON]
        if not others or rng.random() >= self.settings.other_meters:
            return COMMON
        songs = np.array([len(next(iter(self.by_meter[m].values())).first) - 1 for m in others])
        return others[int(rng.choice(len(others), p=songs / songs.sum()))]

    def ahead(self, first_step: int, steps: int) -> Iterator[MaskedBand]:
        """The batches of `first_step` to `steps`, made in threads while the device computes."""
        return ahead(self.at, first_step, steps)


def band_grid(split: Split, windows: Windows, bars: int) -> Tokens:
    """The columns of a band [n, steps, 9] of `windows` [n, 2] of one metre."""
    band = split.band(windows, bars)
    forms = form_columns(band.tokens[..., : len(TRIO)], band.meter)
    columns = np.concatenate([with_chords(band), forms], axis=-1)
    traits = trait_column(traits_of(columns, band.meter), columns.shape[1])
    return np.concatenate([columns, traits[..., None]], axis=-1)


def with_chords(band: Band) -> Tokens:
    """What sounds in the windows of a `band`, and its chords: columns [n, steps, 5]."""
    chords = chord_column(band.chords, band.meter)
    return np.concatenate([band.tokens, chords[..., None]], axis=-1)


def _windows(split: Split, settings: TrainSettings, meter: Meter) -> dict[int, SongWindows]:
    """Windows by length in which all of the trio sounds, where there are songs enough."""
    found = {}
    for bars in settings.window_bars:
        hop = min(settings.hop_bars, bars)
        rows = split.windows(bars, hop, TRIO, settings.on_grid, settings.sounding, meter=meter)
        if len(rows):
            windows = grouped(split, rows, bars)
            if len(windows.first) > FEWEST_SONGS:
                found[bars] = weighed(split, windows, settings.sources)
    return found
