"""Note onsets -> the beat of whoever plays them: its phase and its tempo, all the time.

Each hypothesis says at which place in the beat the latest onset stands. Given that, phase and
period are a linear Gaussian system, and a Kalman filter keeps them. What is not given, the places,
is searched: an onset may stand at any place that is near enough, or at none (an ornament), and
the likeliest hypotheses are kept (Cemgil and Kappen, "Monte Carlo Methods for Tempo Tracking and
Rhythm Quantization", JAIR 18, 2003; theirs are drawn, these are the best). `rhythm.py` says how
likely a place is.

Pure: times are arguments, in seconds, and never go back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, exp, floor, log, pi, sqrt
from typing import TypeAlias

from schmubert.bridge.clock.rhythm import PLACES, Rhythm, Textures

ONSET_S, WALK = 0.014, 0.014
"""Standard deviations: of an onset from its place, and of the period, as a share of it, after a
beat. `benchmarks/follow.py`: with a WALK of 0.010 steady quarters are met within 20 ms at 98% of
beats instead of 96%, and a tenth slower in eight beats at 90% instead of 94%; 0.018 gains nothing.
"""
LEAP, LEAPS = 0.10, 0.01
"""A change of tempo at once: its standard deviation, as a share, and how likely it is an onset."""
ORNAMENTS = 0.25
"""Onsets a second that stand at no place: an onset is one of them where no place is likelier."""
KEEPS = 0.4
"""Nats an onset against a beat that is a quarter or more off the one that the band plays. Without
it, of 18 difficult songs of POP909 8 are followed half a beat off instead of 6."""
KEPT, KEPT_LATER, WEAKEST = 32, 14, -10.0
"""How many hypotheses are kept, before and after a tempo is known, and how unlikely in nats against
the first they may be: a note is not to hold up the loop that sends the others."""
MAY_LEAP = 5
"""So many of the likeliest hypotheses may change their tempo at once."""
REACH = 3.3
"""Standard deviations that an onset may be from its place."""
MOST_GAP = 3.0
"""Beats of a rest after which the tempo gets no more doubtful faster than the place."""
SLOWEST_S, FASTEST_S = 60.0 / 40.0, 60.0 / 220.0
USUAL_PERIOD_S, USUAL_SPREAD = 60.0 / 95.0, 0.4
TOLD_SPREAD = 0.1
"""Standard deviations of the logarithm of a first tempo, where none and where one was told."""
TEMPO_STEP = 0.07
"""What first tempi are apart, in the logarithm."""
ALIKE, ALIKE_TEMPO = 0.1, 0.08
"""What two beats that agree may be apart: in beats, and in the logarithm of their tempo."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat is at `at_s`, and one every `period_s`.

    `share`, up to 1, is what speaks for it, or for beats half or twice as long that it stands on.
    """

    at_s: float
    period_s: float
    share: float = 1.0

    def off(self, at_s: float) -> float:
        """How far `at_s` is from the nearest beat, -0.5 to 0.5 of a beat."""
        beats = (at_s - self.at_s) / self.period_s
        return beats - floor(beats + 0.5)


Hypothesis: TypeAlias = tuple[int, float, float, float, float, float, float, Textures]
"""The place of the latest onset, when it sounds, the period; the covariances of time with time,
time with period, period with period; log weight; how likely each texture is. A plain tuple, since
a note makes hundreds."""


class BeatTracker:
    """Follows onsets; `tempo_bpm`, in beats, is what the player is about to play, where known.

    A beat has so many `cells`, 4 or 6.
    """

    def __init__(self, tempo_bpm: float | None = None, cells: int = 4) -> None:
        self._rhythm = Rhythm(cells)
        self._expects_s = USUAL_PERIOD_S if tempo_bpm is None else 60.0 / tempo_bpm
        self._spread = USUAL_SPREAD if tempo_bpm is None else TOLD_SPREAD
        self._bounds = (FASTEST_S, SLOWEST_S)
        self._most = KEPT
        self._found: list[Hypothesis] = []

    @property
    def found(self) -> list[Hypothesis]:
        """The hypotheses after the latest onset, the likeliest first."""
        return self._found

    def hear(
        self,
        before: list[Hypothesis],
        at_s: float,
        weight: float = 0.0,
        played: Beat | None = None,
    ) -> None:
        """An onset at `at_s`, after which things stood as in `before`.

        `weight` is how much more it sounds like a beat than others of late, in nats. `played` is
        the beat that the player hears, and so is likely to keep.
        """
        if not before:
            self._found = list(self._first(at_s))
            return
        found = self._explained(before, at_s, weight)
        self._found = _likeliest(found, at_s, played, self._most)

    def keep_near(self, period_s: float, most: float = 1.3) -> None:
        """From here on a beat is `period_s` long, or up to `most` times longer or shorter."""
        self._bounds, self._most = (period_s / most, period_s * most), KEPT_LATER

    def beat(self, now: float, like: Beat | None = None) -> Beat | None:
        """The likeliest beat near `now`, of those `like` one if that is said; None where none is.

        It is the mean of the hypotheses that agree with the likeliest.
        """
        first = None
        total = mass = near = late_s = long_s = 0.0
        for one in self._found:
            weight = exp(one[6])
            total += weight
            beat = _beat_of(one, now)
            if first is None and (like is None or _agree(beat, like, 2.0)):
                first = beat
            if first is None:
                continue
            near += weight * _stands_on(first, beat)
            if _agree(beat, first):
                mass += weight
                late_s += weight * first.off(beat.at_s) * first.period_s
                long_s += weight * beat.period_s
        if first is None:
            return None
        return Beat(first.at_s + late_s / mass, long_s / mass, near / total)

    def _first(self, at_s: float) -> Iterator[Hypothesis]:
        """What the first onset may be, at every tempo."""
        low, high = self._bounds
        count = ceil(3.0 * self._spread / TEMPO_STEP)
        for number in range(-count, count + 1):
            period_s = self._expects_s * exp(number * TEMPO_STEP)
            if low <= period_s <= high:
                prior = -0.5 * (number * TEMPO_STEP / self._spread) ** 2
                doubt = (0.6 * TEMPO_STEP * period_s) ** 2
                for place, odds in self._rhythm.first.items():
                    common = self._rhythm.common
                    yield place, at_s, period_s, ONSET_S**2, 0.0, doubt, prior + odds, common

    def _explained(
        self, before: list[Hypothesis], at_s: float, weight: float
    ) -> Iterator[Hypothesis]:
        """What becomes of each hypothesis with an onset at `at_s`."""
        onset, ornament = ONSET_S * ONSET_S, log(ORNAMENTS)
        (low, high), step = self._bounds, self._rhythm.step
        for rank, one in enumerate(before):
            leaps = LEAPING if rank < MAY_LEAP else LEAPING[:1]
            place, was_s, period_s, time, both, period, odds, textures = one
            yield (*one[:6], odds + ornament, textures)
            passed_s = at_s - was_s
            walk = (WALK * period_s) ** 2
            beats = passed_s / period_s
            near = min(beats, MOST_GAP)
            wide = time + beats * (2.0 * both + beats * (period + walk * near / 3.0)) + onset
            reach_s = REACH * sqrt(wide + leaps[-1][0] * passed_s * passed_s)
            nearest = max(1, ceil((passed_s - reach_s) / period_s * PLACES))
            farthest = floor((passed_s + reach_s) / period_s * PLACES)
            for gap in range(nearest, farthest + 1):
                stepped = step(place, gap, textures, weight)
                if stepped is None:
                    continue
                there, chance, moved = stepped
                far = gap / PLACES
                near = min(far, MOST_GAP)
                off_s = passed_s - far * period_s
                for leap, unlikely in leaps:
                    grown = period + leap * period_s * period_s
                    c_time = time + far * (2.0 * both + far * grown + walk * near * near / 3.0)
                    c_both = both + far * grown + walk * near * near / 2.0
                    c_period = grown + walk * near
                    total = c_time + onset
                    surprise = off_s * off_s / total
                    if surprise > REACH * REACH:
                        continue
                    gain, turn = c_time / total, c_both / total
                    new_s = period_s + turn * off_s
                    if low <= new_s <= high:
                        yield (
                            there,
                            was_s + far * period_s + gain * off_s,
                            new_s,
                            c_time * (1.0 - gain),
                            c_both * (1.0 - gain),
                            c_period - turn * c_both,
                            odds + chance + unlikely - 0.5 * (surprise + log(2.0 * pi * total)),
                            moved,
                        )
                    if surprise < 1.0:
                        break  # it needs no leap


LEAPING = ((0.0, 0.0), (LEAP * LEAP, log(LEAPS)))
"""Variance of the period that an onset may add, and the log odds of it."""


def _likeliest(
    found: Iterable[Hypothesis], at_s: float, played: Beat | None, most: int
) -> list[Hypothesis]:
    """The likeliest of what was `found`, one of each kind; the first has a log weight of 0."""
    if played is not None:
        found = (_kept(one, played.off(_beat_of(one, at_s).at_s)) for one in found)
    ordered = sorted(found, key=lambda one: -one[6])
    top = ordered[0][6]
    kept: list[Hypothesis] = []
    seen: set[tuple[int, int]] = set()
    for one in ordered:
        place, was_s, period_s = one[:3]
        if one[6] - top < WEAKEST or len(kept) == most:
            break
        phase = place / PLACES + (at_s - was_s) / period_s
        kind = round(phase * 24) % 24, round(log(period_s) * 40)
        if kind not in seen:
            seen.add(kind)
            kept.append((*one[:6], one[6] - top, one[7]))
    return kept


def _kept(one: Hypothesis, off: float) -> Hypothesis:
    """`one`, less likely where it is `off` the beat that the player hears."""
    return (*one[:6], one[6] - KEEPS * min(1.0, (4.0 * off) ** 2), one[7])


def _beat_of(one: Hypothesis, now: float) -> Beat:
    """The beat of `one` that is nearest to `now`."""
    place, was_s, period_s = one[:3]
    beat_s = was_s - place / PLACES * period_s
    return Beat(beat_s + round((now - beat_s) / period_s) * period_s, period_s)


def _agree(one: Beat, other: Beat, within: float = 1.0) -> bool:
    alike = abs(log(one.period_s / other.period_s)) < within * ALIKE_TEMPO
    return alike and abs(other.off(one.at_s)) < within * ALIKE


def _stands_on(one: Beat, other: Beat) -> bool:
    """Whether the beats of one are those of the other, or every second, or each and one between."""
    octaves = log(other.period_s / one.period_s) / log(2.0)
    whole = round(octaves)
    if abs(whole) > 1 or abs(octaves - whole) * log(2.0) > ALIKE_TEMPO:
        return False
    off = one.off(other.at_s) if whole >= 0 else other.off(one.at_s)
    return abs(off) < ALIKE
