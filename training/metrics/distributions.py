"""How the notes of many pieces are distributed, and how far from those of real songs.

Histograms a track are compared by the divergence of Jensen and Shannon (Lin 1991, Divergence
measures based on the Shannon entropy, IEEE Transactions on Information Theory 37), as Yang and
Lerch 2020 (On the evaluation of generative models in music) compare such features by distances
of their distributions. Two draws of real songs differ too: `noise_bound` says by how much.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import MASK, PITCHED, TRIO, Track
from schmubert.training.metrics.bootstrap import ROUNDS
from schmubert.training.metrics.notes import LENGTH, ONSET, PITCH, drum_hits, note_table

WIDEST_INTERVAL = 24  # semitones; wider leaps are counted with it
LONGEST = 32  # 16ths; longer notes are counted with it


def counts(tokens: Tokens, tracks: Sequence[Track] = TRIO) -> dict[str, NDArray[np.float64]]:
    """Histograms of `tracks` of `tokens` [steps, 3] by name, "melody/pitch class" and so on.

    Of melody and bass:

    - pitch class [12]: onsets
    - interval [49]: from onset to onset, -24 to 24 semitones, wider ones with the last
    - duration [32]: notes of 1 to 32 16ths, longer ones with the last

    Of drums, drum class [9]: hits. Of every track:

    - onset position [16]: 16ths of the bar in which something starts
    - density [17]: bars in which something starts in 0 to 16 of the 16ths

    What is masked starts nothing; a bar of nothing but masks is unknown and has no density.
    """
    found: dict[str, NDArray[np.int64]] = {}
    for track in tracks:
        name = track.name.lower()
        if track in PITCHED:
            notes = note_table(tokens, track)
            leaps = np.diff(notes[:, PITCH]).clip(-WIDEST_INTERVAL, WIDEST_INTERVAL)
            lengths = notes[:, LENGTH].clip(1, LONGEST)
            found[f"{name}/pitch class"] = np.bincount(notes[:, PITCH] % 12, minlength=12)
            found[f"{name}/interval"] = np.bincount(
                leaps + WIDEST_INTERVAL, minlength=2 * WIDEST_INTERVAL + 1
            )
            found[f"{name}/duration"] = np.bincount(lengths - 1, minlength=LONGEST)
            starts = np.isin(np.arange(len(tokens)), notes[:, ONSET])
        else:
            hits = drum_hits(tokens)
            found[f"{name}/drum class"] = hits.sum(axis=0)
            starts = np.asarray(hits.any(axis=1), bool)
        bars = starts.reshape(-1, STEPS_PER_BAR)
        unknown = (tokens[:, track] == MASK[track]).reshape(-1, STEPS_PER_BAR).all(axis=1)
        found[f"{name}/onset position"] = bars.sum(axis=0)
        found[f"{name}/density"] = np.bincount(
            bars[~unknown].sum(axis=1), minlength=STEPS_PER_BAR + 1
        )
    return {name: histogram.astype(np.float64) for name, histogram in found.items()}


def jensen_shannon(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The divergence of two histograms [bins] in bits, 0 to 1; not a number of an empty one."""
    return float(_divergence(first, second))


def divergences(
    model: Sequence[Tokens], real: Sequence[Tokens], tracks: Sequence[Track] = TRIO
) -> dict[str, float]:
    """The divergence in bits of the histograms of `model` from those of `real`, by name.

    Both are pieces [steps, 3]; the histograms of all pieces of a side are added up.
    """
    ours, theirs = _tables(model, tracks), _tables(real, tracks)
    return {name: jensen_shannon(ours[name].sum(axis=0), theirs[name].sum(axis=0)) for name in ours}


def noise_bound(
    real: Sequence[Tokens],
    pieces: int,
    rng: np.random.Generator,
    rounds: int = ROUNDS,
    tracks: Sequence[Track] = TRIO,
) -> dict[str, float]:
    """What real songs diverge from real songs, by name: the 95th percentile, in bits.

    Of `rounds` times two draws of `pieces` of `real`, with replacement (the bootstrap of
    Efron 1979): a model of which `pieces` are compared is told from real songs only above it.
    """
    drawn = np.zeros((2, rounds, len(real)))
    for side, number in np.ndindex(2, rounds):
        songs = rng.integers(len(real), size=pieces)
        drawn[side, number] = np.bincount(songs, minlength=len(real))
    return {
        name: float(np.percentile(_divergence(*(drawn @ table)), 95))
        for name, table in _tables(real, tracks).items()
    }


def _tables(pieces: Sequence[Tokens], tracks: Sequence[Track]) -> dict[str, NDArray[np.float64]]:
    """The histograms of `pieces` by name: [pieces, bins]. ValueError where there is no piece."""
    if not len(pieces):
        raise ValueError("no pieces, no distributions")
    every = [counts(tokens, tracks) for tokens in pieces]
    return {name: np.stack([histograms[name] for histograms in every]) for name in every[0]}


def _divergence(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """The divergence of each pair of histograms [..., bins]: [...]."""
    one, other = _shares(first), _shares(second)
    mixed = _entropy((one + other) / 2)
    return np.asarray(np.maximum(0.0, mixed - (_entropy(one) + _entropy(other)) / 2))


def _shares(histogram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Histograms [..., bins] as shares of their sums."""
    whole = np.broadcast_to(histogram.sum(axis=-1, keepdims=True), histogram.shape)
    shares: NDArray[np.float64] = np.full(histogram.shape, np.nan)
    np.divide(histogram, whole, out=shares, where=whole > 0)
    return shares


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shannon's entropy of shares [..., bins], in bits: [...]."""
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares != 0)
    return np.asarray(-(shares * logarithms).sum(axis=-1))
