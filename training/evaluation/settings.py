"""What an evaluation is made of: its settings, its figures, and draws that are kept."""

import hashlib
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.recipe import CALLS, SAMPLER, TEMPERATURE, WINDOW_BARS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.windows import MOST_BATCHED
from schmubert.engine.music.score import Tokens
from schmubert.training.data.dataset import Split
from schmubert.training.metrics.bootstrap import Share, pooled

PARTS = ("bits", "unconditional", "infilling", "accompaniment", "live")
EXPERIMENTS = ("algorithm7", "guidance")
PIECE_BARS = 64
SONG_BARS = 16
ROUNDS = 1000
PERCENTILES = (5.0, 95.0)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that determines an evaluation beside model and dataset.

    `pieces` of 64 bars are drawn `draws` times for the unconditional part and the infilling;
    `songs` melodies of 16 bars are accompanied `draws` times, `stage_songs` of them as on stage
    `stage_draws` times. `window_bars` is what the model sees of a piece it makes from nothing.
    The model's pauses are drawn for them, but where `tutti` all tracks play throughout.
    An `experiment` stands alone: it is evaluated instead of parts.
    """

    parts: tuple[str, ...] = PARTS
    pieces: int = 200
    draws: int = 5
    songs: int = 200
    stage_songs: int = 24
    stage_draws: int = 4
    window_bars: int = WINDOW_BARS
    calls: int = CALLS
    temperature: float = TEMPERATURE
    sampler: str = SAMPLER
    tutti: bool = False
    all_frames: bool = False
    seed: int = 0
    experiment: str | None = None

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
        self.sampling(self.window_bars)

    def sampling(self, window_bars: int) -> Sampling:
        """How music is sampled in windows of so many bars; ValueError out of range."""
        return Sampling(self.calls, self.temperature, window_bars, sampler=self.sampler)

    def rng(self, part: str, draw: int, piece: int) -> np.random.Generator:
        """What `piece` of a `draw` is drawn with: it depends on nothing else."""
        return np.random.default_rng((self.seed, _STREAMS[part], draw, piece))

    def rng_of_figures(self, part: str) -> np.random.Generator:
        """What shuffles and bootstraps of `part` are drawn with, whatever the other parts are."""
        return np.random.default_rng((self.seed, len(PARTS) + _STREAMS[part]))


_STREAMS = {part: number for number, part in enumerate(PARTS)} | {
    experiment: 1000 + number for number, experiment in enumerate(EXPERIMENTS)
}


class Figure(msgspec.Struct, frozen=True):
    """A figure of a model: `value` is its mean over the draws, `deviation` theirs (n - 1).

    The `deviation` of less than two draws is not known. `low` to `high` is what real songs reach
    against real songs (90%), or where the figure of all draws lies when the songs are drawn anew
    (95%), as the section says. `real` is the figure of
    the songs themselves, `floor` that of other songs' bands.
    """

    name: str
    value: float
    deviation: float | None = None
    real: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None


class Section(msgspec.Struct, frozen=True):
    """The figures of one table; `explained` says what its columns are, `interval` whose it is.

    `perfect` is the figure of music against itself, where that ends the scale: 1 for a similarity.
    """

    title: str
    explained: str
    figures: tuple[Figure, ...]
    interval: Literal["real songs", "model"] = "real songs"
    perfect: float | None = None

    def as_real(self, figure: Figure) -> bool | None:
        """Whether `figure` cannot be told from that of real songs; None where nothing says.

        The model's figure lies in the interval of real songs, or theirs in that of the model; what
        lies beyond it on the side of `perfect` is no worse.
        """
        inside = figure.value if self.interval == "real songs" else figure.real
        bounds = (inside, figure.low, figure.high)
        if inside is None or bounds[1:] == (None, None):
            return None
        if any(bound is not None and math.isnan(bound) for bound in bounds):
            return None
        if figure.low is not None and inside < figure.low:
            return self.perfect is not None and self.perfect < figure.low
        if figure.high is not None and inside > figure.high:
            return self.perfect is not None and self.perfect > figure.high
        return True


class Evaluation(msgspec.Struct, frozen=True):
    """A finished evaluation."""

    model: str
    runtime: str
    dataset: tuple[str, ...]
    settings: Settings
    seconds: float
    sections: tuple[Section, ...]


Progress = Callable[[str, int, int], None]
"""Told what is made, how many more pieces of it are done, and how many there are in all."""


class Draws:
    """The tokens of draws, kept in `folder` so that an interrupted evaluation goes on.

    A kept draw is taken only for the very `circumstances` it was made in (settings and model), so
    that no figure mixes two models. One that was made in others, or is damaged, is replaced
    where `replacing`, else a ValueError says so.
    """

    def __init__(
        self, folder: Path, circumstances: Mapping[str, Any], replacing: bool = False
    ) -> None:
        self.folder = folder
        self.circumstances = circumstances
        self.replacing = replacing

    def kept(self, name: str, about: Mapping[str, Any]) -> Tokens | None:
        """The tokens kept as `name`, if there are any, and made with what `about` tells."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            with np.load(path) as file:
                if str(file["made_with"]) == self._digest(about):
                    return np.asarray(file["tokens"], np.int64)
                reason = "was made with another model or other settings"
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            reason = f"cannot be read ({error})"
        if self.replacing:
            return None
        raise ValueError(f"{path} {reason}: name another --out, or draw anew with --force")

    def found(
        self,
        name: str,
        about: Mapping[str, Any],
        make: Callable[[], Tokens],
        on_kept: Callable[[], None],
    ) -> Tokens:
        """The tokens kept as `name`, after telling `on_kept`, or what `make` makes, kept now."""
        tokens = self.kept(name, about)
        if tokens is not None:
            on_kept()
            return tokens
        tokens = make()
        self.keep(name, tokens, about)
        return tokens

    def keep(self, name: str, tokens: Tokens, about: Mapping[str, Any]) -> None:
        """Keep `tokens` as `name`, whole or not at all."""
        path = self._path(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part.npz")
        digest = self._digest(about)
        np.savez_compressed(beside, tokens=tokens.astype(np.uint16), made_with=digest)
        beside.replace(path)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def _digest(self, about: Mapping[str, Any]) -> str:
        told = msgspec.json.encode({**self.circumstances, **about}, order="sorted")
        return hashlib.sha256(told).hexdigest()


Make = Callable[[Sequence[np.random.Generator], slice], Tokens]
"""Makes the pieces of a slice of a draw, a generator each: [pieces, steps, 3]."""


def drawn(
    draws: Draws,
    settings: Settings,
    place: tuple[str, str, int],
    pieces: int,
    about: Mapping[str, Any],
    make: Make,
    told: Callable[[int], None],
) -> Tokens:
    """So many `pieces` [pieces, steps, 3], found in `draws` or made, some that share calls a time.

    `place` is the name of the kind in `draws`, the part whose generators it is drawn with, and
    the number of the draw; `about` says, beside number and seed, what the pieces depend on. `told`
    hears of pieces as they are there.
    """
    kind, part, draw = place

    def made() -> Tokens:
        found: list[Tokens] = []
        for first in range(0, pieces, MOST_BATCHED):
            rows = slice(first, min(first + MOST_BATCHED, pieces))
            rngs = [settings.rng(part, draw, piece) for piece in range(rows.start, rows.stop)]
            found.append(make(rngs, rows))
            told(len(rngs))
        return np.concatenate(found)

    made_with = {"pieces": pieces, "seed": settings.seed, **about}
    return draws.found(f"{kind}-{draw}", made_with, made, lambda: told(pieces))


def windows_of_songs(split: Split, bars: int, songs: int, seed: int) -> Tokens:
    """A window [songs, steps, 3] of each of up to `songs` songs that have all three tracks.

    ValueError where there are less than two.
    """
    rng = np.random.default_rng(seed)
    windows = split.windows(bars, min(bars, 16))
    rng.shuffle(windows)
    chosen = windows[np.unique(split.songs[windows[:, 0]], return_index=True)[1]]
    rng.shuffle(chosen)
    if len(chosen) < 2:
        raise ValueError(
            f"{len(chosen)} songs of this split have {bars} bars of melody, bass and drums:"
            " at least 2 are needed"
        )
    return split.batch(chosen[:songs], bars)


def over_draws(name: str, values: Sequence[float], **beside: float | None) -> Figure:
    """The figure `name` from its value in each draw, of which there is at least one."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Figure(name, float(np.mean(values)), deviation, **beside)


def interval(shares: Sequence[Share], songs: int, rng: np.random.Generator) -> tuple[float, float]:
    """Where the pooled share of `songs` other real songs is expected: 5th and 95th percentile.

    The bootstrap (Efron 1979) of the difference of two draws, of `songs` and of as many as there
    are `shares`, for those that are known are a draw too. Never below 0.
    """
    of_songs = np.asarray(shares, np.float64)
    others, known = (
        pooled(of_songs[rng.integers(len(of_songs), size=(ROUNDS, count))])
        for count in (songs, len(of_songs))
    )
    apart: NDArray[np.float64] = others - known
    defined = apart[~np.isnan(apart)]
    if not len(defined):
        return np.nan, np.nan
    low, high = (pooled(of_songs) + np.percentile(defined, PERCENTILES)).clip(min=0.0)
    return float(low), float(high)
