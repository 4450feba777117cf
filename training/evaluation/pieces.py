"""Whole pieces beside real songs: self-similarity, repetition, distributions, novelty."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import PITCHED, TRIO, Track
from schmubert.training.evaluation.figures import Figure, Section, interval, over_draws
from schmubert.training.evaluation.variety import stays, variety
from schmubert.training.metrics.bootstrap import Share, pooled
from schmubert.training.metrics.distributions import divergences, noise_bound
from schmubert.training.metrics.harmony import CLASH, CONSONANT, bass_at, bass_in_scale, root_in_bar
from schmubert.training.metrics.novelty import Memory, copied
from schmubert.training.metrics.rhythm import empty_bars, kick_under_bass, onsets_a_bar
from schmubert.training.metrics.similarity import Similarity, overlaps, real_interval, similarity
from schmubert.training.metrics.structure import idle_note_offs, repeated_bars, repeated_pitches

LAGS = (1, 2, 4, 8)
ENDS_BARS = 16
ENDS = MappingProxyType(
    {
        f"first {ENDS_BARS} bars": slice(None, ENDS_BARS * STEPS_PER_BAR),
        f"last {ENDS_BARS} bars": slice(-ENDS_BARS * STEPS_PER_BAR, None),
    }
)
"""The steps of a piece between which it should not change: one that begins at random and ends going
round in circles repeats as much as a song, taken as a whole."""
REAL = "low, high: of as many other real songs, 90%; as real: the model is among them"
ALIKE = "low, high: of as many real songs, 90%; as real: the model is at least as alike"

Shared = Callable[[Tokens], Share]


def share_figures(tracks: Sequence[Track] = TRIO) -> dict[str, Shared]:
    """Shares of a piece [steps, 3] by name, those of `tracks` and between them."""
    found: dict[str, Shared] = {}
    for track in tracks:
        name = track.name.lower()
        for lag in LAGS:
            found[f"{name}: bar repeated at lag {lag}"] = partial(
                repeated_bars, track=track, lag=lag
            )
        for where, steps in ENDS.items():
            for lag in (LAGS[0], LAGS[-1]):
                found[f"{name}: bar repeated at lag {lag}, {where}"] = partial(
                    _repeated_between, track=track, lag=lag, steps=steps
                )
        found[f"{name}: onsets a bar"] = partial(onsets_a_bar, track=track)
        found[f"{name}: empty bars"] = partial(empty_bars, track=track)
        if track in PITCHED:
            found[f"{name}: pitch repeated"] = partial(repeated_pitches, track=track)
            found[f"{name}: idle note-offs"] = partial(idle_note_offs, track=track)
    if set(PITCHED) <= set(tracks):
        found["bass in scale"] = lambda tokens: bass_in_scale(tokens, tokens)
        found["bass: root of the bar in the melody"] = lambda tokens: root_in_bar(tokens, tokens)
        found["bass: clash with the melody"] = lambda tokens: bass_at(CLASH, tokens, tokens)
        found["bass: consonant with the melody"] = lambda tokens: bass_at(CONSONANT, tokens, tokens)
    if {Track.BASS, Track.DRUMS} <= set(tracks):
        found["kick under bass"] = kick_under_bass
    return found


def _repeated_between(tokens: Tokens, track: Track, lag: int, steps: slice) -> Share:
    return repeated_bars(tokens[steps], track, lag)


def sections(
    title: str,
    draws: Sequence[Tokens],
    real: Tokens,
    memory: Memory,
    all_frames: bool,
    rng: np.random.Generator,
    tracks: Sequence[Track] = TRIO,
) -> Iterator[Section]:
    """The tables of `draws` of pieces [pieces, steps, 3] beside `real` songs [songs, steps, 3].

    Of `tracks` alone; `memory` has to know them.
    """
    pieces = len(draws[0])
    frames = ", over all frames" if all_frames else ""
    yield Section(
        f"{title}: self-similarity{frames}",
        ALIKE,
        tuple(similarities(draws, real, pieces, all_frames, rng, selections(tracks))),
        perfect=1.0,
    )
    yield Section(f"{title}: structure", REAL, tuple(shares(draws, real, pieces, rng, tracks)))
    yield Section(
        f"{title}: divergence of distributions in bits",
        "high: the 95th percentile of real songs against real songs; as real: the model is below",
        tuple(_divergences(draws, real, pieces, rng, tracks)),
        perfect=0.0,
    )
    yield Section(
        f"{title}: copied from the training songs",
        "real: validation songs beside the training songs",
        tuple(_copies(draws, real, memory, tracks)),
    )
    yield variety(title, draws, real, tracks, rng)
    yield stays(title, draws, real, tracks, rng)


def selections(tracks: Sequence[Track]) -> dict[str, tuple[Track, ...]]:
    """All `tracks` together, where there are several, and each of them alone, by name."""
    alone: dict[str, tuple[Track, ...]] = {track.name.lower(): (track,) for track in tracks}
    return {"pooled": tuple(tracks), **alone} if len(tracks) > 1 else alone


def similarities(
    draws: Sequence[Tokens],
    real: Tokens,
    pieces: int,
    all_frames: bool,
    rng: np.random.Generator,
    chosen: Mapping[str, tuple[Track, ...]],
) -> Iterator[Figure]:
    """Consistency and variance of `draws` for each `chosen` selection of tracks.

    Of `draws` of pieces [pieces, steps, 3] beside `real` songs [songs, steps, 3], with the
    interval of `pieces` other real songs.
    """
    for selection, tracks in chosen.items():
        ours = [overlaps_of(draw, tracks, all_frames) for draw in draws]
        theirs = overlaps_of(real, tracks, all_frames)
        low, high = (_flat(bound) for bound in real_interval(theirs, pieces, rng))
        every = [_flat(similarity(draw, theirs)) for draw in ours]
        for name in every[0]:
            values = [draw[name] for draw in every]
            yield over_draws(f"{selection}: {name}", values, low=low[name], high=high[name])


def overlaps_of(
    pieces: Tokens, tracks: tuple[Track, ...], all_frames: bool = False
) -> NDArray[np.float64]:
    """The overlaps of `pieces` [pieces, steps, 3]: [pieces, 2], or [pieces, frames, 2] of all."""
    found = np.stack([overlaps(tokens, tracks) for tokens in pieces])
    return found if all_frames else found.mean(axis=1)


def _flat(of: Similarity) -> dict[str, float]:
    return {
        "C pitch": of.consistency[0],
        "C duration": of.consistency[1],
        "Var pitch": of.variance[0],
        "Var duration": of.variance[1],
    }


def shares(
    draws: Sequence[Tokens],
    real: Tokens,
    pieces: int,
    rng: np.random.Generator,
    tracks: Sequence[Track] = TRIO,
) -> Iterator[Figure]:
    """The `share_figures` of `draws` of pieces [pieces, steps, 3] beside those of `real` songs."""
    for name, share in share_figures(tracks).items():
        theirs = [share(tokens) for tokens in real]
        low, high = interval(theirs, pieces, rng)
        values = [float(pooled([share(tokens) for tokens in draw])) for draw in draws]
        yield over_draws(name, values, real=float(pooled(theirs)), low=low, high=high)


def _divergences(
    draws: Sequence[Tokens],
    real: Tokens,
    pieces: int,
    rng: np.random.Generator,
    tracks: Sequence[Track],
) -> Iterator[Figure]:
    bound = noise_bound(list(real), pieces, rng, tracks=tracks)
    every = [divergences(list(draw), list(real), tracks) for draw in draws]
    for name, high in bound.items():
        yield over_draws(name, [draw[name] for draw in every], high=high)


def _copies(
    draws: Sequence[Tokens], real: Tokens, memory: Memory, tracks: Sequence[Track]
) -> Iterator[Figure]:
    for track in tracks:
        theirs = [copied(memory, tokens, track) for tokens in real]
        every = [[copied(memory, tokens, track) for tokens in draw] for draw in draws]
        name = track.name.lower()
        yield over_draws(
            f"{name}: windows of 4 bars copied",
            [float(pooled([share for _, share in draw])) for draw in every],
            real=float(pooled([share for _, share in theirs])),
        )
        yield over_draws(
            f"{name}: longest run copied, in bars",
            [float(np.mean([run for run, _ in draw])) for draw in every],
            real=float(np.mean([run for run, _ in theirs])),
        )
