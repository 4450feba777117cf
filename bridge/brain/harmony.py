"""Chords that are written down or held -> the pitch classes that the band leans to in each beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chart import chart_beats
from schmubert.engine.music.meter import COMMON, Meter

Weights = NDArray[np.float64]
"""For each pitch class [.., 12], 0 to `ROOT_WEIGHT`: how much it belongs to a chord."""


@dataclass(frozen=True)
class Chart:
    """The chords of a song, [beats, 12] `Weights`, over and over from bar 1 on."""

    weights: Weights

    def at(self, beat: float) -> Weights:
        """The chord in `beat` of the song, counted from 0; before it, the first one."""
        return np.asarray(self.weights[max(0, int(beat)) % len(self.weights)])


def chart(text: str, meter: Meter = COMMON) -> Chart:
    """The chart that `text` is in `meter`; see `chart_beats`."""
    return Chart(np.array(chart_beats(text, meter)))


def chord_weights(
    song_beats: Sequence[float],
    written: Chart | None,
    held: Weights,
    held_until: int,
    meter: Meter = COMMON,
) -> Weights:
    """The chord of each beat of a window, [beats, 12], whose beats are `song_beats` of the song.

    Where a chart is `written` it says which chord is whose; else what is `held` leads in the beats
    before `held_until` of the window, and less and less in the bar of `meter` after.
    """
    if written is not None:
        return np.array([written.at(beat) for beat in song_beats])
    ahead = np.arange(len(song_beats)) - held_until
    return np.asarray((1.0 - np.clip(ahead / meter.beats, 0.0, 1.0))[:, None] * held)


def packed(biases: Weights) -> bytes:
    """`biases` [beats, 12] as the `harmony` of a request; empty where nothing leads."""
    return biases.astype("<f4").tobytes() if biases.any() else b""
