"""The two-sample test as tables: made pieces against songs, beside songs against songs."""

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.evaluation.figures import PERCENTILES, Figure, Section, over_draws, spread
from schmubert.training.metrics.piece_figures import table, without_register
from schmubert.training.metrics.two_sample import (
    FEWEST,
    TwoSets,
    songs_against_songs,
    told_alone,
    told_by,
    told_by_figures,
)

NULLS = 8
"""How often songs are compared with songs."""
MOST_NAMED = 15
EXPLAINED = (
    "AUC: .5 where nothing tells them, 1 where everything does; sd: over draws and folds dealt"
    " anew; real, low, high: songs against songs, mean and 90%"
)
TELLING = (
    "model and real: means over pieces; sd: of the model's; tells: what of the AUC is lost where"
    " the figure is shuffled, little where others say the same; alone: its own AUC"
)

Numbers = NDArray[np.float64]


def enough(made: int, songs: int) -> bool:
    """Whether so many pieces and songs can be told apart, and songs from songs."""
    return made >= FEWEST and songs >= 2 * FEWEST


def too_few(made: int, songs: int) -> str:
    """What is said where there are not `enough`."""
    return (
        f"{made} pieces and {songs} songs are too few to be told apart: it takes {FEWEST} pieces"
        f" and {2 * FEWEST} songs"
    )


def sections(
    title: str,
    draws: Sequence[Tokens],
    real: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
    paired: bool = False,
    with_tokens: bool = True,
) -> Iterator[Section]:
    """How well `draws` of pieces [pieces, steps, 3] are told from `real` songs [songs, steps, 3].

    `paired`: piece k was made for song k, and both are on the same side. The second classifier, on
    tokens, is asked where `with_tokens`, and torch is installed. ValueError where there are not
    `enough` pieces.
    """
    names, of_songs = table(real, tracks)
    every = [table(draw, tracks)[1] for draw in draws]
    figures = []
    for kind, columns in {
        "all figures": np.arange(len(names)),
        "without register": without_register(names),
    }.items():
        null = songs_against_songs(of_songs[:, columns], len(draws[0]), rng, NULLS)
        told: list[float] = []
        for draw in every:
            both, sets = _beside(draw[:, columns], of_songs[:, columns], paired)
            told += told_by_figures(both, sets, rng).every
        low, high = np.percentile(null, PERCENTILES).tolist()
        real_auc = float(np.mean(null))
        figures.append(over_draws(kind, told, real=real_auc, low=low, high=high))
    if with_tokens and importlib.util.find_spec("torch") is not None:
        figures.append(_by_tokens(draws[0], real, tracks, paired, rng))
    yield Section(f"{title}: told from songs", EXPLAINED, tuple(figures), perfect=0.0)
    yield _what_tells(title, names, every[0], of_songs, paired, rng)


def _by_tokens(
    made: Tokens, real: Tokens, tracks: Sequence[Track], paired: bool, rng: np.random.Generator
) -> Figure:
    """The AUC of the network on tokens, of a draw and of songs against songs, once each."""
    from schmubert.training.evaluation.token_critic import scores_by_tokens

    def told(pieces: Tokens, songs: Tokens, paired: bool) -> float:
        both, sets = _beside(pieces, songs, paired)
        return told_by(scores_by_tokens(both, sets.made, 0, tracks), sets, rng, 1).auc

    each = min(len(made), len(real) // 2)
    null = told(real[:each], real[each : 2 * each], False)
    return Figure("a network on tokens", told(made, real, paired), real=null)


def _what_tells(
    title: str,
    names: Sequence[str],
    made: Numbers,
    real: Numbers,
    paired: bool,
    rng: np.random.Generator,
) -> Section:
    """The figures that tell most, by how much worse the classifier is where one is shuffled."""
    both, sets = _beside(made, real, paired)
    lost = told_by_figures(both, sets, rng, 1, importance=True).importance
    alone = told_alone(both, sets)
    order = np.lexsort((-alone, -(np.zeros(len(names)) if lost is None else lost)))
    figures = [
        Figure(
            names[number],
            _mean(made[:, number]),
            spread([value for value in made[:, number].tolist() if value == value]),
            real=_mean(real[:, number]),
            tells=None if lost is None else float(lost[number]),
            alone=float(alone[number]),
        )
        for number in order[:MOST_NAMED].tolist()
    ]
    return Section(f"{title}: what tells it from songs", TELLING, tuple(figures))


def _beside(made: NDArray[Any], real: NDArray[Any], paired: bool) -> tuple[NDArray[Any], TwoSets]:
    """As many of `real` as of `made`, one after the other, and which is which."""
    songs = real[: len(made)]
    return np.concatenate([made, songs]), TwoSets.of(len(made), len(songs), paired)


def _mean(values: Numbers) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan
