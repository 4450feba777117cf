"""How a bass fits a melody: figures that tell a song's own bass from another song's.

A melody alone does not say its chords, but it says its scale. The scale of a span is the major
scale (of twelve) that covers most of the melody's sounding time; the bass fits where its pitch
classes lie in it. Own basses reach about .92 and those of other songs about .66.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.guides import MAJOR
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, LOWEST_PITCH, OFF, SIZES, Track
from schmubert.training.metrics.bootstrap import Share

SPAN_BARS = 8
SCALES = np.array(
    [[(pitch_class - tonic) % 12 in MAJOR for pitch_class in range(12)] for tonic in range(12)]
)
"""Which pitch classes each of the twelve major scales holds: [tonic, pitch class]."""
CLASH = (1, 6, 11)
"""Semitones of the melody over the bass, octaves left out, that grate: m2, tritone, M7."""
CONSONANT = (0, 3, 4, 7, 8, 9)
"""Those that rest: unison, thirds, fifth and sixths."""


def sounding_pitch(tokens: Tokens, track: Track) -> NDArray[np.int64]:
    """The MIDI pitch that a pitched `track` of `tokens` [steps, 3] sounds: [steps], -1 for none."""
    column = tokens[:, track]
    spoken = np.where(column != HOLD, np.arange(len(column)), -1)
    latest = np.maximum.accumulate(spoken)
    token = np.where(latest >= 0, column[latest], OFF)
    sounds = (token >= FIRST_ONSET) & (token < SIZES[track])
    return np.where(sounds, token - FIRST_ONSET + LOWEST_PITCH, -1)


def pitch_class_time(pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells in which each pitch class of `pitches` [steps], -1 for none, sounds: [12]."""
    return np.bincount(pitches[pitches >= 0] % 12, minlength=12)


def scale_fit(melody: NDArray[np.int64], bass: NDArray[np.int64]) -> Share:
    """(in scale, all) 16ths of `bass` time [12] against the scale of `melody` time [12].

    Where several scales cover the melody alike, the bass gets the mean over them: no scale is
    preferred by its name, and the figure stays the same when both are transposed.
    """
    covered = SCALES @ melody
    best = covered == covered.max()
    return float((SCALES[best] @ bass).mean()), float(bass.sum())


def bass_at(intervals: Sequence[int], melody: Tokens, bass: Tokens, every: int = 1) -> Share:
    """(cells in which the melody stands at one of `intervals` over the bass, cells of both).

    Of the melody of `melody` and the bass of `bass`, both [steps, 3], intervals in semitones
    without octaves, as `CLASH`. Only `every` so many steps count: every bar for downbeats.
    """
    sung, played = sounding_pitch(melody, Track.MELODY), sounding_pitch(bass, Track.BASS)
    sung, played = sung[::every], played[::every]
    both = (sung >= 0) & (played >= 0)
    here = np.isin((sung - played)[both] % 12, intervals)
    return float(here.sum()), float(both.sum())


def bass_in_scale(melody: Tokens, bass: Tokens, span_bars: int = SPAN_BARS) -> Share:
    """(in scale, all) 16ths of the bass of `bass` against the melody of `melody`, both [steps, 3].

    The sum is over spans of `span_bars` bars in which both sound; a shorter end is a span too.
    """
    inside = whole = 0.0
    for _, sung, played in _spans(melody, bass, span_bars):
        if sung.any() and played.any():
            part, all_of_it = scale_fit(sung, played)
            inside, whole = inside + part, whole + all_of_it
    return inside, whole


def root_in_bar(melody: Tokens, bass: Tokens, bar_steps: int = STEPS_PER_BAR) -> Share:
    """(bars whose root the melody sings, bars), of the bars in which both of them sound.

    The root of a bar is the pitch class that its bass sounds longest, the lowest name of equals.
    """
    spans = _spans(melody, bass, 1, bar_steps)
    bars = [(sung, played) for _, sung, played in spans if sung.any()]
    roots = [sung[played.argmax()] > 0 for sung, played in bars if played.any()]
    return float(sum(roots)), float(len(roots))


def onsets_in_scale(melody: Tokens, bass: Tokens, span_bars: int = SPAN_BARS) -> Share:
    """(in scale, all) onsets of the bass of `bass` against the melody of `melody`, both [steps, 3].

    It is as `bass_in_scale`, but every note counts once, however long it sounds.
    """
    inside = whole = 0.0
    for first, sung, _ in _spans(melody, bass, span_bars):
        started = _onset_classes(bass[first : first + span_bars * STEPS_PER_BAR])
        if sung.any() and started.any():
            part, all_of_it = scale_fit(sung, started)
            inside, whole = inside + part, whole + all_of_it
    return inside, whole


def onsets_sung(melody: Tokens, bass: Tokens) -> Share:
    """(bass onsets whose pitch class the melody sings in the same bar, bass onsets).

    Only bars in which the melody sounds count.
    """
    inside = whole = 0.0
    for first, sung, _ in _spans(melody, bass, 1):
        if sung.any():
            started = _onset_classes(bass[first : first + STEPS_PER_BAR])
            inside, whole = inside + float(started[sung > 0].sum()), whole + float(started.sum())
    return inside, whole


def key_agreement(melody: Tokens, bass: Tokens, span_bars: int = SPAN_BARS) -> Share:
    """(spans in which melody and bass are in one key, spans), of those in which both sound.

    The key is the major scale that covers most of the sounding time. Where several do so alike,
    for the melody or the bass, the span counts by how many both have, over the geometric mean of
    how many each has: 1 where the same scales are best for both, 0 where none is.
    """
    agreed = spans = 0.0
    for _, sung, played in _spans(melody, bass, span_bars):
        if sung.any() and played.any():
            ours, theirs = (SCALES @ time for time in (played, sung))
            best, others = ours == ours.max(), theirs == theirs.max()
            agreed += float((best & others).sum() / (best.sum() * others.sum()) ** 0.5)
            spans += 1.0
    return agreed, spans


def _spans(
    melody: Tokens, bass: Tokens, bars: int, bar_steps: int = STEPS_PER_BAR
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """First step and pitch class times [12] of melody and bass, a span of `bars` at a time."""
    sung = sounding_pitch(melody, Track.MELODY)
    played = sounding_pitch(bass, Track.BASS)
    width = bars * bar_steps
    for first in range(0, min(len(sung), len(played)), width):
        span = slice(first, first + width)
        yield first, pitch_class_time(sung[span]), pitch_class_time(played[span])


def _onset_classes(tokens: Tokens) -> NDArray[np.int64]:
    """How many notes of each pitch class the bass of `tokens` [steps, 3] starts: [12]."""
    column = tokens[:, Track.BASS]
    onsets = column[(column >= FIRST_ONSET) & (column < SIZES[Track.BASS])]
    return pitch_class_time(onsets - FIRST_ONSET + LOWEST_PITCH)
