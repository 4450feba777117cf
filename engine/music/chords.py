"""The chord plan of a song, recognised from all that sounds in it, and the rhythm of its comping.

A plan has a token a beat: `NO_CHORD` where nothing sounds, `HOLD_CHORD` where the chord of the beat
before goes on, else 12 roots times 7 qualities. It is the likeliest path of a hidden Markov model
(Viterbi) whose states are the 84 chords, by how well two profiles of each fit a beat: which pitch
classes sound, and which of them is the lowest. A change has a price, less where chords change
often. The profiles in `chord_profiles.json` are fitted by `benchmarks/chord_profiles.py`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chart import PITCH_CLASSES, ROOT_WEIGHT, chart_words
from schmubert.engine.music.chord_names import FIRST_CHORD as FIRST_CHORD
from schmubert.engine.music.chord_names import NO_CHORD as NO_CHORD
from schmubert.engine.music.chord_names import SUFFIXES as SUFFIXES
from schmubert.engine.music.chord_names import UNKNOWN_ROOT as UNKNOWN_ROOT
from schmubert.engine.music.chord_names import chord_name
from schmubert.engine.music.meter import BEATS_PER_BAR, COMMON, Meter
from schmubert.engine.music.song import Part
from schmubert.engine.music.spelling import MAJOR
from schmubert.engine.music.vocabulary import BAND_MASK, FIRST_ONSET, Track

HOLD_CHORD = 1


class Quality(IntEnum):
    """What kind of chord stands on a root."""

    MAJOR = 0
    MINOR = 1
    SEVENTH = 2
    MAJOR_SEVENTH = 3
    MINOR_SEVENTH = 4
    DIMINISHED = 5
    SUSPENDED = 6


TONES = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6), (0, 5, 7))
"""The semitones above its root of each chord, by `Quality`."""
CHORDS = PITCH_CLASSES * len(Quality)
CHORD_TOKENS = FIRST_CHORD + CHORDS

Plan: TypeAlias = NDArray[np.int64]
"""Chord tokens [beats]."""

PARTS_OF_BEAT = 48
"""Times are rounded to so many parts of a beat: sums of them are exact in every key."""
OVERHANG = 2
"""A pitch that sounds in no more parts of a beat than this is held over, or comes early."""
SHORTEST = 12  # parts of a beat: a note lasts at least a 16th, as on the grid
LEAST_LIKELY = 0.002
"""Added to the share of each pitch class in a profile: what was never seen may still be heard."""
FINENESS = 2**28
"""Log likelihoods are rounded to so many parts of a nat: sums of them are exact, whatever their
order. So a song has the same chords in every key and on every machine."""
HIT = FIRST_ONSET
"""The token of a comping column with which a chord or a note of one is struck."""


class Chord(NamedTuple):
    """A chord of a plan; its `root` is a pitch class, 0 for C."""

    root: int
    quality: Quality

    @property
    def token(self) -> int:
        """Its token in a plan."""
        return FIRST_CHORD + self.root * len(Quality) + self.quality

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes that belong to it."""
        return frozenset((self.root + step) % PITCH_CLASSES for step in TONES[self.quality])


@cache
def chords_in_key(tonic: int) -> NDArray[np.bool_]:
    """Which events of a plan [CHORD_TOKENS] have no tone outside of the major key on `tonic`."""
    inside = {(tonic + step) % PITCH_CLASSES for step in MAJOR}
    found = np.ones(CHORD_TOKENS, bool)
    for token in range(FIRST_CHORD, CHORD_TOKENS):
        found[token] = chord_of(token).pitch_classes <= inside
    return found


def held_to_key(logits: NDArray[np.float32], tonic: int | None) -> NDArray[np.float32]:
    """`logits` of chords [.., CHORD_TOKENS] that leave none outside of the key on `tonic`, if any.

    A chord that sounds already may go on.
    """
    if tonic is None:
        return logits
    return np.where(chords_in_key(tonic), logits, np.float32(-np.inf))


def chord_of(token: int) -> Chord:
    """The chord that begins with `token`; ValueError where none does."""
    if not FIRST_CHORD <= token < CHORD_TOKENS:
        raise ValueError(f"token {token} is no chord: {FIRST_CHORD}..{CHORD_TOKENS - 1}")
    root, quality = divmod(token - FIRST_CHORD, len(Quality))
    return Chord(root, Quality(quality))


@dataclass(frozen=True)
class Beats:
    """What sounds in each beat: how long each pitch class [beats, 12], and the lowest one [beats].

    A length is in beats, and that of notes together is their sum. The lowest is -1 in silence.
    """

    classes: NDArray[np.float64]
    lowest: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Profiles:
    """Of each `Quality`, in shares: pitch classes above its root [7, 12], those of the lowest note
    [7, 12], and how often the quality itself comes [7]."""

    classes: NDArray[np.float64]
    bass: NDArray[np.float64]
    qualities: NDArray[np.float64]

    @staticmethod
    def of(held: Mapping[str, Any]) -> "Profiles":
        """What a file of profiles holds."""
        classes, bass, qualities = (
            np.asarray(held[name], np.float64) for name in ("classes", "bass", "qualities")
        )
        return Profiles(classes, bass, qualities)


@dataclass(frozen=True)
class Weighing:
    """What the log likelihoods of both profiles count, and the price of a change in nats.

    A change is cheap on the first and third beat of a bar. `benchmarks/chord_profiles.py --choose`
    compares others on songs that were fitted.
    """

    classes: float = 2.0
    bass: float = 1.0
    cheap_change: float = 1.0
    change: float = 3.0


WEIGHED = Weighing()


@cache
def fitted_profiles() -> Profiles:
    """The profiles that ship with the package."""
    text = Path(__file__).with_name("chord_profiles.json").read_text(encoding="utf-8")
    return Profiles.of(json.loads(text))


def beats_of(parts: Iterable[Part], ticks_per_beat: int, start: int, beats: int) -> Beats:
    """What the pitched `parts` play in `beats` beats from tick `start` on; drums are left out."""
    pitched = [part for part in parts if not part.drums]
    empty = np.zeros(0, np.int64)
    onsets = np.concatenate([empty, *(part.onsets for part in pitched)])
    ends = np.concatenate([empty, *(part.ends for part in pitched)])
    pitches = np.concatenate([empty, *(part.pitches for part in pitched)])
    return sounding_beats(
        (onsets - start) / ticks_per_beat, (ends - start) / ticks_per_beat, pitches, beats
    )


