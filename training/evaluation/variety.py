"""How much pieces differ from each other, and how long a bass may stay where it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import PITCHED, Track
from schmubert.training.evaluation.figures import PERCENTILES, Figure, Section, over_draws
from schmubert.training.metrics.bootstrap import ROUNDS
from schmubert.training.metrics.piece_figures import table
from schmubert.training.metrics.structure import longest_stay

VARIED: Mapping[Track, tuple[str, ...]] = MappingProxyType(
    {
        Track.MELODY: ("onsets a bar", "length", "width of pitch"),
        Track.BASS: ("onsets a bar", "length", "pitch repeated", "register: mean pitch"),
        Track.DRUMS: ("onsets a bar", "kick on step 0", "snare on even beats"),
    }
)
"""Ten figures in which songs differ: how busy, how long, how wide, how low, and which beat."""
AMONG = "low, high: of as many other real songs, 90%; as real: the model is among them"

Numbers = NDArray[np.float64]
Statistic = Callable[[Numbers], float]


def variety(
    title: str,
    draws: Sequence[Tokens],
    real: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
) -> Section:
    """The deviation between pieces of the figures `VARIED`, beside that between `real` songs.

    Of `draws` of pieces [pieces, steps, 3] and `real` [songs, steps, 3].
    """
    wanted = [f"{track.name.lower()}: {name}" for track in tracks for name in VARIED[track]]
    every = [_columns(draw, tracks, wanted) for draw in draws]
    theirs = _columns(real, tracks, wanted)
    figures = []
    for number, name in enumerate(wanted):
        of_songs = theirs[:, number]
        values = [_deviation(draw[:, number]) for draw in every]
        low, high = _among(of_songs, len(draws[0]), _deviation, rng)
        figures.append(over_draws(name, values, real=_deviation(of_songs), low=low, high=high))
    return Section(f"{title}: variety, the deviation between pieces", AMONG, tuple(figures))


def stays(
    title: str,
    draws: Sequence[Tokens],
    real: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
) -> Section:
    """The longest stay of each pitched track on one pitch, in bars: median and p95 over pieces."""
    figures = []
    for track in [track for track in tracks if track in PITCHED]:
        every = [_longest(draw, track) for draw in draws]
        figures += list(stay_figures(f"{track.name.lower()}: ", every, _longest(real, track), rng))
    return Section(f"{title}: longest stay on one pitch, in bars", AMONG, tuple(figures))


def stay_figures(
    before: str, draws: Sequence[Numbers], real: Numbers, rng: np.random.Generator
) -> Iterator[Figure]:
    """Median and 95th percentile over pieces of `draws` [pieces] and of `real` songs [songs]."""
    for name, percent in (("median", 50.0), ("p95", 95.0)):

        def of(values: Numbers, percent: float = percent) -> float:
            return float(np.percentile(values, percent))

        low, high = _among(real, len(draws[0]), of, rng)
        values = [of(draw) for draw in draws]
        yield over_draws(f"{before}{name}", values, real=of(real), low=low, high=high)


def _deviation(values: Numbers) -> float:
    """The deviation of `values` [pieces], those left out that are no numbers."""
    known = values[~np.isnan(values)]
    return float(known.std()) if len(known) else np.nan


def _longest(pieces: Tokens, track: Track) -> Numbers:
    return np.array([longest_stay(tokens, track) for tokens in pieces])


def _columns(pieces: Tokens, tracks: Sequence[Track], wanted: Sequence[str]) -> Numbers:
    """The `wanted` figures of `pieces`: [pieces, figures]."""
    names, values = table(pieces, tracks)
    return values[:, [names.index(name) for name in wanted]]


def _among(
    values: Numbers, pieces: int, statistic: Statistic, rng: np.random.Generator
) -> tuple[float, float]:
    """Where the `statistic` of so many `pieces` of `values` [songs] is: 5th and 95th percentile."""
    drawn = [statistic(rng.choice(values, pieces)) for _ in range(ROUNDS)]
    low, high = np.percentile(drawn, PERCENTILES)
    return float(low), float(high)
