"""What an evaluation finds: figures, the tables they stand in, and how sure they are."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.training.evaluation.settings import EvaluationSettings
from schmubert.training.metrics.bootstrap import ROUNDS, Share, pooled

PERCENTILES = (5.0, 95.0)


class Figure(msgspec.Struct, frozen=True):
    """A figure of a model: `value` is its mean over the draws, `deviation` theirs (n - 1).

    The `deviation` of less than two draws is not known. `low` to `high` is what real songs reach
    against real songs (90%), or where the figure of all draws lies when the songs are drawn anew
    (95%), as the section says. `real` is the figure of the songs themselves, `floor` that of other
    songs' bands. `tells` is what of its AUC a classifier loses that is not told the
    figure, `alone` the AUC of the figure by itself.
    """

    name: str
    value: float
    deviation: float | None = None
    real: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    tells: float | None = None
    alone: float | None = None


class Section(msgspec.Struct, frozen=True):
    """The figures of one table; `explained` says what its columns are, `interval` whose it is.

    `perfect` is the figure of music against itself, where that ends the scale: 1 for a similarity.
    `part` is the part of the evaluation that the table belongs to.
    """

    title: str
    explained: str
    figures: tuple[Figure, ...]
    interval: Literal["real songs", "model"] = "real songs"
    perfect: float | None = None
    part: str = ""

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
    """An evaluation, finished or as far as it is.

    `remarks` say what was asked for and could not be measured, a line each. `made_with` tells the
    model and the dataset from others. `earlier` has the settings of the parts that an earlier
    evaluation made.
    """

    model: str
    runtime: str
    dataset: tuple[str, ...]
    settings: EvaluationSettings
    seconds: float
    sections: tuple[Section, ...]
    remarks: tuple[str, ...] = ()
    made_with: dict[str, str] = {}
    earlier: dict[str, EvaluationSettings] = {}

    def beside(self, former: "Evaluation") -> "Evaluation":
        """This evaluation with those parts of a `former` one that it does not have.

        The settings of those are kept as `earlier`. Experiments have no parts.
        """
        parts = {section.part for section in self.sections}
        kept = tuple(section for section in former.sections if section.part not in parts)
        if self.settings.experiment is not None or self.made_with != former.made_with:
            return self
        earlier = {
            section.part: former.earlier.get(section.part, former.settings) for section in kept
        }
        return msgspec.structs.replace(self, sections=(*kept, *self.sections), earlier=earlier)


def over_draws(name: str, values: Sequence[float], **beside: float | None) -> Figure:
    """The figure `name` from its value in each draw, of which there is at least one."""
    return Figure(name, float(np.mean(values)), spread(values), **beside)


def spread(values: Sequence[float]) -> float | None:
    """The deviation of `values` (n - 1); None of fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


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
    differences: NDArray[np.float64] = others - known
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return np.nan, np.nan
    low, high = (pooled(of_songs) + np.percentile(defined, PERCENTILES)).clip(min=0.0)
    return float(low), float(high)
