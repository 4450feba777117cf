"""An ensemble as a MIDI file: a MIDI track for each of its tracks."""

from collections.abc import Sequence

import numpy as np

from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.chord_part import chord_notes
from schmubert.engine.music.chords import HIT
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.midifile import TICKS_PER_BEAT
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Score, Tokens, silence
from schmubert.engine.music.smf import (
    PROGRAM_CHANGE,
    SET_TEMPO,
    TRACK_NAME,
    event,
    meta,
    midi_file,
    signature_event,
    track_body,
)
from schmubert.engine.music.stacks import line_of, track_named
from schmubert.engine.music.strokes import CHANNEL, NAMES, PROGRAM, note_events, strokes
from schmubert.engine.music.vocabulary import HOLD, Track

STACKED_CHANNEL = 3
"""That of the second line of a role; further ones follow."""


def ensemble_bytes(names: Sequence[str], tokens: Tokens, tempo_bpm: float) -> bytes:
    """`tokens` [steps, tracks] of whole bars in 4/4 as a MIDI file of the tracks called `names`.

    Chords are voiced as a part of chords is: where a comping says, else on each change of them. A
    comping without chords says no pitches, and has no notes.
    """
    bars = len(tokens) // COMMON.steps
    end = bars * COMMON.beats * TICKS_PER_BEAT
    grid = Grid.even(COMMON, bars, TICKS_PER_BEAT)
    tempo = round(6e7 / tempo_bpm).to_bytes(3, "big")
    bodies = [track_body([meta(0, SET_TEMPO, tempo), signature_event(0, COMMON)], end)]
    for column, name in enumerate(names):
        track, line = track_named(name), line_of(name)
        if track is Track.COMPING:
            continue
        channel = STACKED_CHANNEL + line - 1 if line else CHANNEL[track]
        begun = [meta(0, TRACK_NAME, f"{NAMES[track]} {line + 1 if line else ''}".strip().encode())]
        if channel != DRUM_CHANNEL:
            begun.append(event(0, PROGRAM_CHANGE | channel, PROGRAM[track]))
        score = _alone(names, tokens, column, track, tempo_bpm)
        bodies.append(track_body(begun + note_events(strokes(score, track, grid), channel), end))
    return midi_file(TICKS_PER_BEAT, bodies)


def _alone(
    names: Sequence[str], tokens: Tokens, column: int, track: Track, tempo_bpm: float
) -> Score:
    """A score in which a column of `tokens` plays its `track` and nothing else does."""
    bars = len(tokens) // COMMON.steps
    nothing = silence(bars, tempo_bpm)
    if track is not Track.CHORDS:
        grid = nothing.tokens.copy()
        grid[:, track] = tokens[:, column]
        return Score(grid, tempo_bpm)
    plan = chord_plan_of(tokens[:, column], COMMON)
    rhythm = np.full(len(tokens), HOLD)
    if "comping" in names:
        rhythm = tokens[:, names.index("comping")]
    else:
        struck = tokens[:: COMMON.cells, column] != HOLD
        rhythm[:: COMMON.cells][struck] = HIT
    notes = chord_notes(rhythm, plan, rootless="bass" in names)
    return Score(nothing.tokens, tempo_bpm, chords=notes)
