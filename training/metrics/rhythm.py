"""When a band plays: how much, how evenly, and how like the song's own band."""

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Mask, Tokens
from schmubert.engine.music.vocabulary import SIZES, Drum, Track, first_onset
from schmubert.training.metrics.bootstrap import Share
from schmubert.training.metrics.harmony import sounding_pitch
from schmubert.training.metrics.notes import drum_hits


def empty_bars(tokens: Tokens, track: Track) -> Share:
    """(bars in which `track` of `tokens` [steps, 3] does not sound, bars)."""
    sounding = _sounding(tokens, track).reshape(-1, STEPS_PER_BAR)
    return float((~sounding.any(axis=1)).sum()), float(len(sounding))


def onsets_a_bar(tokens: Tokens, track: Track) -> Share:
    """(16ths of `track` of `tokens` [steps, 3] at which something starts, bars)."""
    return float(_starts(tokens, track).sum()), len(tokens) / STEPS_PER_BAR


def notes_by_bar(tokens: Tokens, track: Track) -> NDArray[np.int64]:
    """The 16ths of each bar of `tokens` [steps, 3] at which something starts in `track`: [bars]."""
    return np.asarray(_starts(tokens, track).reshape(-1, STEPS_PER_BAR).sum(axis=1))


def kick_under_bass(tokens: Tokens) -> Share:
    """(bass onsets of `tokens` [steps, 3] with a kick, bass onsets)."""
    onsets = _starts(tokens, Track.BASS)
    kicks = drum_hits(tokens)[:, Drum.KICK]
    return float((onsets & kicks).sum()), float(onsets.sum())


def density_error(played: Tokens, own: Tokens, track: Track) -> Share:
    """(sum over bars of how far the onsets of `track` in `played` are from those in `own`, bars).

    Both [steps, 3]; a bar with 3 onsets where the song has 5 adds 2.
    """
    ours, theirs = (notes_by_bar(tokens, track) for tokens in (played, own))
    errors = np.abs(ours - theirs)
    return float(errors.sum()), float(len(errors))


def empty_where_played(played: Tokens, own: Tokens, track: Track) -> Share:
    """(bars in which `track` of `played` does not sound, bars in which that of `own` does)."""
    ours, theirs = (
        _sounding(tokens, track).reshape(-1, STEPS_PER_BAR).any(axis=1) for tokens in (played, own)
    )
    return float((theirs & ~ours).sum()), float(theirs.sum())


def drum_distance(played: Tokens, own: Tokens) -> Share:
    """(sum over bars of the Jaccard distance of the hits of `played` and `own`, bars).

    Hits are the pairs of 16th and drum class in a bar; 0 where they are the same, 1 where none is
    shared. Bars in which neither plays do not count.
    """
    ours, theirs = (_hits_a_bar(tokens) for tokens in (played, own))
    either = (ours | theirs).sum(axis=1)
    counted = either > 0
    distance = 1.0 - (ours & theirs).sum(axis=1)[counted] / either[counted]
    return float(distance.sum()), float(counted.sum())


def drums_present(tokens: Tokens) -> Share:
    """(1, 1) where the drums of `tokens` [steps, 3] play at all, else (0, 1)."""
    return float(_sounding(tokens, Track.DRUMS).any()), 1.0


def _starts(tokens: Tokens, track: Track) -> Mask:
    """Where something starts in `track`: [steps]."""
    column = tokens[:, track]
    return np.asarray((column >= first_onset(track)) & (column < SIZES[track]))


def _sounding(tokens: Tokens, track: Track) -> Mask:
    """Where `track` sounds: [steps]; a drum sounds in its own 16th."""
    if track == Track.DRUMS:
        return _starts(tokens, track)
    return sounding_pitch(tokens, track) >= 0


def _hits_a_bar(tokens: Tokens) -> NDArray[np.bool_]:
    """[bars, 16 * 9]: which drum is hit at which 16th."""
    return drum_hits(tokens).reshape(len(tokens) // STEPS_PER_BAR, -1)
