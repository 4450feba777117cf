"""What of a score sounds where: parts of it, and what to tell of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from schmubert.engine.music.score import Mask, Note, Score, monophonic, notes
from schmubert.engine.music.vocabulary import HOLD, PITCHED, TRIO, Track


def only(score: Score, stretch: range) -> Score:
    """`score` with nothing but the notes that begin in a `stretch` of bars, in full length.

    What is held over into it is struck again there.
    """
    first = stretch.start * score.meter.steps
    inside = np.isin(np.arange(score.steps) // score.meter.steps, stretch)
    found = begun_in(score, np.repeat(inside[:, None], len(TRIO), axis=1))
    tokens = found.tokens.copy()
    for track in PITCHED:
        struck = [
            Note(first, note.onset + note.length - first, note.pitch)
            for note in notes(score.tokens, track)
            if note.onset < first < note.onset + note.length
        ]
        tokens[:, track] = monophonic([*struck, *notes(found.tokens, track)], score.steps)
    return replace(found, tokens=tokens)


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


def ended(score: Score, tracks: Iterable[Track], step: int) -> Score:
    """`score` in which none of `tracks` begins a note at `step` or later.

    What sounds there lasts to the end of the beat at the longest.
    """
    if step >= score.steps:
        return score
    beat = -(-step // score.meter.cells) * score.meter.cells

    def begun(played: Iterable[Note]) -> list[Note]:
        early = (note for note in played if note.onset < step)
        return [note._replace(length=min(note.length, beat - note.onset)) for note in early]

    tokens, chords = score.tokens.copy(), score.chords
    for track in tracks:
        if track is Track.CHORDS:
            chords = (*begun(chords),)
        elif track in PITCHED:
            tokens[:, track] = monophonic(begun(notes(tokens, track)), score.steps)
        else:
            tokens[step:, track] = HOLD
    return replace(score, tokens=tokens, chords=chords)


def told(bars: int, struck: Mapping[Track, int]) -> str:
    """How much is played in so many bars, in words: the notes of each track that are `struck`."""
    return f"{_counted(bars, 'bar')} of {told_notes(struck)}"


def told_notes(struck: Mapping[Track, int]) -> str:
    """The same without the bars."""
    parts = []
    for track, number in struck.items():
        if track is Track.CHORDS:
            parts.append(f"chords ({number} struck)")
        else:
            thing = "hit" if track is Track.DRUMS else "note"
            parts.append(f"{track.name.lower()} ({_counted(number, thing)})")
    return " and ".join(parts)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
