"""Bars that are played again: what their forms say is kept, cell by cell.

A network says of each cell alone what stands there, and many cells are drawn at once. So bars that
a plan calls the same come out alike, but hardly one comes out the same; and bars that it calls new
come out the same by chance. A form is a promise: where it says that a bar is played again, its
cells are those of the other bar and are not drawn, and where it says that a bar is new, it is, and
something sounds in it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.rhythms import LEAST_WEIGHT, TakenUp, drawn_by_doubt
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import TokenSampler, draw
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import FIRST_AGAIN, may_repeat
from schmubert.engine.music.score import Mask, Tokens, lasting
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    FORMS,
    NEW,
    OFF,
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
    cannot be: by the forms before it (`may_repeat`), by what is known of its bar, by how often a
    part rests at most (`_rested_enough`), or where it may not rest at all.
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
            if token_sampler.may_rest:
                rows[_rested_enough(forms, wanted, sounding), RESTS] = -np.inf
            else:
                rows[:, RESTS] = -np.inf
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
        """`tokens` with every cell as its source, and no new bar silent or as one before is."""
        self.rhythms.follow(tokens, drawn, logits, rng)
        for track in TRIO:
            if track in self.columns and FORMS[track] in self.columns:
                self._renew(tokens, drawn, logits, track, rng)
        return self.copied(tokens)

    def _renew(
        self, tokens: Tokens, drawn: Mask, logits: Logits, track: Track, rng: np.random.Generator
    ) -> None:
        """Draw a cell of each new bar of `track` again that came out silent, or as another is.

        Of the cells of the bar that were `drawn` one is taken by the odds that it is not what it
        must not be: so bars are distributed as drawn, but without those.
        """
        column, bar = self.columns.index(track), self.meter.steps
        bars = tokens[..., column].reshape(len(tokens), -1, bar)
        forms = tokens[:, ::bar, self.columns.index(FORMS[track])]
        just_drawn = drawn[..., column].reshape(bars.shape)
        complete = (bars != BAND_MASK[track]).all(axis=2) & just_drawn.any(axis=2)
        for piece, number in np.argwhere(complete & (forms == NEW)):
            here = bars[piece, number]  # a view: what is drawn stands in `tokens`
            cells = np.flatnonzero(just_drawn[piece, number])
            steps = number * bar + cells
            said = logits[column][piece, steps].astype(np.float64)
            for _ in range(len(AGAIN) + 1):  # each may make it another that it must not be
                silent = _is_silent(bars[piece], forms[piece], number, track)
                if not silent and not _is_again(bars[piece], number):
                    break
                rows = said
                if track in PITCHED:
                    rows = self.rhythms.kept(said, here[cells], piece, steps, column)
                refused = np.arange(rows.shape[1]) == here[cells, None]
                refused[:, : first_onset(track)] |= silent
                as_is = np.where(refused, np.exp(log_softmax(rows)), 0.0).sum(axis=1)
                chosen = drawn_by_doubt(np.log(as_is.clip(LEAST_WEIGHT)), rng)
                rest = np.where(refused[chosen], -np.inf, rows[chosen])
                if np.isfinite(rest).any():
                    here[cells[chosen]] = draw(rest[None], rng)[0]


def _is_again(bars: Tokens, number: int) -> bool:
    """Whether a bar of `bars` [bars, steps] is one that a form could name."""
    return any((bars[number] == bars[number - back]).all() for back in AGAIN if back <= number)


def _is_silent(bars: Tokens, forms: Tokens, number: int, track: Track) -> bool:
    """Whether in a bar of `track` nothing sounds, not even held over; not where that is unknown.

    `bars` [bars, steps] are its tokens, and their `forms` [bars] say which of them rest.
    """
    if track not in PITCHED:
        return not (bars[number] >= first_onset(track)).any()
    rests = (bars == BAND_MASK[track]) & (forms == RESTS)[:, None]
    events = lasting(np.where(rests, OFF, bars)[: number + 1].reshape(-1))
    return not (events[number * bars.shape[1] :] >= first_onset(track)).any()


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
        wanted = targets[..., column].reshape(batch, -1, bar).any(axis=(0, 2))
        for number in np.flatnonzero(wanted).tolist():
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
