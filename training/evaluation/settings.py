"""What determines an evaluation, beside the model and the dataset."""

import msgspec
import numpy as np

from schmubert.engine.diffusion.defaults import SAMPLER, WINDOW_BARS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.recipe import Recipe

PARTS = ("bits", "unconditional", "infilling", "accompaniment", "live", "plain", "metres")
OF_A_BAND = ("accompaniment", "live", "metres")
"""Parts that only a model of melody, bass and drums can be asked for."""
OF_ANY_TRACKS = ("bits", "unconditional", "infilling")
"""Parts that networks of stacked melodies, chords or comping can be asked for, too."""
SPLITS = ("validation", "test")
EXPERIMENTS = ("algorithm7", "guidance")
PIECE_BARS = 64
SONG_BARS = 16
INFILLED_BARS = (16, 48)
"""The bars of a piece that are made anew, half of it (thesis 5.2.1)."""


class EvaluationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that determines an evaluation beside model and dataset.

    `pieces` of 64 bars are drawn `draws` times for the unconditional part and the infilling;
    `songs` melodies of 16 bars are accompanied `draws` times, `stage_songs` of them as on stage
    `stage_draws` times, by an `oracle` too; as many are in each of several metres. `window_bars` is
    what the model sees of a piece it makes from nothing.
    Calls and temperature that are not said are those of the model's recipe.
    The model's pauses are drawn for them, but where `tutti` all tracks play throughout. All songs
    are of `split`.
    An `experiment` stands alone: it is evaluated instead of parts.
    """

    parts: tuple[str, ...] = PARTS
    pieces: int = 200
    draws: int = 5
    songs: int = 200
    stage_songs: int = 96
    stage_draws: int = 1
    window_bars: int = WINDOW_BARS
    calls: int | None = None
    temperature: float | None = None
    sampler: str = SAMPLER
    tutti: bool = False
    all_frames: bool = False
    seed: int = 0
    experiment: str | None = None
    split: str = "validation"
    oracle: bool = True

    def __post_init__(self) -> None:
        if unknown := set(self.parts) - set(PARTS):
            raise ValueError(f"no parts {sorted(unknown)}; there are {', '.join(PARTS)}")
        if self.experiment is not None and self.experiment not in EXPERIMENTS:
            there = ", ".join(EXPERIMENTS)
            raise ValueError(f"no experiment {self.experiment!r}; there are {there}")
        if bool(self.parts) == (self.experiment is not None):
            raise ValueError(f"evaluate either an experiment or some of {', '.join(PARTS)}")
        if min(self.pieces, self.songs, self.stage_songs) < 2:
            raise ValueError("figures need at least 2 pieces, songs and songs on stage")
        if min(self.draws, self.stage_draws) < 1:
            raise ValueError("figures need at least 1 draw")
        if self.split not in SPLITS:
            raise ValueError(f"no split {self.split!r} to judge by; there are {', '.join(SPLITS)}")
        self.sampling(self.window_bars)

    def sampling(self, window_bars: int) -> Sampling:
        """How music is sampled in windows of so many bars; ValueError out of range."""
        return Sampling(self.calls, self.temperature, window_bars, sampler=self.sampler)

    def decided(self, recipe: Recipe) -> "EvaluationSettings":
        """The same with the calls and the temperature of `recipe` where none are said."""
        calls, temperature = self.sampling(self.window_bars).decided(recipe)
        return msgspec.structs.replace(self, calls=calls, temperature=temperature)

    def rng(self, part: str, draw: int, piece: int) -> np.random.Generator:
        """What `piece` of a `draw` is drawn with: it depends on nothing else."""
        return np.random.default_rng((self.seed, _STREAMS[part], draw, piece))

    def rng_of_figures(self, part: str) -> np.random.Generator:
        """What shuffles and bootstraps of `part` are drawn with, whatever the other parts are."""
        return np.random.default_rng((self.seed, _OF_FIGURES + _STREAMS[part]))


_OF_FIGURES = 6
"""The streams of figures lie so far behind those of draws: there were six parts at first."""
_STREAMS = (
    {part: number for number, part in enumerate(PARTS)}
    | {"metres": 100}
    | {experiment: 1000 + number for number, experiment in enumerate(EXPERIMENTS)}
)
