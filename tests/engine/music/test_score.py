import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.music import (
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    PITCHED,
    SIZES,
    STEPS_PER_BAR,
    TRIO,
    Drum,
    Note,
    Score,
    Tokens,
    Track,
    canonical,
    drum_hits,
    drum_token,
    idle_offs,
    monophonic,
    notes,
    onset_token,
    pitch_of,
    silence,
    unknown,
)


def grids(masked: bool = False, bars: int = 2) -> st.SearchStrategy[Tokens]:
    """Tokens [steps, 3], rich in holds and note-offs as music is."""

    def column(track: Track, steps: int) -> st.SearchStrategy[Tokens]:
        events = st.integers(0, SIZES[track] - 1 + masked)
        common = st.sampled_from([HOLD, HOLD, OFF, FIRST_ONSET, MASK[track] if masked else HOLD])
        return hnp.arrays(np.int64, steps, elements=common | events)

    return st.integers(1, bars).flatmap(
        lambda n: st.tuples(*(column(track, n * STEPS_PER_BAR) for track in TRIO)).map(
            lambda columns: np.stack(columns, axis=1)
        )
    )


def played(steps: int = 32) -> st.SearchStrategy[list[Note]]:
    note = st.builds(
        Note, st.integers(-2, steps + 2), st.integers(0, 12), st.sampled_from([40, 43, 47, 60])
    )
    return st.lists(note, max_size=12)


@given(grids(masked=True))
def test_what_is_canonical_stays(tokens: Tokens) -> None:
    once = canonical(tokens)
    np.testing.assert_array_equal(canonical(once), once)


@given(grids(masked=True))
def test_making_canonical_only_drops_offs_and_changes_no_note(tokens: Tokens) -> None:
    once = canonical(tokens)
    changed = once != tokens
    assert not changed[:, Track.DRUMS].any()
    assert (tokens[changed] == OFF).all()
    assert (once[changed] == HOLD).all()
    for track in PITCHED:
        assert notes(once, track) == notes(tokens, track)


@given(grids(masked=True))
def test_in_a_canonical_line_an_off_ends_something(tokens: Tokens) -> None:
    for track in PITCHED:
        sounding = False
        for event in canonical(tokens)[:, track]:
            assert event != OFF or sounding
            if event != HOLD:
                sounding = event != OFF


@given(grids(masked=True), st.booleans(), st.integers(0, 32))
def test_idle_are_the_offs_before_which_nothing_sounds(
    tokens: Tokens, sounding: bool, steps: int
) -> None:
    column = tokens[:steps, Track.BASS]
    expected, sounds = [], sounding
    for event in column.tolist():
        expected.append(event == OFF and not sounds)
        if event != HOLD:
            sounds = event != OFF
    assert idle_offs(column, sounding).tolist() == expected
    np.testing.assert_array_equal(idle_offs(np.stack([column] * 2), sounding), [expected] * 2)


@given(grids())
def test_a_canonical_line_comes_back_from_its_notes(tokens: Tokens) -> None:
    once = canonical(tokens)
    for track in PITCHED:
        line = monophonic(notes(once, track), len(once))
        np.testing.assert_array_equal(line, once[:, track])


@given(played())
def test_the_highest_of_the_notes_that_start_wins(played: list[Note]) -> None:
    steps = 32
    line = monophonic(played, steps)
    tokens = np.zeros((steps, 3), np.int64)
    tokens[:, Track.MELODY] = line
    np.testing.assert_array_equal(canonical(tokens), tokens)
    heard = notes(tokens, Track.MELODY)
    starts = {note.onset: note.pitch for note in heard}
    for step in range(steps):
        starting = [note.pitch for note in played if note.onset == step]
        sounding = [n.pitch for n in heard if n.onset < step < n.onset + n.length]
        if starting and max(starting) >= max(sounding, default=0):
            assert starts[step] == max(starting)
        else:
            assert step not in starts


@given(played())
def test_a_note_sounds_no_longer_than_it_was_played(played: list[Note]) -> None:
    tokens = np.zeros((32, 3), np.int64)
    tokens[:, Track.BASS] = monophonic(played, 32)
    for note in notes(tokens, Track.BASS):
        longest = max(
            max(1, n.length) for n in played if (n.onset, n.pitch) == (note.onset, note.pitch)
        )
        assert note.length <= longest


