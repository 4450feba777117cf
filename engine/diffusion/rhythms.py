"""Rhythms that are taken up: new bars whose notes begin where those of a bar before do.

`engine/music/rhythms.py` says how often songs do that. What is drawn here is a promise like that of
a form (`repeats.py`): where a bar takes up the rhythm of another, a note begins in each of its
cells if one begins there, whichever is drawn first; and where it does not, its rhythm is its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import draw
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import FIRST_AGAIN, first_alike
from schmubert.engine.music.rhythms import (
    BEATS_KNOWN,
    FIRST_TAKEN,
    NOT_KNOWN,
    PHRASE,
    begins,
    of_songs,
    rhythm_states,
)
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    FIRST_ONSET,
    FORMS,
    NEW,
    PITCHED,
    RESTS,
    Track,
)

LEAST_DOUBT = 1e-12
"""Of a cell that is surely what it is, in nats: so its odds can be reckoned."""
LEAST_WEIGHT = 1e-300
"""What cannot be is as good as never drawn."""


@dataclass(frozen=True)
class TakenUp:
    """The rhythms that are taken up in a window of `columns`.

    `sources` [batch, steps, columns] is the step whose note begins, or not, as that of each cell
    does. `own` [batch, bars, columns] are the new bars whose rhythm is that of no other.
    """

    sources: NDArray[np.int64]
    own: Mask
    columns: tuple[Track, ...]
    meter: Meter

    def follow(self, tokens: Tokens, drawn: Mask, logits: Logits, rng: np.random.Generator) -> None:
        """Draw those of the `drawn` cells of `tokens` again that break a rhythm.

        Both are [batch, steps, columns]; `logits` are those that the cells were drawn from.
        """
        for column, track in enumerate(self.columns):
            if track not in PITCHED or FORMS[track] not in self.columns:
                continue
            for piece in np.flatnonzero(drawn[..., column].any(axis=1)):
                of_piece = tokens[piece, :, column], drawn[piece, :, column]
                rows, sources = logits[column][piece], self.sources[piece, :, column]
                _follow(*of_piece, rows, sources, track, rng)
                _renew(*of_piece, rows, sources, self.own[piece, :, column], track, rng)

    def kept(
        self,
        logits: NDArray[np.float64],
        cells: Tokens,
        piece: int,
        steps: NDArray[np.int64],
        column: int,
    ) -> NDArray[np.float64]:
        """`logits` [n, events] of `steps` [n] of a `piece`, by which `cells` [n] keep its rhythm.

        Only cells that take up the rhythm of others are bound.
        """
        bound = ~self.own[piece, steps // self.meter.steps, column]
        starts = begins(cells, self.columns[column])
        kept = np.where(starts[:, None], of_kind(logits, True), of_kind(logits, False))
        return np.where(bound[:, None], kept, logits)


def _follow(
    cells: Tokens,
    drawn: Mask,
    logits: NDArray[np.floating],
    sources: NDArray[np.int64],
    track: Track,
    rng: np.random.Generator,
) -> None:
    """What was known first of cells of one source holds for those of `cells` [steps] `drawn`."""
    starts = begins(cells, track)
    known = np.flatnonzero((cells != BAND_MASK[track]) & ~drawn)[::-1]  # the first has the word
    said = np.full(len(cells), -1)
    said[sources[known]] = starts[known]
    for step in np.flatnonzero(drawn):
        source = sources[step]
        if said[source] < 0:
            said[source] = starts[step]
        elif said[source] != starts[step]:
            _draw_again(cells, int(step), logits, bool(said[source]), rng)


def _renew(
    cells: Tokens,
    drawn: Mask,
    logits: NDArray[np.floating],
    sources: NDArray[np.int64],
    own: Mask,
    track: Track,
    rng: np.random.Generator,
) -> None:
    """Change a cell of each bar whose rhythm is its `own` [bars] and came out as another's.

    Of those that were just `drawn` [steps], and that no other bar follows by now, one is taken by
    the odds that it does otherwise: so rhythms are distributed as drawn, without those.
    """
    bars, just_drawn = cells.reshape(len(own), -1), drawn.reshape(len(own), -1)
    complete = (bars != BAND_MASK[track]).all(axis=1)
    for number in np.flatnonzero(own & complete & just_drawn.any(axis=1)):
        starts = begins(bars, track)
        before = [
            starts[number - back] for back in AGAIN if back <= number and complete[number - back]
        ]
        if not any((starts[number] == one).all() and one.any() for one in before):
            continue
        first = number * bars.shape[1]
        steps = first + np.flatnonzero(just_drawn[number])
        known = cells != BAND_MASK[track]
        followed = np.bincount(sources[known], minlength=len(cells))[sources[steps]] > 1
        steps = steps[~followed]
        if not len(steps):
            continue
        likely = np.exp(log_softmax(logits[steps].astype(np.float64)))
        start = likely[:, FIRST_ONSET:].sum(axis=1)
        now = starts[number, steps - first]
        as_is = np.log(np.where(now, start, 1.0 - start).clip(LEAST_WEIGHT))
        chosen = drawn_by_doubt(as_is, rng)
        _draw_again(cells, int(steps[chosen]), logits, not now[chosen], rng)


def _draw_again(
    cells: Tokens, step: int, logits: NDArray[np.floating], starts: bool, rng: np.random.Generator
) -> None:
    """Draw the cell of `step` from `logits` [steps, events], so that a note `starts` or none does.

    It stays as it is where that cannot be.
    """
    row = of_kind(logits[step : step + 1], starts)
    if np.isfinite(row).any():
        cells[step] = draw(row, rng)[0]


def drawn_by_doubt(as_is: NDArray[np.float64], rng: np.random.Generator) -> int:
    """One of some cells, by the odds that it is not what it is: `as_is` [n] are log-likelihoods."""
    there = as_is.clip(max=-LEAST_DOUBT)
    odds = np.log(-np.expm1(there)) - there
    return int(draw(odds[None], rng)[0])


def of_kind(logits: NDArray[np.floating], starts: bool) -> NDArray[np.float64]:
    """`logits` [rows, events] where it is sure that a note begins, or that none does."""
    rows = logits.astype(np.float64)
    rows[:, slice(0, FIRST_ONSET) if starts else slice(FIRST_ONSET, None)] = -np.inf
    return np.asarray(rows)


def taken_up(
    tokens: Tokens,
    targets: Mask,
    sources: NDArray[np.int64],
    columns: tuple[Track, ...],
    meter: Meter,
    rng: np.random.Generator,
) -> TakenUp:
    """Which of the bars with `targets` take up a rhythm, drawn by what is known and by their forms.

    `tokens`, `targets` and `sources`, those of forms, are [batch, steps, columns].
    """
    found = sources.copy()
    own = np.zeros((len(tokens), tokens.shape[1] // meter.steps, len(columns)), bool)
    for column, track in enumerate(columns):
        if track in PITCHED and FORMS[track] in columns and targets[..., column].any():
            forms = tokens[:, :: meter.steps, columns.index(FORMS[track])]
            part = _Part(track, tokens[..., column], targets[..., column], forms, meter)
            own[..., column] = part.drawn(found[..., column], rng)
    return TakenUp(found, own, columns, meter)


class _Part:
    """A pitched `track` of a window whose rhythms are to be drawn.

    Its `cells` [batch, steps], of which some are open, and its `forms` [batch, bars].
    """

    def __init__(
        self, track: Track, cells: Tokens, open_cells: Mask, forms: Tokens, meter: Meter
    ) -> None:
        by_bar = (*forms.shape, meter.steps)
        self.track, self.forms, self.meter = track, forms, meter
        self.bars, self.open = cells.reshape(by_bar), open_cells.reshape(by_bar)
        self.known = self.bars != BAND_MASK[track]
        self.starts = begins(self.bars, track)
        lost = (~self.known & ~self.open).any(axis=2)
        self.useless = lost | np.isin(forms, (RESTS, BAND_MASK[FORMS[track]]))
        self.states = rhythm_states(cells, forms, track, meter)
        self.first = np.empty_like(self.states)  # the first bar whose rhythm each has

    def drawn(self, sources: NDArray[np.int64], rng: np.random.Generator) -> Mask:
        """Draw what its open bars take up; returns those [batch, bars] that take up none.

        `sources` [batch, steps], which say where each cell has its token, become those of rhythms.
        """
        bar, own = self.meter.steps, np.zeros(self.forms.shape, bool)
        for number, is_open in enumerate(self.open.any(axis=2).T):
            if is_open.any():
                here = slice(number * bar, (number + 1) * bar)
                # a bar that is played again has the rhythm of that bar, whosever that is
                sources[:, here] = np.take_along_axis(sources, sources[:, here], axis=1)
                new = is_open & (self.forms[:, number] == NEW)
                chosen = draw(np.log(self._weights(number).clip(LEAST_WEIGHT)), rng)
                taken = np.where(chosen > 0, FIRST_TAKEN + chosen - 1, NEW)
                self.states[:, number] = np.where(new, taken, self.states[:, number])
                own[:, number] = new & (chosen == 0)
                for k, back in enumerate(AGAIN):
                    takes = new & (chosen == k + 1)
                    if takes.any():
                        there = slice(here.start - back * bar, here.stop - back * bar)
                        sources[takes, here] = sources[takes, there]
            now = self.states[:, number]
            again = now - np.where(now >= FIRST_TAKEN, FIRST_TAKEN, FIRST_AGAIN)
            self.first[:, number] = first_alike(self.first, number, again)
        return own

    def _weights(self, number: int) -> NDArray[np.float64]:
        """How likely bar `number` takes up none, or the rhythm of each of AGAIN [batch, 5].

        None is taken up that what is known of the bar contradicts, of a bar that rests or that
        nobody knows, or that a nearer one has too.
        """
        songs, first = of_songs(), self.first
        weights = songs.takes[self.track, self._state(number - 1), self._state(number - PHRASE)]
        known = self.known[:, number]
        beats = (known.sum(axis=1) // self.meter.cells).clip(max=BEATS_KNOWN - 1)
        for k, back in enumerate(AGAIN):
            there = number - back
            if there < 0:
                weights[:, k + 1] = 0.0
                continue
            unlike = self.starts[:, number] != self.starts[:, there]
            never = (unlike & known & self.known[:, there]).any(axis=1)
            never |= self.useless[:, there]
            for nearer in AGAIN[:k]:
                never |= first[:, number - nearer] == first[:, there]
            weights[:, k + 1] *= np.where(never, 0.0, 1.0 / songs.chance[self.track, beats, k])
        return np.asarray(weights)

    def _state(self, number: int) -> NDArray[np.int64]:
        """The states [batch] of a bar, which may lie before the window."""
        return self.states[:, number] if number >= 0 else np.full(len(self.states), NOT_KNOWN)
