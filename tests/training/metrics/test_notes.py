import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from schmubert.engine.music.score import drum_hits as hits_of
from schmubert.engine.music.score import notes
from schmubert.engine.music.vocabulary import DRUM_PITCH, MASK, PITCHED, Track
from schmubert.training.metrics.notes import drum_hits, note_table

COLUMN = st.sampled_from([0, 0, 0, 1, 2, 40, 88, 89, 90])


@given(arrays(np.int64, (32, 3), elements=COLUMN))
def test_the_table_holds_the_notes_of_the_score(tokens: np.ndarray) -> None:
    for track in PITCHED:
        expected = [list(note) for note in notes(tokens, track)]
        assert note_table(tokens, track).tolist() == expected


@given(arrays(np.int64, (16, 3), elements=st.integers(0, MASK[Track.DRUMS])))
def test_drum_hits_are_notes_of_a_16th(tokens: np.ndarray) -> None:
    hits = hits_of(tokens)
    expected = [[step, 1, DRUM_PITCH[drum]] for step, drum in hits]
    assert note_table(tokens, Track.DRUMS).tolist() == expected
    assert np.argwhere(drum_hits(tokens)).tolist() == [list(hit) for hit in hits]
