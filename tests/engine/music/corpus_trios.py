"""The trios of a corpus' file, as preparing a dataset cuts them."""

import numpy as np

from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Score
from schmubert.engine.music.song import corpus_song
from schmubert.engine.music.trios import Rules, cut_song, require_tracks
from schmubert.engine.music.vocabulary import TRIO


def trios_of(data: bytes) -> list[Score]:
    """The trios in 4/4 in the bytes of a MIDI file, each of the first lead; Unusable without."""
    cut = cut_song(corpus_song(data), Rules())
    require_tracks(cut, TRIO)
    scores = []
    for stretch in cut.stretches:
        if stretch.meter == COMMON and stretch.leads and stretch.bass and stretch.drums:
            voices = (stretch.leads[0].melody, stretch.bass, stretch.drums)
            columns = [voice.column.astype(np.int64) for voice in voices]
            scores.append(Score(np.stack(columns, axis=1), stretch.tempo_bpm))
    return scores
