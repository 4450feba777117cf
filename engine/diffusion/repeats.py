"""Bars that are played again: what their forms say is kept, cell by cell.

A network says of each cell alone what stands there, and many cells are drawn at once. So bars that
a plan calls the same come out alike, but hardly one comes out the same; and bars that it calls new
come out the same by chance. A form is a promise: where it says that a bar is played again, its
cells are those of the other bar and are not drawn, and where it says that a bar is new, it is.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.rhythms import TakenUp, drawn_by_doubt
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import TokenSampler, draw
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import FIRST_AGAIN, may_repeat
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    FORMS,
    NEW,
    PITCHED,
    RESTS,
    TRIO,
    Track,
    first_onset,
)


def with_forms(
    tokens: Tokens,
    targets: Mask,
    bars: NDArray[np.int64],
    logits: Logits,
    token_sampler: TokenSampler,
) -> Tokens:
    """`tokens` [batch, steps, columns] with those forms of `bars` that are `targets` drawn.

    `logits` [batch, steps, events], one a column, say how likely they are; none is drawn that
    cannot be: by the forms before it (`may_repeat`), by what is known of its bar, or by how often
    a part rests at most (`_rested_enough`).
    """
    sounding = token_sampler.recipe.sounding
    tokens, bar = tokens.copy(), token_sampler.meter.steps
    for column, track in enumerate(token_sampler.tracks):
        if track not in FORMS:
            continue
        forms, wanted = tokens[:, ::bar, column], targets[:, ::bar, column]
        played = TRIO[FORMS.index(track)]
        of_bars = tokens[..., token_sampler.tracks.index(played)].reshape(*forms.shape, bar)
        for number in bars[wanted[:, bars].any(axis=0)]:
            rows = logits[column][:, number * bar].astype(np.float64)
            rows[:, FIRST_AGAIN:][~may_repeat(forms, [number])[:, 0]] = -np.inf
            rows[_contradicted(of_bars, number, played)] = -np.inf
            rows[_rested_enough(forms, wanted, sounding), RESTS] = -np.inf
            drawn = draw(rows, token_sampler.rng)
            forms[:, number] = np.where(wanted[:, number], drawn, forms[:, number])
    return tokens


def _contradicted(bars: Tokens, number: int, track: Track) -> Mask:
    """Which forms [batch, events] of the bar `number` what is known of it says that it has not.

    `bars` [batch, bars, steps] are tokens of `track`. A bar of which a note is known does not rest,
    and one of which a cell is not that of another bar is not that bar again.
    """
    here, mask = bars[:, number], BAND_MASK[track]
    known = here != mask
    found = np.zeros((len(bars), FIRST_AGAIN + len(AGAIN)), bool)
    found[:, RESTS] = (known & (here >= first_onset(track))).any(axis=1)
    for k, back in enumerate(AGAIN):
        if back <= number:
            there = bars[:, number - back]
            unlike = known & (there != mask) & (here != there)
            found[:, FIRST_AGAIN + k] = unlike.any(axis=1)
    return found


def _rested_enough(forms: Tokens, wanted: Mask, sounding: float) -> Mask:
    """Which windows [batch] may rest no more by their `forms` [batch, bars], `wanted` or known.

    A part sounds in a share `sounding` of the bars of every window. One in which it is known to
    rest longer is like none that was learned from, and is left alone.
    """
    rests, bars = forms == RESTS, forms.shape[1]
    most = bars - math.ceil(round(sounding * bars, 6))  # a tenth of 10 bars is 1, however held
    known = (rests & ~wanted).sum(axis=1)
    enough: Mask = (known <= most) & (rests.sum(axis=1) >= most)
    return enough if sounding else np.zeros_like(enough)


@dataclass(frozen=True)
class KeptForms:
    """The promises of forms in a window of `columns`: see `Promises`.

    `sources` [batch, steps, columns] is the step from which each cell has its token. New bars keep
    the `rhythms` that they take up.
    """

    sources: NDArray[np.int64]
    columns: tuple[Track, ...]
    meter: Meter
    rhythms: TakenUp

    def copied(self, tokens: Tokens) -> Tokens:
        """`tokens` with every cell as its source."""
        return np.take_along_axis(tokens, self.sources, axis=1)

    def kept(self, tokens: Tokens, drawn: Mask, logits: Logits, rng: np.random.Generator) -> Tokens:
        """`tokens` with every cell as its source, and no new bar the same as one before."""
        self.rhythms.follow(tokens, drawn, logits, rng)
        for track in TRIO:
            if track in self.columns and FORMS[track] in self.columns:
                self._renew(tokens, drawn, logits, track, rng)
        return self.copied(tokens)

    def _renew(
        self, tokens: Tokens, drawn: Mask, logits: Logits, track: Track, rng: np.random.Generator
    ) -> None:
        """Draw a cell of each new bar of `track` again that came out the same as another.

        Of the cells of the bar that were `drawn` one is taken by the odds that it is not what it
        is: so bars are distributed as drawn, but without those that are the same.
        """
        column, bar = self.columns.index(track), self.meter.steps
        bars = tokens[..., column].reshape(len(tokens), -1, bar)
        forms = tokens[:, ::bar, self.columns.index(FORMS[track])]
        just_drawn = drawn[..., column].reshape(bars.shape)
        complete = (bars != BAND_MASK[track]).all(axis=2) & just_drawn.any(axis=2)
        for piece, number in np.argwhere(complete & (forms == NEW)):
            before = [bars[piece, number - back] for back in AGAIN if back <= number]
            if not any((bars[piece, number] == one).all() for one in before):
                continue
            cells = np.flatnonzero(just_drawn[piece, number])
            steps = number * bar + cells
            rows = logits[column][piece, steps].astype(np.float64)
            if track in PITCHED:
                rows = self.rhythms.kept(rows, bars[piece, number, cells], piece, steps, column)
            is_there = np.arange(len(cells)), bars[piece, number, cells]
            chosen = drawn_by_doubt(log_softmax(rows)[is_there], rng)
            rows[is_there] = -np.inf
            if np.isfinite(rows[chosen]).any():
                tokens[piece, steps[chosen], column] = draw(rows[chosen : chosen + 1], rng)[0]


def sources(
    tokens: Tokens, targets: Mask, columns: tuple[Track, ...], meter: Meter
) -> NDArray[np.int64]:
    """From which step each cell of `tokens` [batch, steps, columns] has its token: that shape.

    It is its own step, unless the cell is one of `targets` and the form of its bar names a bar
    before, of which all is known or a target too. That one may itself be one that is played again.
    """
    batch, steps, _ = tokens.shape
    found: NDArray[np.int64] = np.empty(tokens.shape, np.int64)
    found[:] = np.arange(steps)[:, None]
    bar = meter.steps
    for track in TRIO:
        if track not in columns or FORMS[track] not in columns:
            continue
        column = columns.index(track)
        forms = tokens[:, ::bar, columns.index(FORMS[track])]
        lost = (tokens[..., column] == BAND_MASK[track]) & ~targets[..., column]
        lost = lost.reshape(batch, -1, bar).any(axis=2)
        for number in range(forms.shape[1]):
            for k, bars_before in enumerate(AGAIN):
                if bars_before > number:
                    break
                again = (forms[:, number] == FIRST_AGAIN + k) & ~lost[:, number - bars_before]
                here = slice(number * bar, (number + 1) * bar)
                there = slice(here.start - bars_before * bar, here.stop - bars_before * bar)
                again_here = again[:, None] & targets[:, here, column]
                found[:, here, column] = np.where(
                    again_here, found[:, there, column], found[:, here, column]
                )
    return found
