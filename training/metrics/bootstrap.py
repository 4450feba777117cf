"""Shares of songs, pooled, and how sure a figure is: intervals by drawing the songs anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 1000
"""How often songs are drawn anew for an interval (Efron 1979)."""
Share = tuple[float, float]
"""A part and its whole, in the same unit, so that shares of several songs add up."""


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds of its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def pooled(shares: Sequence[Share] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares [..., songs, 2] -> the share over all songs together; not a number of nothing."""
    parts, wholes = np.moveaxis(np.asarray(shares, np.float64).sum(axis=-2), -1, 0)
    share: NDArray[np.float64] = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=share, where=wholes != 0)
    return share


Statistic = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""A figure of the songs with these numbers: [..., songs] -> [...]."""


def bootstrap(
    statistic: Statistic, songs: int, rng: np.random.Generator, rounds: int = ROUNDS
) -> Estimate:
    """`statistic` of the numbers 0..`songs`, and its spread when songs are drawn anew.

    Songs are drawn, not bars: the bars of one song are no independent witnesses (Efron 1979,
    the percentile interval).
    """
    drawn = statistic(rng.integers(songs, size=(rounds, songs)))
    defined = drawn[~np.isnan(drawn)]
    low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (np.nan, np.nan)
    return Estimate(float(statistic(np.arange(songs))), float(low), float(high))


def way_closed(
    shuffled: NDArray[np.float64], model: NDArray[np.float64], real: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far `model` has come from `shuffled` (0) to `real` (1), number by number."""
    way = np.asarray(real - shuffled)
    closed: NDArray[np.float64] = np.full(way.shape, np.nan)
    np.divide(model - shuffled, way, out=closed, where=way != 0)
    return closed
