import numpy as np
import pytest

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, HOLD, Track, onset_token, pitch_of
from schmubert.training.evaluation import trials
from tests.training.grids import grid

BARS = 16


def roots(seeds: int) -> Tokens:
    """Broken chords with a bass that has the root of each bar."""
    songs = trials.arpeggios(seeds)
    for bar in range(songs.shape[1] // STEPS_PER_BAR):
        root = trials.ROUND[bar % len(trials.ROUND)].root
        songs[:, bar * STEPS_PER_BAR, Track.BASS] = onset_token(36 + root)
    return songs


def in_c(bass: int) -> Tokens:
    """A melody in C, eighth by eighth, over a bass that plays one pitch on every beat."""
    melody = [
        (2 * eighth, onset_token(60 + (0, 2, 4, 5, 7, 9, 11)[eighth % 7]))
        for eighth in range(BARS * 8)
    ]
    return grid(BARS, melody=melody, bass=[(4 * beat, onset_token(bass)) for beat in range(64)])


def test_the_chords_are_broken_in_eighths_of_their_own_tones() -> None:
    songs, chords = trials.arpeggios(2), trials.arpeggio_chords(2)
    assert songs.shape == (2, 20 * STEPS_PER_BAR, 3)
    assert chords.shape == (2, 80, 12)
    onsets = np.flatnonzero(songs[0, :, Track.MELODY] != HOLD)
    assert onsets.tolist() == list(range(0, 20 * STEPS_PER_BAR, 2))
    for step in onsets:
        pitch = pitch_of(int(songs[0, step, Track.MELODY]))
        assert chords[0, step // 4, pitch % 12] > 0
    assert [int(chords[0, 4 * bar].argmax()) for bar in range(5)] == [0, 9, 5, 7, 0]


def test_a_bass_on_the_roots_has_all_twelve_and_a_silent_one_none() -> None:
    silent = trials.arpeggios(3)
    section = trials.arpeggio_section({"roots": roots(3), "silent": silent})
    found = {figure.name: figure.value for figure in section.figures}
    assert found["downbeats on the root of 12: roots"] == 12.0
    assert found["bass in the chord: roots"] == 1.0
    assert found["downbeats on the root of 12, fewest: silent"] == 0.0


def test_a_jump_moves_what_is_pitched_after_it_and_nothing_else() -> None:
    songs = np.stack([in_c(36), in_c(36)])
    songs[1, 200, Track.MELODY] = onset_token(HIGHEST_PITCH)
    jumped = trials.pushed(songs)
    at = trials.PUSH_BAR * STEPS_PER_BAR
    assert (jumped[:, :at] == songs[:, :at]).all()
    moved = (jumped - songs)[:, at:, Track.MELODY]
    assert set(np.unique(moved[0])) == {0, 6}
    assert set(np.unique(moved[1])) == {-6, 0}  # upwards there is no room


@pytest.mark.parametrize(("bars_late", "beats"), [(0, 0.0), (1, 4.0), (4, 16.0), (None, 32.0)])
def test_a_band_is_back_when_it_plays_in_the_new_scale(bars_late: int | None, beats: float) -> None:
    melody = trials.pushed(in_c(36)[None])[0]
    band = in_c(36)  # C is no note of F sharp major, F sharp is
    if bars_late is not None:
        later = (trials.PUSH_BAR + bars_late) * STEPS_PER_BAR
        column = band[later:, Track.BASS]
        column[column > HOLD] += 6
    assert trials.beats_until_back(melody, band) == beats


def test_the_songs_own_band_is_back_at_once_and_a_silent_one_is_not_counted() -> None:
    songs = np.stack([in_c(36), in_c(43)])
    jumped = trials.pushed(songs)
    section = trials.push_section([jumped], [songs], songs, jumped)
    found = {figure.name: (figure.value, figure.real) for figure in section.figures}
    assert found["mean of beats until the band is back: jump"] == (0.0, 0.0)
    assert found["not back at the end: no jump"] == (0.0, 0.0)
    silent = in_c(36)
    silent[:, Track.BASS] = HOLD
    assert np.isnan(trials.beats_until_back(jumped[0], silent))
