"""A part of chords: which notes a rhythm and a chord plan make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.chord_part import chord_notes
from schmubert.engine.music.chords import (
    CHORD_TOKENS,
    FIRST_CHORD,
    HIT,
    HOLD_CHORD,
    NO_CHORD,
    chord_of,
    lasting_chords,
)
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Note, Score, silence
from schmubert.engine.music.vocabulary import BAND_MASK, HOLD, OFF, Track

C, F = FIRST_CHORD, FIRST_CHORD + 5 * 7
UNKNOWN = BAND_MASK[Track.CHORDS]
METERS = (COMMON, Meter(3), Meter(2, 6, 36))


def rhythm(*events: tuple[int, int], bars: int = 1) -> np.ndarray:
    column = np.full(16 * bars, HOLD)
    for step, token in events:
        column[step] = token
    return column


def by_onset(notes: tuple[Note, ...]) -> dict[int, tuple[int, set[int]]]:
    return {
        note.onset: (note.length, {one.pitch % 12 for one in notes if one.onset == note.onset})
        for note in notes
    }


@given(st.data(), st.sampled_from(METERS), st.booleans())
def test_every_note_is_in_the_chord_of_its_beat_and_ends_before_it_is_struck_again(
    data: st.DataObject, meter: Meter, rootless: bool
) -> None:
    steps = 2 * meter.steps
    tokens = st.lists(st.sampled_from([HOLD, OFF, HIT]), min_size=steps, max_size=steps)
    chord = st.integers(FIRST_CHORD, CHORD_TOKENS - 1) | st.sampled_from([NO_CHORD, HOLD_CHORD])
    column = np.array(data.draw(tokens))
    plan = np.array(data.draw(st.lists(chord, min_size=2 * meter.beats, max_size=2 * meter.beats)))
    lasting = lasting_chords(plan)
    notes = chord_notes(column, plan, meter, rootless)
    Score(silence(2, meter=meter).tokens, meter=meter, chords=notes)
    free = dict.fromkeys(range(128), 0)
    for note in notes:
        assert note.pitch % 12 in chord_of(lasting[note.onset // meter.cells]).pitch_classes
        assert note.onset >= free[note.pitch]
        free[note.pitch] = note.onset + note.length
    hits = {step for step in np.flatnonzero(column == HIT) if lasting[step // meter.cells] > 1}
    assert hits <= {note.onset for note in notes}
    assert not [note for note in notes if (column[note.onset] == OFF)]


def test_a_held_chord_gives_way_to_the_next_and_ends_where_there_is_none() -> None:
    plan = np.array([C, HOLD_CHORD, F, NO_CHORD])
    found = by_onset(chord_notes(rhythm((0, HIT)), plan))
    assert found == {0: (8, {0, 4, 7}), 8: (4, {5, 9, 0})}


def test_a_chord_that_nobody_knows_is_the_one_before() -> None:
    plan = np.array([UNKNOWN, C, UNKNOWN, UNKNOWN])
    found = by_onset(chord_notes(rhythm((0, HIT), (4, HIT), (8, HIT), (10, OFF)), plan))
    assert found == {4: (4, {0, 4, 7}), 8: (2, {0, 4, 7})}


def test_chords_move_with_their_score() -> None:
    notes = chord_notes(rhythm((0, HIT), (24, HIT), bars=2), np.array([C] * 8))
    score = Score(silence(2).tokens, chords=notes)
    assert {note.onset for note in score.followed_by(score).chords} == {0, 24, 32, 56}
    assert {(note.onset, note.length) for note in score.window(1, 1).chords} == {(8, 8)}
    assert {note.length for note in Score(score.tokens, chords=notes).window(0, 1).chords} == {16}
    assert {note.pitch % 12 for note in score.transposed(2).chords} == {2, 6, 9}
    with pytest.raises(ValueError, match="outside of 16 steps"):
        Score(silence(1).tokens, chords=(Note(15, 2, 60),))
