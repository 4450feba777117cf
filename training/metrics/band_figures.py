"""Figures between the tracks of a piece: clashes, chords, who starts together, what comes again."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import PHRASE_BARS
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import PITCHED, Drum, Track, first_onset
from schmubert.training.metrics.harmony import (
    CLASH,
    CONSONANT,
    SCALES,
    pitch_class_time,
    scale_fit,
    sounding_pitch,
)
from schmubert.training.metrics.notes import drum_hits
from schmubert.training.metrics.structure import known_column

LAGS = (1, 2, 4, 8, 16)
SCALE_BARS = 8

Figures = Iterator[tuple[str, float]]
"""Names of figures and their values."""
Columns = dict[Track, NDArray[np.int64]]


def mean_of(values: NDArray[Any]) -> float:
    """The mean of `values`; not a number of none."""
    return float(np.mean(values)) if np.size(values) else np.nan


def share_of(part: SupportsFloat, whole: SupportsFloat) -> float:
    """`part` of `whole`; not a number of nothing."""
    return float(part) / float(whole) if float(whole) else np.nan


def between(tokens: Tokens, tracks: Sequence[Track], bar_steps: int, beat_steps: int) -> Figures:
    """The figures by name of `tokens` [steps, 3] that more than one of `tracks` has part in.

    Those of the key of a piece, too. `piece_figures.figures_of` says what is asked of the numbers.
    """
    columns = {track: known_column(tokens, track) for track in tracks}
    pitches = {track: sounding_pitch(tokens, track) for track in tracks if track in PITCHED}
    yield from _together(columns, bar_steps)
    yield from _form(columns, bar_steps)
    if pitches:
        yield from _key(pitches, bar_steps)
    if len(pitches) == len(PITCHED):
        yield from _harmony(pitches[Track.MELODY], pitches[Track.BASS], bar_steps, beat_steps)
    if {Track.BASS, Track.DRUMS} <= set(tracks):
        bass = columns[Track.BASS] >= first_onset(Track.BASS)
        for drum in (Drum.KICK, Drum.SNARE):
            hits = drum_hits(tokens)[:, drum]
            name = drum.name.lower()
            yield f"band: bass onsets with a {name}", share_of((bass & hits).sum(), bass.sum())
            yield f"band: {name}s with a bass onset", share_of((bass & hits).sum(), hits.sum())


def _together(columns: Columns, bar_steps: int) -> Figures:
    """Who starts with whom, plays with whom, and rests with whom."""
    starts = {track: column >= first_onset(track) for track, column in columns.items()}
    by_bar = {track: of.reshape(-1, bar_steps).sum(axis=1) for track, of in starts.items()}
    for one, other in combinations(columns, 2):
        pair = f"band: {one.name.lower()} and {other.name.lower()}"
        both = (starts[one] & starts[other]).sum()
        yield f"{pair} start together, of the first", share_of(both, starts[one].sum())
        yield f"{pair} start together, of the second", share_of(both, starts[other].sum())
        yield f"{pair} busy in the same bars", _correlation(by_bar[one], by_bar[other])
        rests = (by_bar[one] == 0, by_bar[other] == 0)
        yield f"{pair} rest in the same bar", float((rests[0] & rests[1]).mean())
    if len(columns) > 1:
        everyone = np.logical_or.reduce(list(starts.values()))
        yield "band: steps in which something starts", float(everyone.mean())
        gaps = np.diff(np.flatnonzero(everyone))
        yield "band: longest time in which nothing starts", float(gaps.max(initial=0)) / bar_steps


def _form(columns: Columns, bar_steps: int) -> Figures:
    """How alike the bars of all tracks together are, by how far they are apart."""
    cells = np.stack(list(columns.values()), axis=1).reshape(-1, bar_steps * len(columns))
    first = np.array([first_onset(track) for track in columns])
    starts = (np.stack(list(columns.values()), axis=1) >= first).reshape(cells.shape)
    for lag in LAGS:
        equal = (cells[lag:] == cells[:-lag]).all(axis=1)
        yield f"form: all tracks repeated at lag {lag}", mean_of(equal)
        union = (starts[lag:] | starts[:-lag]).sum(axis=1)
        alike = (starts[lag:] & starts[:-lag]).sum(axis=1)[union > 0] / union[union > 0]
        yield f"form: onsets shared at lag {lag}", mean_of(alike)
    pairs = starts.astype(np.float64) @ starts.T.astype(np.float64)
    count = np.diagonal(pairs)
    union = count[:, None] + count[None] - pairs
    alike = np.divide(pairs, union, out=np.ones_like(pairs), where=union > 0)
    apart = np.abs(np.subtract.outer(np.arange(len(cells)), np.arange(len(cells))))
    far = alike[apart > PHRASE_BARS]
    near = alike[(apart > 0) & (apart <= PHRASE_BARS)]
    yield "form: likeness of bars in a phrase", mean_of(near)
    yield "form: likeness of bars further apart", mean_of(far)
    yield (
        "form: likeness of bars further apart, deviation",
        float(far.std()) if far.size else np.nan,
    )
    half = len(cells) // 2
    yield "form: likeness of both halves", mean_of(alike[:half, half:])


def _key(pitches: Columns, bar_steps: int) -> Figures:
    """How well one scale covers the piece, and whether it changes."""
    together = np.concatenate(list(pitches.values()))
    time = pitch_class_time(together)
    whole = (SCALES @ time).max()
    yield "key: covered by the best scale", share_of(whole, time.sum())
    span = SCALE_BARS * bar_steps
    scales, covered, heard = [], 0, 0
    for begin in range(0, len(next(iter(pitches.values()))), span):
        parts = [column[begin : begin + span] for column in pitches.values()]
        of_span = pitch_class_time(np.concatenate(parts))
        if of_span.any():
            scales.append(int((SCALES @ of_span).argmax()))
            covered, heard = covered + (SCALES @ of_span).max(), heard + of_span.sum()
    yield f"key: covered by the best scale of {SCALE_BARS} bars", share_of(covered, heard)
    yield f"key: changes every {SCALE_BARS} bars", mean_of(np.diff(scales) != 0)


def _harmony(
    melody: NDArray[np.int64], bass: NDArray[np.int64], bar_steps: int, beat_steps: int
) -> Figures:
    """How the bass stands to the melody, in time, on downbeats, in a bar and in a scale."""
    both = (melody >= 0) & (bass >= 0)
    intervals = (melody - bass) % 12
    heard = intervals[both]
    for semitones in range(12):
        yield f"harmony: melody {semitones} semitones over bass", mean_of(heard == semitones)
    yield "harmony: clash", mean_of(np.isin(heard, CLASH))
    yield "harmony: consonant", mean_of(np.isin(heard, CONSONANT))
    downbeats = intervals[::bar_steps][both[::bar_steps]]
    beats = intervals[::beat_steps][both[::beat_steps]]
    yield "harmony: clash on downbeats", mean_of(np.isin(downbeats, CLASH))
    yield "harmony: clash on beats", mean_of(np.isin(beats, CLASH))
    yield "harmony: melody under bass", mean_of((melody < bass)[both])
    roots, found = [], []
    inside = whole = 0.0
    span = SCALE_BARS * bar_steps
    for begin in range(0, len(melody), span):
        sung, played = (pitch_class_time(of[begin : begin + span]) for of in (melody, bass))
        if sung.any() and played.any():
            part, all_of_it = scale_fit(sung, played)
            inside, whole = inside + part, whole + all_of_it
    yield "harmony: bass in the scale of the melody", share_of(inside, whole)
    for begin in range(0, len(melody), bar_steps):
        sung, played = (pitch_class_time(of[begin : begin + bar_steps]) for of in (melody, bass))
        roots.append(int(played.argmax()) if played.any() else -1)
        if sung.any() and played.any():
            found.append(sung[played.argmax()] > 0)
    yield "harmony: root of the bar sung", mean_of(np.asarray(found))
    known = np.asarray(roots)
    for lag in (1, 2, 4, 8):
        pairs = (known[lag:] >= 0) & (known[:-lag] >= 0)
        yield f"harmony: root as {lag} bars before", mean_of((known[lag:] == known[:-lag])[pairs])
    steps = np.diff(known[known >= 0]) % 12
    for semitones in (2, 3, 5, 7, 9, 10):
        yield f"harmony: root up by {semitones} or an octave less down", mean_of(steps == semitones)
    yield "harmony: roots", float(len(set(roots) - {-1}))


def _correlation(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Pearson's correlation of two series; not a number where one of them never changes."""
    if not one.std() or not other.std():
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])
