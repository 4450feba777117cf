"""Noise that cells have in common: what is drawn at once goes together as it does in music.

A denoiser says of each masked cell alone what may stand there, and the cells of a call are drawn
from what it says of one state. Drawn independently they lose what music has between them: pieces
come out of equal density, and what is unlikely strikes here and there in every bar, so that no bar
comes again. So the numbers that the cells are drawn with are correlated, a Gaussian copula (Nelsen,
An Introduction to Copulas, 2.3.5): part of each is common to its track in the call, to its bar, or
to its track in the piece. They rank the events of a cell from the likeliest to the least likely,
so that in one bar all is as expected while another breaks out: what is rare comes in fills. Where
notes end is drawn without, but that some pieces have a habit of holding them, or of playing them
short: there all are drawn with one number, unless something of the track is known, which says how
its notes end. In a melody, which note begins is drawn from the lowest to the highest, with numbers
that a phrase has in common: it lies higher than the one before, or lower. Where something of a
track is known, to whose register a denoiser keeps more than musicians do, high notes are likelier
in some phrases, low ones in others.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.temperature import log_softmax, log_sum
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Mask
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, OFF

Floats = NDArray[np.float64]


class VarianceShares(NamedTuple):
    """The shares of the variance that a cell has in common with others of its track.

    Over the whole piece, over its bar in all calls, and over its call; the rest is its own. The
    share of the call leaves the distribution of every cell, given the state it is drawn in, as
    the denoiser said; those of piece and bar make some pieces and bars bolder than others.
    `register` is the share that the pitches of a phrase have in common; at 0 they are drawn with
    the numbers of the onsets. `habit` is the share of the pieces whose notes all end with one
    number. `lean` is the deviation of what a phrase adds to the log-odds of a note for each octave
    that it is higher, where something of the track is known.
    """

    piece: float
    bar: float
    call: float
    register: float = 0.0
    habit: float = 0.0
    lean: float = 0.0


class Traits(NamedTuple):
    """What is common to a piece, in however many parts it is sampled: three of [batch, tracks].

    `boldness`, standard normal: the lower, the likelier is what happens. `habit`, uniform on 0 to
    1: a piece below `VarianceShares.habit` has one, the lower, the longer it holds its notes.
    `known`: whether the piece goes on from something of the track, which says how its notes end.
    """

    boldness: Floats
    habit: Floats
    known: Mask


def draw_traits(known: Mask, rng: np.random.Generator) -> Traits:
    """Traits of pieces that go on from what is `known` [batch, tracks]."""
    return Traits(rng.standard_normal(known.shape), rng.random(known.shape), known)


VARIANCE_SHARES = (
    VarianceShares(piece=0.1, bar=0.0, call=0.3, register=0.1, habit=0.5, lean=0.3),
    VarianceShares(piece=0.02, bar=0.0, call=0.6, habit=0.2, lean=0.8),
    VarianceShares(piece=0.0, bar=0.5, call=0.2),
)
"""Those of each track, by `Track`. How dense a melody is, is of the piece; where it surprises is
not, and its phrases differ in register more than a denoiser's that knows the one before. In some
songs nearly all notes of a melody are of one length; where each end has a number of its own, in
hardly any piece. A drummer plays a bar like the one before, or a fill."""
PHRASE_BARS = 4


class CorrelatedUniforms:
    """The noise of one sampling of tokens of `shape` [batch, steps, tracks].

    `traits` are those of a piece that is sampled in several parts; without, they are drawn from
    `rng`, and nothing is known of any track. Bars and phrases are counted from the first step.
    """

    def __init__(
        self, shape: Sequence[int], rng: np.random.Generator, traits: Traits | None = None
    ) -> None:
        batch, self._steps, tracks = shape
        self._rng = rng
        self._bars = -(-self._steps // STEPS_PER_BAR)
        self._traits = traits or draw_traits(np.zeros((batch, tracks), bool), rng)
        self._by_bar = rng.standard_normal((batch, self._bars, tracks))

    def uniforms(self, column: int, shares: VarianceShares) -> Floats:
        """The numbers that the next call draws a track with, uniform on 0 to 1: [batch, steps]."""
        batch = len(self._by_bar)
        by_bar = np.repeat(self._by_bar[..., column], STEPS_PER_BAR, axis=1)[:, : self._steps]
        parts = (
            (shares.piece, self._traits.boldness[:, column, None]),
            (shares.bar, by_bar),
            (shares.call, self._rng.standard_normal((batch, 1))),
            (
                1.0 - shares.piece - shares.bar - shares.call,
                self._rng.standard_normal((batch, self._steps)),
            ),
        )
        return normal_cdf(sum(np.sqrt(share) * part for share, part in parts))

    def registers(self, column: int, share: float) -> Floats:
        """As `uniforms`, those of the next call's pitches: `share` is common to a phrase."""
        by_phrase = self._by_phrase[..., column]
        own = self._rng.standard_normal(by_phrase.shape)
        return normal_cdf(np.sqrt(share) * by_phrase + np.sqrt(1.0 - share) * own)

    def leanings(self, column: int, lean: float) -> Floats:
        """What each step's notes gain in log-odds for an octave: [batch, steps].

        A phrase has it in common, in all calls; `lean` is its deviation. 0 where nothing of the
        track is known.
        """
        known = self._traits.known[:, column, None]
        return np.where(known, lean * self._by_phrase[..., column], 0.0)

    def ends(self, column: int, habit: float) -> Floats:
        """As `uniforms`, those of the next call's ends of notes: one in a piece with a `habit`."""
        numbers = self._rng.random((len(self._by_bar), self._steps))
        of_piece = self._traits.habit[:, column]
        alike = (of_piece < habit) & ~self._traits.known[:, column]
        numbers[alike] = of_piece[alike, None] / habit
        return numbers

    @cached_property
    def _by_phrase(self) -> Floats:
        """Standard normal, each phrase's own: [batch, steps, tracks]."""
        batch, _, tracks = self._by_bar.shape
        phrases = self._rng.standard_normal((batch, -(-self._bars // PHRASE_BARS), tracks))
        return np.repeat(phrases, PHRASE_BARS * STEPS_PER_BAR, axis=1)[:, : self._steps]


def draw_ranked(logits: NDArray[np.floating], uniforms: Floats) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events]: the likeliest for the lowest of `uniforms`.

    By inverse CDF over the events from the likeliest on, so that a row's event is distributed as
    its logits say, and rows with like numbers are drawn alike. `uniforms` [rows] lie in 0 to 1.
    """
    ranked = np.argsort(-logits, axis=-1, kind="stable")
    rank = draw_in_order(np.take_along_axis(logits, ranked, axis=-1), uniforms)
    drawn: NDArray[np.int64] = np.take_along_axis(ranked, rank[:, None], axis=-1)[:, 0]
    return drawn


def draw_in_order(logits: NDArray[np.floating], uniforms: Floats) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events]: the first for the lowest of `uniforms` [rows].

    By inverse CDF over the events as they stand. Where those of two rows lie in the same place
    of 0 to 1, so do their events among those that the rows allow.
    """
    scaled = logits.astype(np.float64)
    scaled -= scaled.max(axis=-1, keepdims=True)
    cumulative = np.exp(scaled).cumsum(axis=-1)
    total = cumulative[:, -1:]
    # rounding may give a 1, which is not to reach the events that are excluded
    point = np.minimum(uniforms[:, None] * total, np.nextafter(total, 0.0))
    return np.asarray((cumulative <= point).sum(axis=-1))


def draw_onsets_and_ends(
    logits: NDArray[np.floating], onsets: Floats, ends: Floats, registers: Floats | None = None
) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events] of a pitched track, as `draw_ranked` draws it.

    What begins, if anything, is drawn with `onsets` [rows]; where nothing does, whether the note
    before ends with `ends` [rows], both in 0 to 1: it ends where these are high. Drawn with the
    same numbers notes would end in no calm bar, but sound through it. With `registers` [rows] a
    note that begins is drawn anew, the lower, the lower these are.
    """
    quiet = logits[:, :FIRST_ONSET].astype(np.float64)
    merged = logits.astype(np.float64)
    merged[:, HOLD], merged[:, OFF] = np.logaddexp(quiet[:, HOLD], quiet[:, OFF]), -np.inf
    drawn = draw_ranked(merged, onsets)
    silent = drawn == HOLD
    drawn[silent] = draw_in_order(quiet[silent], ends[silent])
    if registers is not None:
        notes = logits[~silent, FIRST_ONSET:]
        drawn[~silent] = FIRST_ONSET + draw_in_order(notes, registers[~silent])
    return drawn


def leaning(logits: NDArray[np.floating], leanings: Floats) -> NDArray[np.float64]:
    """`logits` [rows, events] of a pitched track whose notes gain `leanings` [rows] an octave.

    Natural logarithms of odds. That some note begins stays as likely as it was.
    """
    result = logits.astype(np.float64)
    rows = leanings != 0.0
    onsets = result[rows, FIRST_ONSET:]
    octaves = np.arange(onsets.shape[1]) / 12
    bent = log_softmax(onsets + leanings[rows, None] * octaves)
    result[rows, FIRST_ONSET:] = bent + log_sum(onsets)[:, None]
    return result


def normal_cdf(values: Floats) -> Floats:
    """The standard normal distribution function."""
    scaled = (values / math.sqrt(2)).ravel().tolist()
    return np.array([0.5 + 0.5 * math.erf(value) for value in scaled]).reshape(values.shape)
