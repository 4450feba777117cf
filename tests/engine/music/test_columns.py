"""Parts on the grid of a metre: in 4/4, and where bars do not follow one another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.music.barlines import grids
from schmubert.engine.music.chords import FIRST_CHORD, HIT, HOLD_CHORD, recognised, sounding_beats
from schmubert.engine.music.columns import (
    ChordStrokes,
    chords_on,
    comping_on,
    drums_on,
    pitched_column_of,
    pitched_on,
    placed_on,
)
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Note, monophonic
from schmubert.engine.music.song import Part, Song, TimeSignature
from schmubert.engine.music.vocabulary import (
    GENERAL_MIDI_DRUMS,
    HIGHEST_PITCH,
    HOLD,
    LOWEST_PITCH,
    OFF,
    onset_token,
)

BEAT = 480
BAR = 4 * BEAT
WALTZ = Meter(3)


def part(notes: list[tuple[int, int, int]], drums: bool = False) -> Part:
    """A part of (onset, end, pitch), in ticks."""
    onsets, ends, pitches = np.array(notes, np.int64).reshape(-1, 3).T
    return Part("", 0, drums, onsets, ends, pitches)


def song(parts: list[Part], *said: TimeSignature) -> Song:
    end = max(int(one.ends.max()) for one in parts)
    return Song(BEAT, tuple(parts), said, (), end)


def nearest_16th(tick: int) -> int:
    """The 16th nearest to `tick`, halves up."""
    return (8 * tick + BEAT) // (2 * BEAT)


def in_reach(pitch: int) -> int:
    """The octave of `pitch` nearest to it within 21..108."""
    while pitch < LOWEST_PITCH:
        pitch += 12
    while pitch > HIGHEST_PITCH:
        pitch -= 12
    return pitch


notes_in_ticks = st.lists(
    st.tuples(st.integers(0, 6 * BAR), st.integers(0, BAR), st.integers(0, 127)).map(
        lambda note: (note[0], note[0] + note[1], note[2])
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(notes_in_ticks)
def test_four_four_is_read_to_the_nearest_16th(notes: list[tuple[int, int, int]]) -> None:
    said = TimeSignature(7 * BAR, 4, 4)  # one that changes nothing, but makes seven whole bars
    played, kit = part(notes), part(notes, drums=True)
    held = part([(0, 8 * BAR, 60)])
    found = grids(song([played, kit, held], said))
    if [*found] != [COMMON]:
        return  # a shuffle
    grid = found[COMMON]
    heard = [
        Note(nearest_16th(onset), nearest_16th(end) - nearest_16th(onset), in_reach(pitch))
        for onset, end, pitch in notes
    ]
    np.testing.assert_array_equal(pitched_on(played, grid), monophonic(heard, grid.steps))
    hits = np.zeros(grid.steps, np.int64)
    for onset, _, pitch in notes:
        if pitch in GENERAL_MIDI_DRUMS and nearest_16th(onset) < grid.steps:
            hits[nearest_16th(onset)] |= 1 << GENERAL_MIDI_DRUMS[pitch]
    np.testing.assert_array_equal(drums_on([kit], grid, GENERAL_MIDI_DRUMS), hits)
    beats = sounding_beats(played.onsets / BEAT, played.ends / BEAT, played.pitches, 4 * grid.bars)
    np.testing.assert_array_equal(chords_on([played, kit], grid), recognised(beats))


def test_a_note_ends_where_its_bars_do() -> None:
    waltz, again = 2 * BAR, 2 * BAR + 3 * BEAT
    signatures = (TimeSignature(waltz, 3, 4), TimeSignature(again, 4, 4))
    held = part([(BAR, 3 * BAR, 60), (again + BEAT, again + BAR, 62)])
    found = grids(song([held], *signatures))
    column = pitched_on(held, found[COMMON])
    assert np.flatnonzero(column).tolist() == [16, 36]  # no OFF at step 32: it is another time
    chord = part([(BAR, 3 * BAR, 60), (BAR, 3 * BAR, 64)])
    comping = comping_on([chord], grids(song([chord], *signatures))[COMMON])
    assert comping is not None
    assert np.flatnonzero(comping).tolist() == [16]
    assert not pitched_on(held, found[WALTZ]).any()


def comping(*parts: Part, bars: int = 1) -> list[int] | None:
    """What `comping_on` hears of `parts`, in a song of `bars` of 4/4."""
    whole = part([(0, bars * BAR, 36)])
    found = comping_on(parts, grids(song([whole, *parts]), triplets=False)[COMMON])
    return None if found is None else found.tolist()


def strums(*at: tuple[int, int], pitches: tuple[int, ...] = (60, 64, 67)) -> Part:
    """A part that strikes a chord in each of so many cells, for so many cells."""
    cell = BEAT // 4
    return part([(cell * a, cell * (a + n), p) for a, n in at for p in pitches])


def test_comping_is_hit_held_and_let_go() -> None:
    played = comping(strums((0, 4), (6, 1), (7, 9)))
    assert played == [HIT, HOLD, HOLD, HOLD, OFF, HOLD, HIT, HIT, *[HOLD] * 8]


def test_what_a_hand_plays_between_its_chords_is_no_comping() -> None:
    cell = BEAT // 4
    tune = [(cell * at, cell * at + cell, 72) for at in range(1, 16)]
    octaves = [(cell * at, cell * at + cell, pitch) for at in (5, 9) for pitch in (48, 60)]
    chord = [(0, 8 * cell, 60), (0, 6 * cell, 64)]
    played = comping(part(sorted([*chord, *tune, *octaves])))
    assert played == [HIT, *[HOLD] * 7, OFF, *[HOLD] * 7]


def test_one_part_comps_and_it_is_the_fullest() -> None:
    thirds = strums(*((at, 1) for at in range(16)), pitches=(72, 76))
    chords = strums((0, 8), (8, 8))
    assert comping(thirds, chords) == comping(chords)
    seldom = strums((0, 8), pitches=(48, 52, 55, 58, 62))
    often = strums((0, 8), (16, 8), (32, 8))
    assert comping(seldom, often, bars=3) == comping(often, bars=3)


def test_where_nobody_strikes_chords_nobody_comps() -> None:
    assert comping() is None
    assert comping(part([(0, BEAT, 60), (BEAT, 2 * BEAT, 64)])) is None
    kit = part([(0, BEAT, 36), (0, BEAT, 42)], drums=True)
    assert comping(kit) is None


@settings(deadline=None)
@given(notes_in_ticks)
def test_comping_ends_only_what_sounds(notes: list[tuple[int, int, int]]) -> None:
    sounding = False
    for token in comping(part(sorted(notes)), bars=8) or ():
        assert token in (HOLD, OFF, HIT)
        assert sounding or token != OFF
        sounding = token == HIT or (sounding and token == HOLD)


@settings(deadline=None)
@given(st.lists(notes_in_ticks, min_size=1, max_size=4), st.integers(0, 3))
def test_parts_that_are_placed_together_are_read_as_each_alone(
    heard: list[list[tuple[int, int, int]]], lead: int
) -> None:
    parts = [part(notes) for notes in heard]
    (grid,) = grids(song([part([(0, 7 * BAR, 36)]), *parts]), triplets=False).values()
    together = placed_on(parts, grid)
    for number, one in enumerate(parts):
        column = pitched_column_of(together.of_parts(number, number + 1))
        assert column.tolist() == pitched_on(one, grid).tolist()
    strokes = ChordStrokes(together)
    comping = strokes.comping_part((lead, None))
    rhythm = None if comping is None else strokes.rhythm(comping).tolist()
    alone = comping_on([one for number, one in enumerate(parts) if number != lead], grid)
    assert rhythm == (None if alone is None else alone.tolist())


@pytest.mark.parametrize(("beats", "unit"), [(6, 8), (9, 8), (12, 8)])
def test_compound_beats_have_six_cells(beats: int, unit: int) -> None:
    eighth = BEAT // 2
    notes = [(k * eighth, k * eighth + eighth // 2, 60 + k % 3) for k in range(2 * beats)]
    (grid,) = grids(song([part(notes)], TimeSignature(0, beats, unit))).values()
    column = pitched_on(part(notes), grid)
    assert len(column) == 2 * 2 * beats
    assert column[:4].tolist() == [onset_token(60), OFF, onset_token(61), OFF]


def chord(start: int, end: int, *pitches: int) -> list[tuple[int, int, int]]:
    return [(start, end, pitch) for pitch in pitches]


def test_a_plan_has_a_token_a_beat_of_its_metre() -> None:
    bar = 3 * BEAT
    notes = [
        *chord(0, 2 * bar, 48, 60, 64, 67),
        *chord(2 * bar, 4 * bar, 43, 59, 62, 67),
    ]
    for said, beats in ((TimeSignature(0, 3, 4), 3), (TimeSignature(0, 6, 8), 2)):
        (grid,) = grids(song([part(notes)], said)).values()
        held = [HOLD_CHORD] * (2 * beats - 1)
        assert chords_on([part(notes)], grid).tolist() == [
            FIRST_CHORD,
            *held,
            FIRST_CHORD + 7 * 7,
            *held,
        ]


def test_a_run_of_bars_begins_with_its_own_chord() -> None:
    waltz, again = 2 * BAR, 2 * BAR + 3 * BEAT
    signatures = (TimeSignature(waltz, 3, 4), TimeSignature(again, 4, 4))
    notes = [
        *chord(0, waltz, 48, 60, 64, 67),
        *chord(waltz, again, 43, 59, 62, 67),
        *chord(again, again + BAR, 48, 60, 64, 67),
    ]
    found = grids(song([part(notes)], *signatures))
    assert chords_on([part(notes)], found[WALTZ]).tolist() == [FIRST_CHORD + 7 * 7, 1, 1]
    plan = chords_on([part(notes)], found[COMMON]).tolist()
    assert plan == [FIRST_CHORD, *[1] * 7, FIRST_CHORD, 1, 1, 1]
