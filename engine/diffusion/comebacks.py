"""Sections that come back in a long piece: bars that are filled with those of long before.

What a window cannot see, `sections.py` says: which bars of a piece are bars of an earlier section
again, in which parts. As soon as the earlier ones are made, the later ones are the same, and what
lies between is made with them in sight.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chords import NO_CHORD, Plan, lasting_chords
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import form_columns
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.sections import LAGS, Comeback, Matches, Part, matches_of, of_songs
from schmubert.engine.music.vocabulary import BAND_MASK, RESTS, TRIO, Track

MADE_BY = {Track.MELODY: Part.MELODY, Track.BASS: Part.BASS, Track.DRUMS: Part.DRUMS,
           Track.COMPING: Part.CHORDS}  # fmt: skip
"""With which part of a section each column comes back: the rhythm of chords with them."""


@dataclass(frozen=True)
class Comebacks:
    """The bars of a piece that bars before it fill.

    `bars` [bars, columns] is the bar that each is again in each column, -1 where it is none, and
    `chords` [bars] the one whose chords it has again.
    """

    bars: NDArray[np.int64]
    chords: NDArray[np.int64]

    def bring(self, tokens: Tokens, targets: Mask, chords: Plan, meter: Meter) -> bool:
        """Fill `targets` of `tokens`, both [steps, columns], whose bars before are complete.

        They are targets no more; returns whether there were any. Of `chords` [beats] those that
        are unknown become known.
        """
        brought = False
        bar, count = meter.steps, len(self.bars)
        by_bar, open_bars = tokens.reshape(count, bar, -1), targets.reshape(count, bar, -1)
        masks = np.asarray(BAND_MASK[: tokens.shape[1]])
        for number in range(LAGS[0], count):
            for column in np.flatnonzero(self.bars[number] >= 0):
                there = self.bars[number, column]
                missing = open_bars[there, :, column] | (by_bar[there, :, column] == masks[column])
                if open_bars[number, :, column].all() and not missing.any():
                    by_bar[number, :, column] = by_bar[there, :, column]
                    open_bars[number, :, column] = False
                    brought = True
            if self.chords[number] >= 0:
                _bring_chords(chords, number, int(self.chords[number]), meter.beats)
        return brought


def _bring_chords(chords: Plan, bar: int, there: int, beats: int) -> None:
    """Name the unknown `chords` [beats] of `bar` as those of the bar `there` are, if known."""
    here = slice(bar * beats, (bar + 1) * beats)
    unknown = BAND_MASK[Track.CHORDS]
    sounding = lasting_chords(chords[: (there + 1) * beats])[there * beats :]
    if (chords[here] == unknown).all() and not (sounding == unknown).any():
        chords[here] = sounding


def comebacks(
    tokens: Tokens, targets: Mask, chords: Plan, meter: Meter, rng: np.random.Generator, first: int
) -> Comebacks:
    """Which bars of `tokens` [steps, 3 or 4] come back, drawn by what is known of the piece.

    `targets`, of that shape, are to be filled. `chords` [beats] may be unknown. Bars before
    `first` belong to another piece.
    """
    count = len(tokens) // meter.steps
    bars = np.full((count, tokens.shape[1]), -1)
    of_chords = np.full(count, -1)
    if count - first <= LAGS[0]:
        return Comebacks(bars, of_chords)
    own = slice(first * meter.steps, None)
    known = known_matches(tokens[own], targets[own], chords[first * meter.beats :], meter)
    drawn = of_songs().drawn(known, rng)
    there = np.arange(count - first) - drawn.lags + first
    again = drawn.lags > 0
    over_other_chords = _over_other_chords(known, drawn)
    for column in range(tokens.shape[1]):
        comes = again & drawn.parts[:, MADE_BY[Track(column)]]
        if column != Track.DRUMS:  # what was made for other chords stays with them
            comes &= ~over_other_chords
        bars[first:, column] = np.where(comes, there, -1)
    of_chords[first:] = np.where(again & drawn.parts[:, Part.CHORDS], there, -1)
    return Comebacks(bars, of_chords)


def _over_other_chords(known: Matches, drawn: Comeback) -> NDArray[np.bool_]:
    """Of which bars [bars] the chords are known, and are not those of the bar that comes back."""
    lag = np.searchsorted(LAGS, drawn.lags.clip(LAGS[0]))
    there = known[lag, np.arange(len(lag)), Part.CHORDS]
    return np.asarray((drawn.lags > 0) & (there == 0))


def known_matches(tokens: Tokens, targets: Mask, chords: Plan, meter: Meter) -> Matches:
    """Where a piece is known to be what it was before, or not (`sections.matches_of`)."""
    count = len(tokens) // meter.steps
    forms = form_columns(tokens[:, : len(TRIO)], meter)[:: meter.steps]
    lasting = lasting_chords(chords).reshape(count, meter.beats)
    bars, rests, unknown = {Part.CHORDS: lasting}, {}, {}
    rests[Part.CHORDS] = (lasting == NO_CHORD).all(axis=1)
    unknown[Part.CHORDS] = (lasting == BAND_MASK[Track.CHORDS]).any(axis=1)
    for track in TRIO:
        part = MADE_BY[track]
        bars[part] = tokens[:, track].reshape(count, -1)
        rests[part] = forms[:, track] == RESTS
        masked = bars[part] == BAND_MASK[track]
        unknown[part] = (masked | targets[:, track].reshape(count, -1)).any(axis=1)
    return matches_of(bars, rests, unknown)
