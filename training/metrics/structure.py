"""What a piece repeats, and whether its note-offs make sense."""

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    PITCHED,
    Track,
    first_onset,
)
from schmubert.training.metrics.bootstrap import Share
from schmubert.training.metrics.notes import LENGTH, ONSET, PITCH, note_table


def in_first_half(bars: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the second half of `bars` [bars, steps] of a track were in the first: [bars / 2]."""
    half = len(bars) // 2
    known = {bar.tobytes() for bar in bars[:half]}
    return np.array([bar.tobytes() in known for bar in bars[half:]], bool)


def repeated_bars(tokens: Tokens, track: Track, lag: int, bar_steps: int = STEPS_PER_BAR) -> Share:
    """(bars of `track` that equal the bar `lag` bars earlier, bars that could).

    Bars of `tokens` [steps, 3] are compared token by token, once note-offs that end nothing are
    held: a note held into one of two bars makes them differ. A bar counts if something starts in
    it and it has a bar `lag` before it: silent bars repeat each other, and count in neither.
    ValueError for a lag below 1.
    """
    if lag < 1:
        raise ValueError(f"a bar cannot repeat the one {lag} bars earlier")
    column = known_column(tokens, track)
    bars = column[: len(column) // bar_steps * bar_steps].reshape(-1, bar_steps)
    later, earlier = bars[lag:], bars[:-lag]
    counted = (later >= first_onset(track)).any(axis=1)
    equal = (later == earlier).all(axis=1)
    return float((equal & counted).sum()), float(counted.sum())


def repeated_pitches(tokens: Tokens, track: Track) -> Share:
    """(onsets of `track` of `tokens` [steps, 3] on the pitch of the one before, all but the first).

    ValueError for drums, which have none.
    """
    if track not in PITCHED:
        raise ValueError(f"{track.name} have no pitch")
    column = known_column(tokens, track)
    onsets = column[column >= FIRST_ONSET]
    return float((onsets[1:] == onsets[:-1]).sum()), float(max(0, len(onsets) - 1))


def longest_stay(tokens: Tokens, track: Track, bar_steps: int = STEPS_PER_BAR) -> float:
    """The longest that a pitched `track` of `tokens` [steps, 3] stays on one pitch, in bars.

    From the first of several notes of one pitch in a row to the end of the last: rests between
    them count. 0 where there is no note.
    """
    notes = note_table(tokens, track)
    if not len(notes):
        return 0.0
    changes = np.flatnonzero(np.diff(notes[:, PITCH])) + 1
    ends = (notes[:, ONSET] + notes[:, LENGTH])[[*(changes - 1), -1]]
    return float((ends - notes[[0, *changes], ONSET]).max()) / bar_steps


def notes_under(tokens: Tokens, track: Track, pitch: int) -> Share:
    """(notes of a pitched `track` of `tokens` [steps, 3] under a MIDI `pitch`, its notes)."""
    pitches = note_table(tokens, track)[:, PITCH]
    return float((pitches < pitch).sum()), float(len(pitches))


def idle_note_offs(tokens: Tokens, track: Track) -> Share:
    """(note-offs of `track` of `tokens` [steps, 3] while nothing sounds, note-offs).

    ValueError for drums, which have none.
    """
    if track not in PITCHED:
        raise ValueError(f"{track.name} have no note-offs")
    column = tokens[:, track]
    events = column[column != HOLD]
    offs = events == OFF
    sounds_before = np.concatenate([[False], (events >= FIRST_ONSET) & (events < MASK[track])])
    return float((offs & ~sounds_before[:-1]).sum()), float(offs.sum())


def known_column(tokens: Tokens, track: Track) -> NDArray[np.int64]:
    """`track` of `tokens` [steps, 3], masks being silent and note-offs all ending a note."""
    column = tokens[:, track]
    if track not in PITCHED:
        return np.where(column == MASK[track], HOLD, column)
    column = np.where(column == MASK[track], OFF, column)
    spoken = np.flatnonzero(column != HOLD)
    events = column[spoken]
    after_silence = np.concatenate([[True], events[:-1] == OFF]) if len(events) else events == OFF
    column[spoken[(events == OFF) & after_silence]] = HOLD
    return column
