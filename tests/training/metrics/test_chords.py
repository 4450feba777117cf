import numpy as np
import pytest

from schmubert.engine.music.chords import HOLD_CHORD, NO_CHORD, Chord, Quality, plan_weights
from schmubert.engine.music.meter import COMPOUND_CLOCKS, Meter
from schmubert.engine.music.vocabulary import PITCHED, onset_token
from schmubert.training.metrics.chords import bass_in_chord, bass_on_root, chords_of
from tests.training.grids import grid

C_MAJOR, F_MINOR = Chord(0, Quality.MAJOR).token, Chord(5, Quality.MINOR).token
C_THEN_F = plan_weights(np.array([C_MAJOR, *[HOLD_CHORD] * 3, *[F_MINOR] * 4]))


def test_a_plan_is_weighed_as_a_chart_is() -> None:
    assert C_THEN_F.shape == (8, 12)
    assert C_THEN_F[2].tolist() == [1.5, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert np.flatnonzero(C_THEN_F[7]).tolist() == [0, 5, 8]
    assert not plan_weights(np.array([NO_CHORD, HOLD_CHORD])).any()


def test_the_chords_of_a_song_are_heard_in_its_melody_and_bass() -> None:
    bass = [(16 * bar, onset_token(36 + root)) for bar, root in enumerate((0, 5, 7, 0))]
    melody = [
        (16 * bar + 4 * beat, onset_token(60 + root + step))
        for bar, root in enumerate((0, 5, 7, 0))
        for beat, step in enumerate((0, 4, 7, 4))
    ]
    found = chords_of(grid(4, bass=bass, melody=melody))
    assert found.shape == (16, 12)
    assert [int(found[4 * bar].argmax()) for bar in range(4)] == [0, 5, 7, 0]


def test_the_bass_is_in_the_chord_for_part_of_its_time() -> None:
    band = grid(2, bass=[(0, onset_token(36)), (8, onset_token(38)), (16, onset_token(41))])
    inside, whole = bass_in_chord(C_THEN_F, band)
    assert (inside, whole) == (24.0, 32.0)
    assert bass_on_root(C_THEN_F, band) == (2.0, 2.0)
    assert bass_on_root(C_THEN_F, grid(2, bass=[(4, onset_token(36))])) == (0.0, 2.0)


def test_chords_and_bass_are_counted_in_beats_of_their_metre() -> None:
    jig = Meter(2, 6, COMPOUND_CLOCKS)
    bass = [(12 * bar, onset_token(36 + root)) for bar, root in enumerate((0, 5, 7, 0))]
    melody = [
        (12 * bar + 2 * place, onset_token(60 + root + step))
        for bar, root in enumerate((0, 5, 7, 0))
        for place, step in enumerate((0, 4, 7, 12, 7, 4))
    ]
    song = grid(3, bass=bass, melody=melody)  # as many cells as four bars of 6/8
    found = chords_of(song, PITCHED, jig)
    assert found.shape == (8, 12)
    assert found[::2].argmax(axis=1).tolist() == [0, 5, 7, 0]
    assert bass_in_chord(found, song, jig) == (48.0, 48.0)
    assert bass_on_root(found, song, jig) == (4.0, 4.0)


@pytest.mark.parametrize("bars", [1, 2])
def test_where_nothing_sounds_there_is_no_chord(bars: int) -> None:
    silent = grid(bars)
    assert not chords_of(silent).any()
    assert bass_in_chord(chords_of(silent), silent) == (0.0, 0.0)
    assert bass_on_root(chords_of(silent), silent) == (0.0, 0.0)
