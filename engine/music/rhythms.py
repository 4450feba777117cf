"""How a part takes up its own rhythm: which new bars have that of a bar before, with other notes.

A form says that a bar is another again, note by note. Of the bars that are new a quarter of those
of melodies, and half of those of basses, begin their notes where a bar of `AGAIN` does. A network
that says of each cell alone what stands there brings that about half as often. So it is drawn
before the notes are: a new bar takes up the rhythm of the nearest bar that has it, or of none, by
what the bar before it and the one of a phrase before do. The weights are counted in the training
songs by `benchmarks/rhythms.py fit`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    FIRST_ONSET,
    FORM_TOKENS,
    FORMS,
    NEW,
    PITCHED,
    RESTS,
    Track,
)

WEIGHTS = Path(__file__).with_name("rhythms.json")
NOT_KNOWN = 0
"""The state of a bar of which nothing is known, or that is not there."""
FIRST_TAKEN = FORM_TOKENS
"""The state of a new bar that has the rhythm of the last one; the others of `AGAIN` follow."""
STATES = FIRST_TAKEN + len(AGAIN)
"""`NOT_KNOWN`, the forms, and the rhythms that are taken up."""
PHRASE = 4
"""So many bars before stands the other bar that says what a bar does."""
BEATS_KNOWN = 4
"""Of bars begun so many beats are told apart: none, one, two, three or more."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rhythms:
    """How often new bars take up a rhythm; all of them shares.

    `takes` [PITCHED, STATES, STATES, 1 + AGAIN]: by the state of the bar before and of the one a
    phrase before, from none, then from each bar of `AGAIN`. `chance` [PITCHED, BEATS_KNOWN, AGAIN]:
    how often a bar that takes up none begins its notes where that bar does, as far as its first
    beats go.
    """

    takes: Floats
    chance: Floats

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        return {each.name: np.round(getattr(self, each.name), 4).tolist() for each in fields(self)}

    @classmethod
    def of_plain(cls, said: Mapping[str, Any]) -> "Rhythms":
        """What was `plain`."""
        return cls(**{name: np.asarray(value, float) for name, value in said.items()})


def begins(column: Tokens, track: Track) -> Mask:
    """Where notes of a pitched `track` begin in its `column`, of any shape."""
    return np.asarray((column >= FIRST_ONSET) & (column < BAND_MASK[track]))


def rhythm_states(column: Tokens, forms: Tokens, track: Track, meter: Meter) -> NDArray[np.int64]:
    """The state of each bar [batch, bars] of a pitched `track`, by its `forms` of that shape.

    `column` [batch, steps] are its tokens. A new bar of which a cell is masked is `NEW`.
    """
    bars = column.reshape(*forms.shape, meter.steps)
    starts, known = begins(bars, track), (bars != BAND_MASK[track]).all(axis=-1)
    states = np.where(forms == BAND_MASK[FORMS[track]], NOT_KNOWN, forms)
    new = known & (forms == NEW)
    for k, back in reversed([*enumerate(AGAIN)]):
        if back < forms.shape[1]:
            alike = (starts[:, back:] == starts[:, :-back]).all(axis=-1)
            alike &= known[:, :-back] & (forms[:, :-back] != RESTS) & new[:, back:]
            states[:, back:][alike] = FIRST_TAKEN + k
    return np.asarray(states)


@cache
def of_songs() -> Rhythms:
    """The weights that were counted in songs."""
    found = Rhythms.of_plain(json.loads(WEIGHTS.read_text(encoding="utf-8")))
    assert len(found.takes) == len(PITCHED)
    return found
