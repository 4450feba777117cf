"""What of a score sounds where: parts of it, and what to tell of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from schmubert.engine.music.score import Mask, Score, drum_hits, monophonic, notes
from schmubert.engine.music.vocabulary import PITCHED, TRIO, Track


def only(score: Score, stretches: Iterable[range]) -> Score:
    """`score` with nothing but the notes that begin in `stretches` of bars, in full length."""
    bars = np.arange(score.steps) // score.meter.steps
    inside = np.isin(bars, [bar for stretch in stretches for bar in stretch])
    return begun_in(score, np.repeat(inside[:, None], len(TRIO), axis=1))


def begun_in(score: Score, cells: Mask) -> Score:
    """`score` with nothing but the notes that begin in `cells` [steps, 3], in full length."""
    tokens = np.zeros_like(score.tokens)
    for track in TRIO:
        inside = cells[:, track]
        if track in PITCHED:
            begun = [note for note in notes(score.tokens, track) if inside[note.onset]]
            tokens[:, track] = monophonic(begun, score.steps)
        else:
            tokens[inside, track] = score.tokens[inside, track]
    return replace(score, tokens=tokens)


def told(score: Score, tracks: Sequence[Track]) -> str:
    """How much `tracks` play in `score`, in words."""
    parts = []
    for track in tracks:
        if track == Track.DRUMS:
            parts.append(f"drums ({len(drum_hits(score.tokens))} hits)")
        elif track == Track.CHORDS:
            parts.append(f"chords ({len({note.onset for note in score.chords})} struck)")
        else:
            parts.append(f"{track.name.lower()} ({len(notes(score.tokens, track))} notes)")
    return f"{score.bars} bars of {' and '.join(parts)}"
