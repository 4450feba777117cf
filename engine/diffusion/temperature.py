"""Temperature that does not thin the music out: fewer unlikely notes, but as many notes.

Most cells hold nothing new: HOLD is the most likely event nearly everywhere, and a low temperature
applied to all events alike makes it likelier still. So a cell is asked three questions, one after
the other: does a note begin? if not, does one end? and if one begins, which? The answers to each
are sharpened by a power of the temperature. For the first two a constant is added to the log-odds,
so that the expected number of events, over all cells drawn in one call, stays the same.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.vocabulary import HOLD, OFF, PITCHED, Track, first_onset


class Tempering(NamedTuple):
    """How a track follows the temperature: the powers of it at which its questions are answered.

    `onset_exponent` is for whether a note begins, `end_exponent` for whether one ends, and
    `event_exponent` for which note, or which drums, begin. `onset_odds` multiplies the odds that a
    note begins.
    """

    onset_exponent: float
    end_exponent: float
    event_exponent: float
    onset_odds: float


TEMPERING = (
    Tempering(onset_exponent=2.6, end_exponent=1.0, event_exponent=1.3, onset_odds=1.1),
    Tempering(onset_exponent=3.6, end_exponent=1.5, event_exponent=1.95, onset_odds=1.0),
    Tempering(onset_exponent=1.0, end_exponent=1.0, event_exponent=1.0, onset_odds=1.0),
)
"""The tempering of each track, by `Track`, tuned on validation songs of the default model.

The command is `schmubert evaluate --parts accompaniment,unconditional`; the figures stand in
MODEL_CARD.md. At the exponents of the drums hardly a bar of a melody comes again, and at those of
the melody too few of a bass. Rhythm has a higher exponent than pitch, because a phrase comes again
with its rhythm sooner than with its notes. How a melody's notes end has the exponent 1, because
`VarianceShares.even_articulation` makes them alike. At even odds a melody out of nothing loses a
sixth of its notes, as cells are drawn again and again, each time after what was drawn before."""
BISECTIONS = 60  # of an interval of some hundreds, down to rounding
CONVERGED = 1e-9  # Newton's method then errs by the square of it
SURE = 40.0  # log-odds of a probability that float64 takes for 1

Floats: TypeAlias = NDArray[np.float64]


def tempered(
    logits: NDArray[np.floating],
    temperature: float,
    track: Track,
    tempering: Sequence[Tempering] = TEMPERING,
) -> NDArray[np.floating]:
    """`logits` [rows, events] of cells of `track` drawn together, at `temperature`.

    Returns log-probabilities [rows, events] in float64. Below 1 the likely onsets become likelier
    than the others, and so do the cells in which an onset is likely; above 1 less so. The expected
    number of onsets over all rows stays what it is once `onset_odds` has multiplied the odds, and
    so does that of note-offs in a pitched track. `tempering` is by `Track`. At 1 `logits` are
    returned as they are, and so are those of a track that has none, such as the comping.
    """
    if temperature == 1.0 or track >= len(tempering) or not len(logits):
        return logits
    of_track = tempering[track]
    of_onsets = temperature**of_track.onset_exponent
    of_events = temperature**of_track.event_exponent
    exact, first = logits.astype(np.float64), first_onset(track)
    quiet, onsets = exact[:, :first], exact[:, first:]
    begins = log_sum(onsets) - log_sum(quiet) + np.log(of_track.onset_odds)
    sharp_begins = sharpened(begins, np.ones(len(exact)), np.ones(len(exact)), of_onsets)
    result = np.empty_like(exact)
    log_quiet = -np.logaddexp(0.0, sharp_begins)
    log_onset = -np.logaddexp(0.0, -sharp_begins)
    result[:, first:] = log_onset[..., None] + log_softmax(onsets / of_events)
    if track in PITCHED:
        with np.errstate(invalid="ignore"):
            ends = exact[:, OFF] - exact[:, HOLD]
        ends[np.isnan(ends)] = 0.0  # both excluded
        before, after = np.exp(-np.logaddexp(0.0, begins)), np.exp(log_quiet)
        of_ends = temperature**of_track.end_exponent
        sharp_ends = sharpened(ends, before, after, of_ends)
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
