"""Bands that accompany real melodies, at leisure and as on stage, beside the songs' own."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from schmubert.engine.music.score import Tokens
from schmubert.training.evaluation.figures import Figure, Section, over_draws
from schmubert.training.metrics.accompaniment import (
    ROOT,
    SCALE,
    WAYS,
    Shares,
    estimates,
    figures,
    shuffled,
    way_of,
)
from schmubert.training.metrics.bootstrap import Share, pooled

EXPLAINED = (
    "floor: bands of other songs; real: the songs' own; low, high: of the model, 95% by song;"
    " as real: the songs' own are among them"
)
RATIOS = (SCALE, ROOT, "key agreement", "bass: onsets a bar", "drums: onsets a bar")


def accompaniment(
    title: str,
    draws: Sequence[Tokens],
    songs: Tokens,
    rng: np.random.Generator,
    from_bar: int = 0,
) -> Section:
    """The table of `draws` of bands for `songs`, both [songs, steps, 3], from `from_bar` on."""
    floor, real = shuffled(songs, rng, from_bar), figures(songs, songs, from_bar)
    return _section(title, draws, songs, floor, real, rng, from_bar)


def live(
    draws: Mapping[str, Sequence[Tokens]],
    songs: Tokens,
    from_bar: int,
    rng: np.random.Generator,
) -> Iterator[Section]:
    """The tables of "offline", "oracle" and "stage" bands, and what each keeps of the one before.

    The oracle hears no more than the stage, but has all the time it wants: stage against oracle is
    what the clock costs, oracle against offline what it costs not to know the future. Where there
    is no oracle, the stage is told against offline. All have one floor.
    """
    floor, real = shuffled(songs, rng, from_bar), figures(songs, songs, from_bar)
    by_kind = {}
    for kind, of_kind in draws.items():
        by_kind[kind] = _section(f"live: {kind}", of_kind, songs, floor, real, rng, from_bar)
        yield by_kind[kind]
    value = {
        kind: {figure.name: figure.value for figure in section.figures}
        for kind, section in by_kind.items()
    }
    rows = [
        Figure(f"{name}: {above} of {below}", value[above][name] / value[below][name])
        for above, below in pairwise([*draws][::-1])
        for name in (*RATIOS, *WAYS.values())
        if value[below][name]
    ]
    yield Section("live: what is kept", "ratios of the means above", tuple(rows))


def _section(
    title: str,
    draws: Sequence[Tokens],
    songs: Tokens,
    floor: Shares,
    real: Shares,
    rng: np.random.Generator,
    from_bar: int,
) -> Section:
    every = [figures(songs, draw, from_bar) for draw in draws]
    together = {name: _added([draw[name] for draw in every]) for name in real}
    found = estimates({"shuffled": floor, "real": real, "model": together}, rng)
    rows = []
    for name, by_kind in found.items():
        values = [_value(name, draw, floor, real) for draw in every]
        rows.append(
            over_draws(
                name,
                values,
                real=by_kind["real"].value if "real" in by_kind else None,
                low=by_kind["model"].low,
                high=by_kind["model"].high,
                floor=by_kind["shuffled"].value if "shuffled" in by_kind else None,
            )
        )
    return Section(title, EXPLAINED, tuple(rows), "model")


def _value(name: str, model: Shares, floor: Shares, real: Shares) -> float:
    ways = {way: figure for figure, way in WAYS.items()}
    if name not in ways:
        return float(pooled(model[name]))
    return way_of(ways[name], floor, model, real)


def _added(draws: Sequence[Sequence[Share]]) -> list[Share]:
    """Shares of songs, added over draws."""
    return [
        (sum(part for part, _ in song), sum(whole for _, whole in song))
        for song in zip(*draws, strict=True)
    ]
