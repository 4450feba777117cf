"""Each note of a score is struck once, however few ticks there are."""

import numpy as np
import pytest

from schmubert.engine.music.additions import with_remade, with_tracks
from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Note, Score, drum_hits, notes, silence
from schmubert.engine.music.smf import midi_file, read, track_body
from schmubert.engine.music.strokes import Stroke, strokes
from schmubert.engine.music.vocabulary import TRIO, Track, onset_token
from tests.engine.music.test_additions import BASS_PLACE, bass, file, note


def full(bars: int) -> Score:
    """A bass, a kick and a chord in each cell, a snare on each beat."""
    tokens = silence(bars).tokens.copy()
    tokens[:, Track.BASS] = [onset_token(40 + step % 4) for step in range(len(tokens))]
    tokens[:, Track.DRUMS] = 1
    tokens[::4, Track.DRUMS] = 3
    chords = [Note(step, 1, 60 + step % 4 + k) for step in range(len(tokens)) for k in (0, 4, 7)]
    return Score(tokens, chords=tuple(chords))


@pytest.mark.parametrize("ticks_per_quarter", [1, 2, 3, 4, 7, 480])
def test_of_what_falls_on_one_tick_the_loudest_is_struck(ticks_per_quarter: int) -> None:
    score, grid = full(2), Grid.even(COMMON, 2, ticks_per_quarter)
    cells = min(ticks_per_quarter, 4)
    line, kit, chords = (
        strokes(score, track, grid) for track in (Track.BASS, Track.DRUMS, Track.CHORDS)
    )
    assert len(line) == len({one.onset for one in line}) == 8 * cells
    places = [(one.onset, one.pitch) for one in kit]
    assert len(places) == len({*places}) == 8 * cells + 8
    assert len(chords) == 3 * 8 * cells
    on_beats = [one.pitch for one in line if one.onset % ticks_per_quarter == 0]
    assert on_beats == [40] * 8, "a beat is louder than what stands beside it"
    for played in (line, kit, chords):
        assert all(one.onset < one.end for one in played)


@pytest.mark.parametrize("ticks_per_quarter", [1, 2, 3, 480])
def test_as_many_are_told_as_are_written(ticks_per_quarter: int) -> None:
    empty = midi_file(ticks_per_quarter, [track_body(note(0, 0, 60, 8), 8 * ticks_per_quarter)])
    added = with_tracks(empty, full(2), [*TRIO, Track.CHORDS])
    *_, line, kit, chords = read(added.midi).tracks
    written = [[e for e in t.events if e.status & 0xF0 == 0x90 and e.data[1]] for t in (line, kit)]
    assert [added.struck[k] for k in (Track.MELODY, Track.BASS, Track.DRUMS)] == [
        0,
        *map(len, written),
    ]
    begun = {e.tick for e in chords.events if e.status & 0xF0 == 0x90 and e.data[1]}
    assert added.struck[Track.CHORDS] == len(begun)


def test_a_note_that_has_no_room_beside_one_of_the_file_is_not_told() -> None:
    source = file(*note(0, 1, 40, 1000))
    score = bass(1, Note(0, 4, 40), Note(4, 4, 41), Note(8, 4, 42))
    assert with_remade(source, score, [Track.BASS], BASS_PLACE).struck == {Track.BASS: 2}


def test_usual_ticks_change_nothing() -> None:
    score, grid = full(1), Grid.even(COMMON, 1, 480)
    assert len(strokes(score, Track.BASS, grid)) == len(notes(score.tokens, Track.BASS))
    assert len(strokes(score, Track.DRUMS, grid)) == len(drum_hits(score.tokens))
    first = strokes(score, Track.BASS, grid)[0]
    assert first == Stroke(0, 120, 40, first.velocity)
    onsets = [one.onset for one in strokes(score, Track.BASS, grid)]
    assert onsets == grid.ticks(np.arange(16)).tolist()
