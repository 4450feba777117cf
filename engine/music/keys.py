"""Which pitch classes belong to the music, as far as what is known of it tells: its key, softly.

A hidden Markov model of twelve states, the major scales (a relative minor key has the same notes),
whose profile was fitted by `benchmarks/key_profile.py`. The key may change with any beat, at a
price. Where what is known fits several scales, each counts by its probability; and a pitch class
that is heard nearby belongs to the music whatever the scale, as in the blues.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chart import PITCH_CLASSES
from schmubert.engine.music.spelling import MAJOR as MAJOR

PROFILE = (0.193, 0.005, 0.142, 0.007, 0.153, 0.069, 0.006, 0.170, 0.009, 0.165, 0.008, 0.073)
"""How much of the time of melodies each pitch class above the tonic sounds.

Krumhansl and Kessler's probe tones (`networks/tonality.py`) give each pitch class outside of the
scale 5 to 6 in a hundred, songs less than one: with theirs a few bars tell the key less surely."""
EVIDENCE = 0.25
"""What a beat counts as a sample of the profile: beats of one chord say the same again."""
CHANGE = 0.0025
"""The probability that the key changes with a beat: once in a hundred bars of four."""
NEAR_BEATS = 16
"""So many beats before and after count as nearby."""
HEARD_TIMES = 8.0
"""A pitch class belongs to the music where it is an eighth of what is heard nearby, or more."""
STRAY = 0.04
"""How often a bass plays what does not belong, against what does: the lean is its logarithm.

These four were chosen by `benchmarks/key_profile.py`: by how likely it makes what basses play."""

SURE = 0.5

BY_TONIC = np.array([np.roll(np.log(PROFILE), tonic) for tonic in range(PITCH_CLASSES)])
"""The logarithm of `PROFILE` in each key: [tonics, 12]."""
IN_SCALE = np.array(
    [
        [(step - tonic) % PITCH_CLASSES in MAJOR for step in range(PITCH_CLASSES)]
        for tonic in range(PITCH_CLASSES)
    ],
    np.float64,
)
"""Whether each pitch class is in each scale, 1 or 0: [tonics, 12]."""

Shares = NDArray[np.float64]
"""Of each pitch class in each beat, [beats, 12]."""


def key_probabilities(heard: Shares) -> Shares:
    """How likely each major scale is in each beat, [beats, 12] by its tonic.

    `heard` [beats, 12] says how long each pitch class sounds in each beat; a beat in which nothing
    is known is 0 throughout, and takes its key from those around it.
    """
    return _likely(np.asarray(heard, np.float64).tobytes())


@lru_cache(maxsize=4)
def _likely(data: bytes) -> Shares:
    """`key_probabilities` of the bytes of `heard`, read only: a request asks for them twice."""
    heard = np.frombuffer(data).reshape(-1, PITCH_CLASSES)
    fits = EVIDENCE * _evidence(heard) @ BY_TONIC.T
    fits = np.exp(fits - fits.max(axis=1, keepdims=True))
    both = _carried(np.stack([fits, fits[::-1]], axis=1))
    likely = both[:, 0] * fits * both[::-1, 1]
    likely /= likely.sum(axis=1, keepdims=True)
    likely.flags.writeable = False
    return np.asarray(likely)


def main_key(heard: Shares) -> int:
    """The tonic of the major scale that all that is `heard` [beats, 12] is in for most of it."""
    return int(key_probabilities(heard).sum(axis=0).argmax())


def belonging(heard: Shares) -> Shares:
    """How sure it is that each pitch class belongs to each beat, [beats, 12], 0 to 1."""
    near = _nearby(_evidence(heard))
    return np.maximum(key_probabilities(heard) @ IN_SCALE, np.minimum(1.0, HEARD_TIMES * near))


def likeliest_key(heard: Shares, beat: int) -> int | None:
    """The tonic of the major scale that `beat` is in, None where none is likelier than not."""
    likely = key_probabilities(heard)[beat]
    return int(likely.argmax()) if likely.max() > SURE else None


def key_lean(heard: Shares, chords: Shares | None = None) -> Shares:
    """What is added to the log probability of each pitch class in a beat: [beats, 12], at most 0.

    `chords` [beats, 12] are the weights of a chord plan: what has one belongs to the beat. Where
    nothing is `heard`, nothing leans.
    """
    if not heard.any():
        return np.zeros_like(heard)
    belongs = belonging(heard)
    if chords is not None:
        belongs = np.where(chords > 0, 1.0, belongs)
    return np.asarray(np.log(STRAY + (1.0 - STRAY) * belongs))


def _evidence(heard: Shares) -> Shares:
    """`heard` with at most one for all pitch classes of a beat, however many parts sound."""
    return np.asarray(heard / np.maximum(1.0, heard.sum(axis=1, keepdims=True)))


def _carried(fits: Shares) -> Shares:
    """How likely each key is in each beat by the `fits` [beats, ways, 12] of all beats before."""
    likely = np.full(fits.shape[1:], 1.0 / PITCH_CLASSES)
    carried = np.zeros_like(fits)
    for beat, fit in enumerate(fits):
        carried[beat] = likely
        likely = likely * fit
        likely *= (1.0 - CHANGE) / likely.sum(axis=-1, keepdims=True)
        likely += CHANGE / PITCH_CLASSES
    return carried


def _nearby(evidence: Shares) -> Shares:
    """The share of each pitch class in what is heard around each beat."""
    beats = len(evidence)
    sums = np.concatenate([np.zeros((1, PITCH_CLASSES)), evidence.cumsum(axis=0)])
    first = np.maximum(0, np.arange(beats) - NEAR_BEATS)
    last = np.minimum(beats, np.arange(beats) + NEAR_BEATS + 1)
    near = sums[last] - sums[first]
    whole = near.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(near, whole, out=np.zeros_like(near), where=whole > 1e-9))