def sounding_beats(
    onsets: NDArray[np.float64], ends: NDArray[np.float64], pitches: NDArray[np.int64], beats: int
) -> Beats:
    """What notes [notes] play in each of `beats` beats; `onsets` and `ends` are in beats."""
    first = np.rint(onsets * PARTS_OF_BEAT).astype(np.int64)
    last = np.maximum(np.rint(ends * PARTS_OF_BEAT).astype(np.int64), first + SHORTEST)
    lowest_octave = int(pitches.min(initial=127)) // PITCH_CLASSES
    height = PITCH_CLASSES * (int(pitches.max(initial=0)) // PITCH_CLASSES + 1 - lowest_octave)
    height = max(height, PITCH_CLASSES)
    # a note that never ends sounds in the rest of its beat and in all that follow: what begins
    # with its end is taken off again
    times = np.concatenate([first, last]).clip(0, beats * PARTS_OF_BEAT)
    beat, part = np.divmod(times, PARTS_OF_BEAT)
    at = beat * height + np.concatenate([pitches, pitches]) - PITCH_CLASSES * lowest_octave
    signs = np.repeat([1, -1], len(pitches))
    lengths = np.bincount(
        np.concatenate([at, at + height]),
        np.concatenate([signs * (PARTS_OF_BEAT - part), signs * part]),
        (beats + 2) * height,
    )
    sounding = lengths[: beats * height].reshape(beats, height).cumsum(axis=0)  # whole numbers
    sounds = sounding > OVERHANG
    sounding *= sounds
    classes = np.einsum("boc->bc", sounding.reshape(beats, -1, PITCH_CLASSES))
    lowest = np.where(sounds.any(axis=1), sounds.argmax(axis=1) % PITCH_CLASSES, -1)
    return Beats(classes / PARTS_OF_BEAT, lowest)


def recognised(
    heard: Beats, profiles: Profiles | None = None, cheap: NDArray[np.bool_] | None = None
) -> Plan:
    """The plan of what is `heard` from a bar line on, by `profiles`, or those that ship.

    A change costs less in the beats that are `cheap` [beats]: every other one if not given.
    """
    if cheap is None:
        cheap = np.arange(len(heard.lowest)) % (BEATS_PER_BAR // 2) == 0
    chords = likeliest_chords(heard, cheap, profiles or fitted_profiles())
    plan = chords + FIRST_CHORD
    plan[1:][chords[1:] == chords[:-1]] = HOLD_CHORD
    silent = heard.lowest < 0
    again = np.flatnonzero(~silent[1:] & silent[:-1]) + 1
    plan[again] = chords[again] + FIRST_CHORD
    plan[silent] = NO_CHORD
    return np.asarray(plan)


def likeliest_chords(
    heard: Beats, cheap: NDArray[np.bool_], profiles: Profiles, weighing: Weighing = WEIGHED
) -> NDArray[np.int64]:
    """The likeliest chord [beats] of each beat, its root times 7 and its quality, by Viterbi.

    In the beats that are `cheap` [beats] a change costs less.
    """
    beats = len(heard.lowest)
    if not beats:
        return np.zeros(0, np.int64)
    likelihoods = _likelihoods(profiles, weighing)
    scores: NDArray[np.float64] = np.rint(heard.classes * PARTS_OF_BEAT) @ likelihoods.by_class
    scores += likelihoods.by_lowest[heard.lowest]
    scores[0] += likelihoods.prior
    # of all changes only that from the likeliest chord counts, whatever comes after it
    reached = likelihoods.changes[cheap[1:].astype(np.int64)]
    best = [int(scores[0].argmax())]
    for before, ways, after in zip(scores[:-1], reached, scores[1:], strict=True):
        np.add(ways, before[best[-1]], out=ways)
        np.maximum(ways, before, out=ways)
        best.append(int(np.add(after, ways, out=after).argmax()))
    stays = memoryview(reached == scores[:-1])
    chord = best[-1]
    chords = [chord]
    for beat in range(beats - 2, -1, -1):
        if not stays[beat, chord]:
            chord = best[beat]
        chords.append(chord)
    return np.array(chords[::-1], np.int64)


class _Likelihoods(NamedTuple):
    """Weighed log likelihoods of the chords: for each part of a beat in which a pitch class sounds
    [12, 84], by the lowest class or none [13, 84], at the start [84], and after a change, at the
    full price and at the low one [2, 84]."""

    by_class: NDArray[np.float64]
    by_lowest: NDArray[np.float64]
    prior: NDArray[np.float64]
    changes: NDArray[np.float64]


@lru_cache(maxsize=1)
def _likelihoods(profiles: Profiles, weighing: Weighing) -> _Likelihoods:
    """What `profiles` say of the chords; the latest ones are remembered."""
    classes = _exact(weighing.classes * np.log(profiles.classes + LEAST_LIKELY) / PARTS_OF_BEAT)
    bass = _exact(weighing.bass * np.log(profiles.bass + LEAST_LIKELY))
    # [pitch class, root, quality]; silence has no lowest pitch
    above = (np.arange(PITCH_CLASSES)[:, None] - np.arange(PITCH_CLASSES)) % PITCH_CLASSES
    by_class = classes.T[above].reshape(PITCH_CLASSES, CHORDS)
    by_lowest = np.zeros((PITCH_CLASSES + 1, CHORDS))
    by_lowest[:-1] = bass.T[above].reshape(PITCH_CLASSES, CHORDS)
    prior = _exact(np.tile(np.log(profiles.qualities / PITCH_CLASSES), PITCH_CLASSES))
    prices = _exact(np.array([[weighing.change], [weighing.cheap_change]]))
    return _Likelihoods(by_class, by_lowest, prior, prior - prices)


def _exact(nats: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.rint(nats * FINENESS) / FINENESS)


def lasting_chords(plan: Plan) -> NDArray[np.int64]:
    """The chord of each beat [beats] as its own token, `HOLD_CHORD` resolved."""
    begins = np.maximum.accumulate(np.where(plan != HOLD_CHORD, np.arange(len(plan)), 0))
    chords = plan[begins]
    return np.where(chords == HOLD_CHORD, NO_CHORD, chords)


def root_of(token: int) -> int:
    """The pitch class of the root of the chord of `token`; `UNKNOWN_ROOT` where it is none."""
    return chord_of(token).root if FIRST_CHORD <= token < CHORD_TOKENS else UNKNOWN_ROOT


def plan_weights(plan: Plan) -> NDArray[np.float64]:
    """How much each pitch class belongs to each beat of `plan`, [beats, 12], as in a chart."""
    by_token = np.zeros((CHORD_TOKENS, PITCH_CLASSES))
    for token in range(FIRST_CHORD, CHORD_TOKENS):
        chord = chord_of(token)
        by_token[token, list(chord.pitch_classes)] = 1.0
        by_token[token, chord.root] = ROOT_WEIGHT
    return np.asarray(by_token[lasting_chords(plan)])


def nearest_chords(weights: NDArray[np.float64]) -> Plan:
    """The plan [beats] of weights [beats, 12], the reverse of `plan_weights` for any others too.

    Each beat has the chord whose own weights lie nearest in direction; `NO_CHORD` without any.
    """
    ideal = plan_weights(np.arange(FIRST_CHORD, CHORD_TOKENS))
    ideal /= np.linalg.norm(ideal, axis=1, keepdims=True)
    chords = (weights @ ideal.T).argmax(axis=1)
    sounds = np.asarray(weights.any(axis=1))
    return plan_of_chords(np.where(sounds, FIRST_CHORD + chords, NO_CHORD))


def plan_of_chords(lasting: NDArray[np.int64]) -> Plan:
    """The plan of the chord of each beat [beats]: what `lasting_chords` reads back."""
    plan: Plan = lasting.copy()
    plan[1:][(lasting[1:] == lasting[:-1]) & (lasting[1:] != NO_CHORD)] = HOLD_CHORD
    return plan


def as_told(plan: Plan) -> Plan:
    """`plan` [beats] as a network is told it: where it names no chord there may be one."""
    return np.where(plan == NO_CHORD, BAND_MASK[Track.CHORDS], plan)


def chart_of(plan: Plan, meter: Meter = COMMON, tonic: int | None = None) -> str:
    """`plan` as a chart that `chart_beats` reads back, in the key on `tonic`; of whole bars."""
    return chart_words([_name(int(token), tonic) for token in lasting_chords(plan)], meter)


def _name(token: int, tonic: int | None) -> str:
    return "" if token == NO_CHORD else chord_name(token, tonic)
