"""Random numbers that cells share: what is drawn at once goes together as it does in music.

A denoiser says of each masked cell alone what may stand there, and all cells of a call are drawn
from what it says of one state. Drawn with independent numbers, they lose what music has between
them: all pieces are equally dense, and every bar holds something unlikely somewhere, so that no bar
comes again. So the numbers are correlated by a Gaussian copula (Nelsen, An Introduction to Copulas,
2.3.5): a part of each is common to its track in the call, in the bar, or in the piece.

- Events: the number of a cell picks among its events from the likeliest to the least likely. So one
  bar is as expected throughout, while another is full of surprises, as a fill is.
- Ends of notes: each is drawn with a number of its own. But in some pieces all notes of a track end
  with one number, so that all are held or all are short. Where something of the track is known,
  no piece does that: what is known says how its notes end.
- Pitches of a melody: the number picks from the lowest to the highest, and a phrase has part of it
  in common. So one phrase lies higher than the next.
- Register bias: a denoiser that knows something of a track keeps to its register more than
  musicians do. So some phrases favour high notes there, and others low ones.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.temperature import Floats, log_softmax, log_sum
from schmubert.engine.music.meter import COMMON, PHRASE_BARS, Meter
from schmubert.engine.music.score import Mask
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, OFF


class VarianceShares(NamedTuple):
    """How much of the variance of a cell's number is common to other cells of its track.

    `piece` is common to the whole piece, `bar` to a bar in all calls, `call` to all cells of one
    call; the rest is the cell's own. The share of the call leaves the distribution of every cell,
    given the state it is drawn in, as the denoiser said. Those of piece and bar do not: they make
    some pieces and bars more active than others.

    `register` is the share that the pitches of a phrase have in common; at 0 pitches are drawn
    with the numbers of the events. `even_articulation` is the share of pieces whose notes all end
    with one number. `register_bias` is the standard deviation, from phrase to phrase, of what a
    note gains in log-odds for each octave that it is higher; it acts where something of the track
    is known.
    """

    piece: float
    bar: float
    call: float
    register: float = 0.0
    even_articulation: float = 0.0
    register_bias: float = 0.0


class PieceTraits(NamedTuple):
    """What is common to a piece, in however many windows it is sampled: three of [batch, tracks].

    `activity` is standard normal: the higher, the more of what is unlikely happens. `articulation`
    is uniform on 0 to 1: a piece below `VarianceShares.even_articulation` ends all notes of the
    track with one number, and the lower that is, the longer it holds them. `known` says whether
    the piece goes on from something of the track.
    """

    activity: Floats
    articulation: Floats
    known: Mask


def draw_piece_traits(known: Mask, rng: np.random.Generator) -> PieceTraits:
    """Traits of pieces that go on from what is `known` [batch, tracks]."""
    return PieceTraits(rng.standard_normal(known.shape), rng.random(known.shape), known)


VARIANCE_SHARES = (
    VarianceShares(
        piece=0.1, bar=0.0, call=0.3, register=0.1, even_articulation=0.5, register_bias=0.3
    ),
    VarianceShares(piece=0.02, bar=0.0, call=0.6, even_articulation=0.2, register_bias=0.8),
    VarianceShares(piece=0.0, bar=0.5, call=0.2),
)
"""The shares of each track, by `Track`, tuned on validation songs of the default model.

