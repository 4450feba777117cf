"""Temperature that does not thin the music out: fewer unlikely notes, but as many notes.

Most cells hold nothing new: HOLD is the most likely event nearly everywhere, and a low temperature
applied to all events alike makes it likelier still. So a cell is asked three questions, one after
the other: does a note begin? if not, does one end? and if one begins, which? The log-odds of each
answer are divided by the temperature, the same in all tracks. For the first two a constant is added
to them, so that the expected number of events, over all cells drawn in one call, stays the same.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.vocabulary import HOLD, OFF, PITCHED, Track, first_onset

BISECTIONS = 60  # of an interval of some hundreds, down to rounding
CONVERGED = 1e-9  # Newton's method then errs by the square of it
SURE = 40.0  # log-odds of a probability that float64 takes for 1

Floats: TypeAlias = NDArray[np.float64]


def tempered(
    logits: NDArray[np.floating], temperature: float, track: Track
) -> NDArray[np.floating]:
    """`logits` [rows, events] of cells of `track` drawn together, at `temperature`.

    Returns log-probabilities [rows, events] in float64. Below 1 the likely onsets become likelier
    than the others, and so do the cells in which an onset is likely; above 1 less so. The expected
    number of onsets over all rows stays what it is, and so does that of note-offs in a pitched
    track. In a plan the onsets are all tokens but `HOLD`. At 1 `logits` are returned as they are.
    """
    if temperature == 1.0 or not len(logits):
        return logits
    exact, first = logits.astype(np.float64), first_onset(track)
    quiet, onsets = exact[:, :first], exact[:, first:]
    begins = log_sum(onsets) - log_sum(quiet)
    sharp_begins = sharpened(begins, np.ones(len(exact)), np.ones(len(exact)), temperature)
    result = np.empty_like(exact)
    log_quiet = -np.logaddexp(0.0, sharp_begins)
    log_onset = -np.logaddexp(0.0, -sharp_begins)
    result[:, first:] = log_onset[..., None] + log_softmax(onsets / temperature)
    if track in PITCHED:
        with np.errstate(invalid="ignore"):
            ends = exact[:, OFF] - exact[:, HOLD]
        ends[np.isnan(ends)] = 0.0  # both excluded
        before, after = np.exp(-np.logaddexp(0.0, begins)), np.exp(log_quiet)
        sharp_ends = sharpened(ends, before, after, temperature)
        result[:, HOLD] = log_quiet - np.logaddexp(0.0, sharp_ends)
        result[:, OFF] = log_quiet - np.logaddexp(0.0, -sharp_ends)
    else:
        result[:, HOLD] = log_quiet
    return result


def sharpened(log_odds: Floats, before: Floats, after: Floats, temperature: float) -> Floats:
    """`log_odds` / `temperature` + a constant, all [rows], that keeps the expected number.

    The sum of the new probabilities, weighted by `after`, is that of the old ones, weighted by
    `before`. Infinite log-odds stay.
    """
    steep = log_odds / temperature
    finite = np.isfinite(steep)
    if not finite.any():
        return steep
    expected = float((before * _sigmoid(log_odds)).sum())
    low, high = -steep[finite].max() - SURE, -steep[finite].min() + SURE
    constant, last = min(max(low, 0.0), high), np.inf
    for _ in range(BISECTIONS):  # or fewer steps of Newton's method, where those stay inside
        if abs(constant - last) < CONVERGED:
            break
        last, happens = constant, _sigmoid(steep + constant)
        excess = float((after * happens).sum()) - expected
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
