"""Networks of other tracks, judged by the melody, bass and drums among these."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from schmubert.engine.denoiser import Model, names_of
from schmubert.engine.diffusion.ensemble import generate_ensembles, infill_ensembles
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.training.data.dataset import Split, kinds_of
from schmubert.training.data.grids import chosen_windows
from schmubert.training.evaluation.settings import INFILLED_BARS, PIECE_BARS

INFILLED = slice(*(bar * STEPS_PER_BAR for bar in INFILLED_BARS))
"""The steps of a piece that are made anew."""


@dataclass(frozen=True)
class Ensemble:
    """What a `model` of other tracks makes, and songs of `split` that have all of them."""

    model: Model
    split: Split
    seed: int

    @property
    def judged(self) -> tuple[Track, ...]:
        """Those of melody, bass and drums that it plays; of several melodies the first."""
        return tuple(track for track in TRIO if track.name.lower() in names_of(self.model))

    @cached_property
    def songs(self) -> Tokens:
        """A window of each song that has one: [songs, steps, tracks of the model]."""
        kinds, songs = kinds_of(names_of(self.model)), len(self.split.numbers)
        chosen = chosen_windows(self.split, PIECE_BARS, songs, self.seed, kinds)
        return self.split.grid(chosen, PIECE_BARS, kinds)

    def trios(self, grids: Tokens) -> Tokens:
        """The `judged` tracks of `grids` [n, steps, tracks of the model]; [n, steps, 3]."""
        found = np.tile(np.asarray(MASK), (*grids.shape[:-1], 1))
        for track in self.judged:
            found[..., track] = grids[..., names_of(self.model).index(track.name.lower())]
        return found

    def generated(self, rngs: Sequence[np.random.Generator], sampling: Sampling) -> Tokens:
        """Pieces out of nothing, as `trios`, one an `rng`."""
        return self.trios(np.stack(generate_ensembles(self.model, PIECE_BARS, rngs, sampling)))

    def infilled(
        self, rows: slice, rngs: Sequence[np.random.Generator], sampling: Sampling
    ) -> Tokens:
        """The `songs` of `rows` with their middle half made anew, as `trios`."""
        songs = self.songs[rows]
        targets = np.zeros(songs.shape[1:], bool)
        targets[INFILLED] = True
        made = infill_ensembles(self.model, list(songs), targets, rngs, sampling)
        return self.trios(np.stack(made))