The command is `schmubert evaluate --parts unconditional,infilling`; MODEL_CARD.md has the figures.
Without any shares all pieces are equally dense, and fewer bars come again. Without an even
articulation one piece in a hundred plays nearly all notes of its melody with one length, where one
song in ten does. Without a register bias, and with a given cell counting for nothing
(`windows.GIVEN_WEIGHT`), C of the bass' pitch in gaps is .986 instead of .992. A drummer plays a
bar like the one before, or a fill: drums share by bar."""


class CorrelatedUniforms:
    """The random numbers for one sampling of tokens of `shape` [batch, steps, tracks].

    `piece` holds the traits of a piece that is sampled in several windows. Without it, traits are
    drawn from `rng`, and nothing is known of any track. Bars of `meter` and phrases are counted
    from the first step.
    """

    def __init__(
        self,
        shape: Sequence[int],
        rng: np.random.Generator,
        piece: PieceTraits | None = None,
        meter: Meter = COMMON,
    ) -> None:
        batch, self._steps, tracks = shape
        self._rng = rng
        self._meter = meter
        self._bars = -(-self._steps // meter.steps)
        self._piece = piece or draw_piece_traits(np.zeros((batch, tracks), bool), rng)
        self._by_bar = rng.standard_normal((batch, self._bars, tracks))

    def for_events(self, column: int, shares: VarianceShares) -> Floats:
        """The numbers of a track's cells in the next call: uniform on 0 to 1, [batch, steps]."""
        batch = len(self._by_bar)
        by_bar = np.repeat(self._by_bar[..., column], self._meter.steps, axis=1)[:, : self._steps]
        parts = (
            (shares.piece, self._piece.activity[:, column, None]),
            (shares.bar, by_bar),
            (shares.call, self._rng.standard_normal((batch, 1))),
            (
                1.0 - shares.piece - shares.bar - shares.call,
                self._rng.standard_normal((batch, self._steps)),
            ),
        )
        return normal_cdf(sum(np.sqrt(share) * part for share, part in parts))

    def for_pitches(self, column: int, share: float) -> Floats:
        """Numbers for pitches in the next call, as `for_events`; a phrase has `share` in common."""
        by_phrase = self._by_phrase[..., column]
        own = self._rng.standard_normal(by_phrase.shape)
        return normal_cdf(np.sqrt(share) * by_phrase + np.sqrt(1.0 - share) * own)

    def for_note_ends(self, column: int, even_share: float) -> Floats:
        """Numbers for the ends of notes in the next call, as `for_events`.

        In `even_share` of the pieces all steps have the same number, in all calls.
        """
        numbers = self._rng.random((len(self._by_bar), self._steps))
        articulation = self._piece.articulation[:, column]
        even = (articulation < even_share) & ~self._piece.known[:, column]
        numbers[even] = articulation[even, None] / even_share
        return numbers

    def register_biases(self, column: int, deviation: float) -> Floats:
        """What the notes of each step gain in log-odds for an octave: [batch, steps].

        It is common to a phrase in all calls, normal with this standard `deviation`, and 0 where
        nothing of the track is known.
        """
        known = self._piece.known[:, column, None]
        return np.where(known, deviation * self._by_phrase[..., column], 0.0)

    @cached_property
    def _by_phrase(self) -> Floats:
        """A standard normal number for each phrase: [batch, steps, tracks]."""
        batch, _, tracks = self._by_bar.shape
        phrases = self._rng.standard_normal((batch, -(-self._bars // PHRASE_BARS), tracks))
        return np.repeat(phrases, PHRASE_BARS * self._meter.steps, axis=1)[:, : self._steps]


def draw_ranked(logits: NDArray[np.floating], uniforms: Floats) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events]: the likeliest for the lowest of `uniforms`.

    The inverse CDF runs over the events from the likeliest on. So a row's event is distributed as
    its logits say, and rows with similar numbers are drawn alike. `uniforms` [rows] lie in 0 to 1.
    """
    ranked = np.argsort(-logits, axis=-1, kind="stable")
    rank = draw_in_order(np.take_along_axis(logits, ranked, axis=-1), uniforms)
    drawn: NDArray[np.int64] = np.take_along_axis(ranked, rank[:, None], axis=-1)[:, 0]
    return drawn


def draw_in_order(logits: NDArray[np.floating], uniforms: Floats) -> NDArray[np.int64]:
    """One event a row of `logits` [rows, events]: the first for the lowest of `uniforms` [rows].

    The inverse CDF runs over the events as they stand: a low number draws a low event.
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
    """One event a row of `logits` [rows, events] of a pitched track, by three kinds of numbers.

    `onsets` [rows] draw which note begins, if any, as `draw_ranked` does. Where none begins, `ends`
    [rows] draw whether the note before ends: it does where they are high. (With the numbers of the
    onsets no note would ever end in a calm bar.) With `registers` [rows] the pitch of a note that
    begins is drawn anew: the lower the number, the lower the pitch. All numbers lie in 0 to 1.
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


def register_biased(logits: NDArray[np.floating], biases: Floats) -> NDArray[np.float64]:
    """`logits` [rows, events] of a pitched track whose notes gain `biases` [rows] for each octave.

    Biases are log-odds to base e. That some note begins stays as likely as it was.
    """
    result = logits.astype(np.float64)
    rows = biases != 0.0
    onsets = result[rows, FIRST_ONSET:]
    octaves = np.arange(onsets.shape[1]) / 12
    biased = log_softmax(onsets + biases[rows, None] * octaves)
    result[rows, FIRST_ONSET:] = biased + log_sum(onsets)[:, None]
    return result


def normal_cdf(values: Floats) -> Floats:
    """The standard normal distribution function."""
    scaled = (values / math.sqrt(2)).ravel().tolist()
    return np.array([0.5 + 0.5 * math.erf(value) for value in scaled]).reshape(values.shape)
