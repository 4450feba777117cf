"""The groove is held where no draft reaches: the same drums, and the bass on the heard root."""

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.guides import PITCH_CLASSES
from schmubert.engine.music.meter import PHRASE_BARS, STEPS_PER_BAR
from schmubert.engine.music.score import Tokens, notes
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    SIZES,
    Track,
    first_onset,
    onset_token,
    pitch_of,
)

BARS_BACK = PHRASE_BARS  # how far to look for a bar that grooves
LOWEST_BASS, HIGHEST_BASS = 28, 52  # E1 to E3: two octaves, so that any root is in reach

TRIADS = ((0, 4, 7), (0, 3, 7))
ROOT, THIRD, FIFTH = 1.3, 1.0, 1.0  # a root heard tells more than a third or a fifth


def heard_root(tokens: Tokens, until: int, bar: int = STEPS_PER_BAR) -> int | None:
    """The pitch class on which the last bar of melody before row `until` of `tokens` rests.

    The root of the triad that covers most of the melody's sounding time; the note that lasted
    longest where two cover the same. None where nothing sounded. A bar has `bar` rows.
    """
    weights = np.zeros(PITCH_CLASSES)
    first = max(0, until - 2 * bar)  # a note held over from the bar before counts too
    for note in notes(tokens[first : max(0, until)], Track.MELODY):
        begin, end = first + note.onset, first + note.onset + note.length
        weights[note.pitch % PITCH_CLASSES] += max(0, end - max(begin, until - bar))
    if not weights.any():
        return None

    def fit(root: int) -> tuple[float, float]:
        triads = ([weights[(root + above) % PITCH_CLASSES] for above in triad] for triad in TRIADS)
        covered = max(ROOT * one + THIRD * third + FIFTH * fifth for one, third, fifth in triads)
        return covered, weights[root]

    return max((root for root in range(PITCH_CLASSES) if weights[root]), key=fit)


def held(
    tokens: Tokens,
    role: Track,
    row: int,
    steps: int,
    root: int | None,
    bar: int = STEPS_PER_BAR,
) -> NDArray[np.int64]:
    """What `role` plays in `steps` rows of `tokens` [steps, 3] from `row` on to hold the groove.

    It plays the latest of the last `BARS_BACK` bars in which it played once more, if there is one.
    In the bass every note becomes the pitch of class `root` that is nearest to it, unless `root`
    is None. A melody falls silent. A bar has `bar` rows.
    """
    cells = np.full(steps, HOLD, np.int64)
    if role is Track.MELODY:
        cells[:1] = OFF
        return cells
    last = _last_bar(tokens, role, row, bar)
    if last is None:
        return cells
    cells = np.resize(last, steps)
    if role is Track.BASS and root is not None:
        for step, token in enumerate(cells.tolist()):
            if token >= FIRST_ONSET:
                cells[step] = onset_token(_nearest_of_class(root, pitch_of(token)))
    return cells


def _last_bar(tokens: Tokens, role: Track, row: int, bar: int) -> NDArray[np.int64] | None:
    """The cells [bar] of the latest bar before `row` with an onset, from the same place in it."""
    for back in range(1, BARS_BACK + 1):
        begin = row - back * bar
        if begin + bar <= 0:
            break
        cells = np.full(bar, HOLD, np.int64)
        given = tokens[max(0, begin) : max(0, begin + bar), role]
        cells[bar - len(given) :] = np.where(given == MASK[role], HOLD, given)
        least = first_onset(role)
        if ((cells >= least) & (cells < SIZES[role])).any():
            return cells
    return None


def _nearest_of_class(pitch_class: int, pitch: int) -> int:
    """The pitch of `pitch_class` nearest to `pitch`, within the bass' two octaves."""
    nearest = pitch + (pitch_class - pitch + 6) % PITCH_CLASSES - 6
    while nearest < LOWEST_BASS:
        nearest += PITCH_CLASSES
    while nearest > HIGHEST_BASS:
        nearest -= PITCH_CLASSES
    return nearest
