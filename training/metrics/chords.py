"""The chords of a song by its own notes, and how a band keeps to them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chart import PITCH_CLASSES
from schmubert.engine.music.chords import plan_weights, recognised, sounding_beats
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import PITCHED, Track
from schmubert.training.metrics.bootstrap import Share
from schmubert.training.metrics.harmony import sounding_pitch
from schmubert.training.metrics.notes import LENGTH, ONSET, PITCH, note_table

Weights = NDArray[np.float64]
"""How much each pitch class belongs to the chord of a beat: [beats, 12], as a chart says it."""


def chords_of(tokens: Tokens, tracks: Sequence[Track] = PITCHED, meter: Meter = COMMON) -> Weights:
    """The chords of `tokens` [steps, 3], recognised from the notes of `tracks`: [beats, 12].

    The tokens are bars of `meter`, on whose strong beats a chord changes easily.
    """
    notes = np.concatenate([note_table(tokens, track) for track in tracks])
    onsets = notes[:, ONSET] / meter.cells
    ends = (notes[:, ONSET] + notes[:, LENGTH]) / meter.cells
    beats = len(tokens) // meter.cells
    strong = np.isin(np.arange(beats) % meter.beats, meter.strong_beats)
    return plan_weights(
        recognised(sounding_beats(onsets, ends, notes[:, PITCH], beats), cheap=strong)
    )


def bass_in_chord(chords: Weights, band: Tokens, meter: Meter = COMMON) -> Share:
    """(cells of the bass of `band` [steps, 3] on a tone of the chord, cells of it under one)."""
    pitches = sounding_pitch(band, Track.BASS)
    by_step = np.repeat(chords > 0, meter.cells, axis=0)
    under = (pitches >= 0) & by_step.any(axis=1)
    inside = by_step[under, pitches[under] % PITCH_CLASSES]
    return float(inside.sum()), float(under.sum())


def bass_on_root(chords: Weights, band: Tokens, meter: Meter = COMMON) -> Share:
    """(downbeats with a chord on which the bass of `band` [steps, 3] has its root, such beats).

    A bass that is silent there misses it.
    """
    root = np.full(len(chords), -1)
    heard = chords.any(axis=1)
    root[heard] = chords[heard].argmax(axis=1)
    pitches = sounding_pitch(band, Track.BASS)[:: meter.steps]
    of_bars = root[:: meter.beats]
    on_root = (pitches >= 0) & (pitches % PITCH_CLASSES == of_bars)
    return float(on_root.sum()), float((of_bars >= 0).sum())
