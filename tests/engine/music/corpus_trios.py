"""The trios of a corpus' file, as preparing a dataset cuts them."""

import numpy as np

from schmubert.engine.music.score import Score
from schmubert.engine.music.song import corpus_song
from schmubert.engine.music.trios import Rules, cut_song, require_tracks
from schmubert.engine.music.vocabulary import TRIO


def trios_of(data: bytes) -> list[Score]:
    """All trios of complete tracks in the bytes of a MIDI file; Unusable where a track lacks."""
    rules = Rules()
    cut = cut_song(corpus_song(data), rules)
    require_tracks(cut, TRIO)
    scores = []
    for stretch in cut.stretches:
        for trio in stretch.trios(rules.most_trios):
            columns = [voice.column for voice in trio if voice is not None]
            if len(columns) == len(TRIO):
                scores.append(Score(np.stack(columns, axis=1).astype(np.int64), stretch.tempo_bpm))
    return scores
