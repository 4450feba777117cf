"""Temperature that does not thin the music out: fewer unlikely notes, but as many notes.

Most cells hold nothing new: HOLD is the most likely event nearly everywhere, and a low temperature
applied to all events alike makes it more likely still. So three questions are asked of a cell one
after the other, each sharpened by the temperature: does a note begin, if not does one end, and if
one begins, which? For the first two a constant keeps the number of events expected of all the
cells that are drawn in one call, or nearly so.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.vocabulary import HOLD, OFF, PITCHED, Track, first_onset


class Manner(NamedTuple):
    """How a track is sharpened.

    `rhythm`: the power of the temperature at which is drawn whether a note begins; `ends`: that for
    whether one ends; `notes`: that for which note, or which drums, begin; `odds`: what the odds
    that a note begins are multiplied by.
    """

    rhythm: float
    ends: float
    notes: float
    odds: float


MANNERS = (
    Manner(rhythm=2.6, ends=1.0, notes=1.3, odds=1.1),
    Manner(rhythm=3.6, ends=1.5, notes=1.95, odds=1.0),
    Manner(rhythm=1.0, ends=1.0, notes=1.0, odds=1.0),
)
"""Those of each track, by `Track`. At the temperature of the drums a melody repeats hardly a bar,
at that of the melody a bass too few; and a phrase comes again with its rhythm sooner than with its
notes. Where the notes of a melody end is drawn at the milder temperature: what makes them alike is
the habit of the piece (`noise.py`). Drawn again and again, and after what was drawn before, a
melody out of nothing loses a sixth of its notes at even odds."""
BISECTIONS = 60  # of an interval of some hundreds, down to rounding
CONVERGED = 1e-9  # Newton's method then errs by the square of it
SURE = 40.0  # log-odds of a probability that float64 takes for 1

Floats = NDArray[np.float64]


def tempered(
    logits: NDArray[np.floating], temperature: float, track: Track
) -> NDArray[np.floating]:
    """`logits` [rows, events] of cells of `track` drawn together, at `temperature`.

    Returns log-probabilities [rows, events] in float64: the onsets' sharpened among themselves
    (below 1; flattened above), and with them the choice of the cells in which something happens,
    while the expected number of onsets over all rows, once their odds are multiplied, and for
    pitched tracks that of note-offs, stay as they were (`MANNERS`). At 1 `logits` are returned as
    they are.
    """
    if temperature == 1.0 or not len(logits):
        return logits
    manner = MANNERS[track]
    rhythm, notes = temperature**manner.rhythm, temperature**manner.notes
    exact, first = logits.astype(np.float64), first_onset(track)
    quiet, onsets = exact[:, :first], exact[:, first:]
    begins = log_sum(onsets) - log_sum(quiet) + np.log(manner.odds)
    sharp_begins = sharpened(begins, np.ones(len(exact)), np.ones(len(exact)), rhythm)
    result = np.empty_like(exact)
    log_quiet = -np.logaddexp(0.0, sharp_begins)
    log_onset = -np.logaddexp(0.0, -sharp_begins)
    result[:, first:] = log_onset[..., None] + log_softmax(onsets / notes)
    if track in PITCHED:
        with np.errstate(invalid="ignore"):
            ends = exact[:, OFF] - exact[:, HOLD]
        ends[np.isnan(ends)] = 0.0  # both excluded
        before, after = np.exp(-np.logaddexp(0.0, begins)), np.exp(log_quiet)
        sharp_ends = sharpened(ends, before, after, temperature**manner.ends)
        result[:, HOLD] = log_quiet - np.logaddexp(0.0, sharp_ends)
        result[:, OFF] = log_quiet - np.logaddexp(0.0, -sharp_ends)
    else:
        result[:, HOLD] = log_quiet
    return result


def sharpened(log_odds: Floats, before: Floats, after: Floats, temperature: float) -> Floats:
    """`log_odds` / `temperature` + b, all [rows], with the b that keeps the expected number.

    The mean of the probabilities weighted by `after` is then that of the old ones weighted by
    `before`; the sums of the weights should be alike. Infinite log-odds stay.
    """
    steep = log_odds / temperature
    finite = np.isfinite(steep)
    if not finite.any():
        return steep
    wanted = float((before * _sigmoid(log_odds)).sum())
    low, high = -steep[finite].max() - SURE, -steep[finite].min() + SURE
    constant, last = min(max(low, 0.0), high), np.inf
    for _ in range(BISECTIONS):  # or fewer steps of Newton's method, where those stay inside
        if abs(constant - last) < CONVERGED:
            break
        last, happens = constant, _sigmoid(steep + constant)
        excess = float((after * happens).sum()) - wanted
        low, high = (last, high) if excess < 0.0 else (low, last)
        slope = float((after * happens * (1.0 - happens)).sum())
        newton = last - excess / slope if slope > 0.0 else np.inf
        constant = newton if low <= newton <= high else (low + high) / 2
    return np.asarray(steep + constant)


def _sigmoid(x: Floats) -> Floats:
    return np.exp(-np.logaddexp(0.0, -x))


def log_sum(logits: Floats) -> Floats:
    """The logarithm of the rows' sums of exp(`logits`); -infinity where all are excluded."""
    top = logits.max(axis=-1)
    shifted = logits - np.where(np.isfinite(top), top, 0.0)[..., None]
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.exp(shifted).sum(axis=-1)))


def log_softmax(logits: Floats) -> Floats:
    """Natural logarithms of the probabilities that `logits` [.., events] stand for."""
    total = log_sum(logits)
    return logits - np.where(np.isfinite(total), total, 0.0)[..., None]
