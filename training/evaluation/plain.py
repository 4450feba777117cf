"""What comes again at temperature 1 without refinement, by how many calls fill a window.

Cell by cell, each cell is drawn knowing all that were drawn before: what is missing there is the
network's fault. What is lost in fewer calls is the sampler's, which draws many cells at once.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.evaluation.figures import Section, interval, over_draws
from schmubert.training.metrics.bootstrap import pooled
from schmubert.training.metrics.structure import repeated_bars

CALLS = (4, 8, 16, 64)
LAGS = (1, 2, 4, 8)
SAMPLER = "balanced"


def ways(bars: int, tracks: int) -> dict[str, Sampling]:
    """How windows of `bars` bars are filled, `tracks` of which are made, by name."""
    cells = bars * STEPS_PER_BAR * tracks
    named = {f"{calls} calls": calls for calls in CALLS} | {"cell by cell": cells}
    return {name: Sampling(calls, 1.0, bars, sampler=SAMPLER) for name, calls in named.items()}


def section(
    title: str,
    draws: Mapping[str, Sequence[Tokens]],
    songs: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
) -> Section:
    """Bars of `tracks` repeated in `draws` of pieces [pieces, steps, 3] by way, beside `songs`."""
    figures = []
    for track in tracks:
        for lag in LAGS:
            real = [repeated_bars(song, track, lag) for song in songs]
            low, high = interval(real, len(songs), rng)
            for way, of_way in draws.items():
                values = [
                    float(pooled([repeated_bars(piece, track, lag) for piece in draw]))
                    for draw in of_way
                ]
                name = f"{track.name.lower()}: bar repeated at lag {lag}: {way}"
                beside = {"real": float(pooled(real)), "low": low, "high": high}
                figures.append(over_draws(name, values, **beside))
    explained = "low, high: of as many other songs, 90%; as real: the model is among them"
    return Section(f"plain: {title}, temperature 1", explained, tuple(figures))
