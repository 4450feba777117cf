"""Chords that are written down or held -> what the band leans to in each beat."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chart import chart_beats, chart_tokens
from schmubert.engine.music.meter import COMMON, Meter

Weights = NDArray[np.float64]
"""For each pitch class [.., 12], 0 to `ROOT_WEIGHT`: how much it belongs to a chord."""


class Written(NamedTuple):
    """A chord of a chart: its `Weights` [12], and its `token` in a plan, `NO_CHORD` for none."""

    weights: Weights
    token: int


@dataclass(frozen=True)
class Chart:
    """The chords of a song, beat by beat, over and over from bar 1 on."""

    chords: tuple[Written, ...]

    def at(self, beat: float) -> Written:
        """The chord in `beat` of the song, counted from 0; before it, the first one."""
        return self.chords[max(0, int(beat)) % len(self.chords)]


def chart(text: str, meter: Meter = COMMON) -> Chart:
    """The chart that `text` is in `meter`; see `chart_beats`."""
    beats, tokens = chart_beats(text, meter), chart_tokens(text, meter)
    return Chart(tuple(map(Written, map(np.array, beats), tokens)))


class Charts:
    """Which chart holds in which steps of the tape: at first `text`, if that says any."""

    def __init__(self, text: str, meter: Meter = COMMON) -> None:
        self._meter = meter
        self._since: list[tuple[float, Chart | None]] = []
        self.write(text, -math.inf)

    @property
    def latest(self) -> Chart | None:
        """The chart that was written last, None where that was taken away."""
        return self._since[-1][1]

    def write(self, text: str, step: float) -> None:
        """From `step` on the chart `text` holds, or none where that is empty."""
        written = chart(text, self._meter) if text else None
        self._since = [*(one for one in self._since if one[0] < step), (step, written)]

    def hold_by(self, step: int) -> None:
        """What was to hold from a later step on holds from `step` on: the song goes on there."""
        since, latest = self._since[-1]
        if since > step:
            self._since = [*self._since[:-1], (step, latest)]

    def forget_before(self, step: int) -> None:
        """Nobody asks again about what was before `step`."""
        later = [one for one in self._since if one[0] > step]
        self._since = [*self._since[: len(self._since) - len(later)][-1:], *later]

    def at(self, step: int, beat: float) -> Written | None:
        """The chord of `step`, which is `beat` of the song; None where no chart holds."""
        held = [written for since, written in self._since if since <= step]
        return None if not held or held[-1] is None else held[-1].at(beat)


def chord_weights(
    written: Sequence[Written | None], held: Weights, held_until: int, meter: Meter = COMMON
) -> Weights:
    """The chord of each beat of a window, [beats, 12].

    Where a chart is `written` it says which chord is whose; else what is `held` leads in the beats
    before `held_until` of the window, and less and less in the bar of `meter` after.
    """
    ahead = np.arange(len(written)) - held_until
    weights = (1.0 - np.clip(ahead / meter.beats, 0.0, 1.0))[:, None] * held
    rows = zip(weights, written, strict=True)
    return np.array([row if chord is None else chord.weights for row, chord in rows])


def packed(biases: Weights) -> bytes:
    """`biases` [beats, 12] as the `harmony` of a request; empty where nothing leads."""
    return biases.astype("<f4").tobytes() if biases.any() else b""
