"""What a network has seen of a window, and with how much of that another window begins.

A window is asked about in several calls, and on stage again with each beat that is heard: the next
one knows a beat more, or begins a bar later. What a network made of the bars that both have in
common it need not make anew. It saw them not in the light of what came after: an approximation, as
of key and value caches in diffusion models of language (arXiv 2505.22618).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import TRAIT_COUNT, Track


class InCommon(NamedTuple):
    """A window begins with so many `bars` that were seen, from `first_bar` on of another one."""

    first_bar: int
    bars: int


NOTHING = InCommon(0, 0)


@dataclass
class Seen:
    """What a network keeps of a window from one call to the next, as the network likes it.

    `kept` is what it made of the bars of `tokens` [steps, columns] in `meter`, and `said` what it
    said of them: logits [steps, events], by name.
    """

    tokens: Tokens = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    kept: Sequence[NDArray[Any]] = ()
    said: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    meter: Meter = COMMON

    def in_common(self, tokens: Tokens, columns: Sequence[Track], meter: Meter) -> InCommon:
        """The most bars with which a window of `tokens` [steps, columns] begins, and where.

        Traits are of a whole window and stand in its first cells: where they are others, or not
        all of these cells were seen, nothing is in common.
        """
        traits = [column for column, track in enumerate(columns) if track is Track.TRAITS]
        if meter != self.meter or not len(self.tokens) or not self.kept:
            return NOTHING
        if not np.array_equal(tokens[:TRAIT_COUNT, traits], self.tokens[:TRAIT_COUNT, traits]):
            return NOTHING
        others = [column for column, track in enumerate(columns) if track is not Track.TRAITS]
        before, now = (
            one[: len(one) // meter.steps * meter.steps, others].reshape(
                -1, meter.steps * len(others)
            )
            for one in (self.tokens, tokens)
        )
        begins = np.flatnonzero((before == now[:1]).all(axis=1)).tolist()
        found = (InCommon(bar, _alike(before[bar:], now)) for bar in begins)
        return max(found, key=lambda one: one.bars, default=NOTHING)

    @property
    def size_bytes(self) -> int:
        """What it takes of memory."""
        return sum(array.nbytes for array in (self.tokens, *self.kept, *self.said.values()))


@dataclass
class Sight:
    """What a network has seen of a player's windows: for the harmony, of which it does not hear
    the band's own parts, and for drafts."""

    harmony: Seen = field(default_factory=Seen)
    draft: Seen = field(default_factory=Seen)

    @property
    def size_bytes(self) -> int:
        """What it takes of memory."""
        return self.harmony.size_bytes + self.draft.size_bytes


def _alike(before: NDArray[np.int64], now: NDArray[np.int64]) -> int:
    """With how many rows of `before` the rows `now` begin."""
    count = min(len(before), len(now))
    others = np.flatnonzero((before[:count] != now[:count]).any(axis=1))
    return int(others[0]) if len(others) else count
