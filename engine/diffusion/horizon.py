"""The window that an engine is asked to fill, made of what was heard and played up to now.

Both the stage and the live evaluation use it. Each hands in a tape of all that it has, and nothing
that lies after the present instant can get from there into the window.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.defaults import FEWEST_WINDOW_BARS, MOST_WINDOW_BARS, WINDOW_BARS
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask, Tokens, canonical
from schmubert.engine.music.vocabulary import MASK, OFF, PITCHED, TRIO, Track, first_onset

AHEAD_BARS = 2  # bars beyond the current one: the tentative future


@dataclass(frozen=True)
class Horizon:
    """A window to ask about: `tokens` and the `targets` to fill, both [steps, 3].

    `first_step` is the step of the tape that stands in row 0: row r is step first_step + r.
    """

    tokens: Tokens
    targets: Mask
    first_step: int

    @property
    def end_step(self) -> int:
        """The step of the tape after the last row."""
        return self.first_step + len(self.tokens)

    def hiding(self, hidden: Mask) -> "Horizon":
        """The same window with the cells `hidden` [steps, 3] of its first steps unknown.

        They are not filled either.
        """
        steps = len(hidden)
        tokens = self.tokens.copy()
        tokens[:steps] = np.where(hidden, np.asarray(MASK), tokens[:steps])
        return Horizon(canonical(tokens), self.targets, self.first_step)

    def knowing(self, ahead: Tokens, from_step: int) -> "Horizon":
        """The same window that knows what `ahead` [steps, 3] says from step `from_step` on.

        Such cells are not filled. Where `ahead` is MASK nothing changes, nor in cells that are
        known already.
        """
        row = from_step - self.first_step
        said = np.tile(np.asarray(MASK), (len(self.tokens), 1))
        rows = ahead[max(0, -row) :][: max(0, len(said) - max(0, row))]
        said[max(0, row) : max(0, row) + len(rows)] = rows
        masks = np.asarray(MASK)
        taken = (self.tokens == masks) & (said != masks)
        tokens = canonical(np.where(taken, said, self.tokens))
        return Horizon(tokens, self.targets & ~taken, self.first_step)


def horizon_at(
    tape: Tokens,
    now_step: int,
    heard: Collection[Track],
    played: Mapping[Track, int],
    *,
    tape_first: int = 0,
    window_bars: int = WINDOW_BARS,
    ahead_bars: int = AHEAD_BARS,
    meter: Meter = COMMON,
) -> Horizon:
    """The window of whole bars of `meter` that an engine is asked about at `now_step`.

    `tape` [steps, 3] is what was heard and played, its row 0 being step `tape_first`, a bar line.
    Roles in `heard` are known before `now_step` and unknown (MASK, never HOLD) from there on.
    A role in `played` is to be filled from the step given there, its first that is not committed,
    to the end. Before that it is known as it was played or, if it is in `heard` too, as it was
    heard. A role in neither is unknown throughout, and not filled. A role that plays, but has been
    silent for a bar or longer, is unknown since: a model told of the silence would go on with it.

    The window ends `ahead_bars` after the bar in which the filling begins. It is `window_bars`
    long, or begins with the first bar of the tape. If that makes less than four bars, unknown bars
    are added. ValueError where the tape begins inside a bar or after the present, or the sizes do
    not fit.
    """
    if (
        not max(FEWEST_WINDOW_BARS, ahead_bars + 2) <= window_bars <= MOST_WINDOW_BARS
        or ahead_bars < 0
    ):
        raise ValueError(
            f"a window of {window_bars} bars, {ahead_bars} of them ahead: it takes"
            f" {FEWEST_WINDOW_BARS}..{MOST_WINDOW_BARS} bars, two more than lie ahead"
        )
    if tape_first % meter.steps or now_step < tape_first:
        raise ValueError(
            f"the tape begins at step {tape_first}: that must be a bar line before {now_step}"
        )
    if any(step < tape_first for step in played.values()):
        raise ValueError(f"filling from {dict(played)} begins before the tape, {tape_first}")
    begins = max(now_step, min(played.values(), default=now_step))
    end_bar = begins // meter.steps + 1 + ahead_bars
    first_bar = max(tape_first // meter.steps, end_bar - window_bars)
    end_bar = max(end_bar, first_bar + FEWEST_WINDOW_BARS)
    first, steps = first_bar * meter.steps, (end_bar - first_bar) * meter.steps

    tokens = np.tile(np.asarray(MASK), (steps, 1))
    given = tape[first - tape_first : first - tape_first + steps]
    tokens[: len(given)] = given
    targets = np.zeros(tokens.shape, bool)
    for role in set(played) - set(heard):
        until = max(0, min(len(given), played[role] - first))
        if until - (silent := _silent_from(tokens[:until, role], role)) >= meter.steps:
            tokens[silent:until, role] = MASK[role]
    for role in TRIO:
        from_step = played.get(role, first + steps)
        known = now_step if role in heard else from_step if role in played else first
        tokens[max(0, min(known, from_step) - first) :, role] = MASK[role]
        targets[max(0, from_step - first) :, role] = True
    return Horizon(canonical(tokens), targets, first)


def _silent_from(column: NDArray[np.int64], role: Track) -> int:
    """The step of `column` [steps] from which nothing sounds to its end; its length if it does."""
    onsets = np.flatnonzero(column >= first_onset(role))
    if not len(onsets):
        return 0
    last = int(onsets[-1])
    if role not in PITCHED:
        return last + 1
    ends = np.flatnonzero(column[last:] == OFF)
    return last + int(ends[0]) + 1 if len(ends) else len(column)