def test_no_onset_is_made_when_a_top_note_is_lifted_off_a_held_one() -> None:
    line = monophonic([Note(0, 16, 40), Note(4, 2, 47)], 16)
    assert np.flatnonzero(line).tolist() == [0, 4, 6]
    assert line[[0, 4, 6]].tolist() == [onset_token(40), onset_token(47), OFF]


def test_notes_that_touch_have_no_off_between_them_and_the_last_runs_to_the_end() -> None:
    line = monophonic([Note(0, 4, 40), Note(4, 99, 41)], 16)
    assert np.flatnonzero(line).tolist() == [0, 4]


@given(grids(bars=4), st.data())
def test_a_window_is_the_rows_asked_for_and_starts_silent(
    tokens: Tokens, data: st.DataObject
) -> None:
    score = Score(tokens)
    first = data.draw(st.integers(0, score.bars))
    bars = data.draw(st.integers(0, score.bars - first))
    window = score.window(first, bars)
    rows = tokens[first * STEPS_PER_BAR : (first + bars) * STEPS_PER_BAR]
    np.testing.assert_array_equal(window.tokens, canonical(rows))
    with pytest.raises(ValueError, match="are not in"):
        score.window(first, score.bars - first + 1)


@given(grids(), st.integers(-100, 100))
def test_transposing_moves_every_pitch_or_refuses(tokens: Tokens, semitones: int) -> None:
    score = Score(tokens)
    pitches = [note.pitch for track in PITCHED for note in notes(tokens, track)]
    if all(21 <= pitch + semitones <= 108 for pitch in pitches):
        moved = score.transposed(semitones)
        for track in PITCHED:
            assert notes(moved.tokens, track) == [
                Note(n.onset, n.length, n.pitch + semitones) for n in notes(tokens, track)
            ]
        assert drum_hits(moved.tokens) == drum_hits(tokens)
        np.testing.assert_array_equal(moved.transposed(-semitones).tokens, tokens)
    else:
        with pytest.raises(ValueError, match="out of range"):
            score.transposed(semitones)


@given(grids(), st.data())
def test_masking_hides_the_cells_meant_and_no_others(tokens: Tokens, data: st.DataObject) -> None:
    cells = data.draw(hnp.arrays(np.bool_, tokens.shape))
    masked = Score(tokens).masked(cells).tokens
    np.testing.assert_array_equal(masked == np.asarray(MASK), cells)
    np.testing.assert_array_equal(masked[~cells], tokens[~cells])


def test_notes_of_a_bar() -> None:
    tokens = silence(1).tokens.copy()
    tokens[0, Track.BASS] = onset_token(36)
    tokens[4, Track.BASS] = OFF
    tokens[8, Track.BASS] = onset_token(43)
    tokens[10, Track.BASS] = MASK[Track.BASS]
    tokens[12, Track.BASS] = onset_token(48)
    assert notes(tokens, Track.BASS) == [Note(0, 4, 36), Note(8, 2, 43), Note(12, 4, 48)]
    assert [pitch_of(onset_token(note.pitch)) for note in notes(tokens, Track.BASS)] == [36, 43, 48]


def test_hits_of_a_bar() -> None:
    tokens = silence(1).tokens.copy()
    tokens[0, Track.DRUMS] = drum_token([Drum.KICK, Drum.CRASH])
    tokens[3, Track.DRUMS] = MASK[Track.DRUMS]
    tokens[4, Track.DRUMS] = drum_token([Drum.SNARE])
    assert drum_hits(tokens) == [(0, Drum.KICK), (0, Drum.CRASH), (4, Drum.SNARE)]


def test_scores_join_and_know_their_length() -> None:
    joined = silence(2, 90.0).followed_by(unknown(1))
    assert (joined.bars, joined.steps, joined.tempo_bpm) == (3, 48, 90.0)
    np.testing.assert_array_equal(joined.tokens[32:] == np.asarray(MASK), True)


@pytest.mark.parametrize(
    ("tokens", "tempo_bpm", "message"),
    [
        (np.zeros((15, 3)), 120.0, "15"),
        (np.zeros((16, 2)), 120.0, "16, 2"),
        (np.full((16, 3), 91), 120.0, "outside"),
        (np.full((16, 3), -1), 120.0, "outside"),
        (np.zeros((16, 3)), 9.0, "tempo 9"),
        (np.zeros((16, 3)), float("nan"), "tempo nan"),
    ],
)
def test_what_is_no_score_is_refused(tokens: Tokens, tempo_bpm: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Score(tokens, tempo_bpm)


def test_a_score_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        silence(1).tokens[0, 0] = 5
