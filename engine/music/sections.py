"""How sections of songs come back: which bars of a long piece are bars of long before again.

A network sees a window; what lies before it is forgotten, so that the second half of a piece hardly
ever brings back the first. In songs half of its bars were there before, mostly whole sections: 16,
24 or 32 bars back, in all parts or some, for phrases of four. That is a hidden Markov model: of a
bar the state is how far back its section stands (`LAGS`), or that it is new, and which `Part`s come
back with it. What is known of a piece counts: where its melody and its chords come back, so do most
of the others. The weights are counted in the training songs by `benchmarks/sections.py fit`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("sections.json")
LAGS = tuple(range(16, 60, 4))
"""How many bars back a section may stand: whole phrases, none that a window of 16 bars sees."""
PHRASE = 4
"""Sections begin and end with phrases of so many bars, more often than inside."""
UNKNOWN = -1
"""Of a part of which nothing is known in a bar, or that rests there and rested before."""

Floats = NDArray[np.float64]
Matches = NDArray[np.int8]


class Part(IntEnum):
    """What may come back of a bar, by its bit in a pattern."""

    MELODY = 0
    BASS = 1
    DRUMS = 2
    CHORDS = 3


PATTERNS = 1 << len(Part)
LEAST = 1e-12
"""Where nothing is likely, a sum of shares counts as this."""


class Comeback(NamedTuple):
    """Of each bar how far back its section stands, 0 if it is new, and which parts come back.

    `lags` are [bars], `parts` [bars, 4].
    """

    lags: NDArray[np.int64]
    parts: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sections:
    """The weights of the hidden Markov model; all of them probabilities.

    `stays` [PHRASE, 2]: that a new stretch, and a section that comes back, goes on into a bar at
    each place of a phrase. `ends` is how often a section is followed by a new stretch and not by
    another section, []. `lags` [LAGS] say where one begins, among those that there are bars for.
    `first` [PATTERNS] and `then` [PATTERNS, PATTERNS]: which parts come back in the first bar of a
    section, and after a bar of it. `chance` [4]: how often a part comes back at a lag by chance.
    """

    stays: Floats
    ends: Floats
    lags: Floats
    first: Floats
    then: Floats
    chance: Floats
    known_moves: dict[int, Floats] = field(default_factory=dict, init=False, repr=False)

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        return {name: np.round(value, 5).tolist() for name, value in values.items()}

    @classmethod
    def of_plain(cls, said: Mapping[str, Any]) -> "Sections":
        """What was `plain`."""
        return cls(**{name: np.asarray(value, float) for name, value in said.items()})

    def drawn(self, matches: Matches, rng: np.random.Generator) -> Comeback:
        """Which bars come back, drawn from all that is known.

        `matches` [LAGS, bars, 4] say where a part is what it was at a lag: 1, or not: 0, or
        `UNKNOWN`. Forward filtering and backward sampling.
        """
        likely = self._likely(matches)
        forward = [likely[0] / likely[0].sum()]
        for bar in range(1, len(likely)):
            reached = forward[-1] @ self._moves(bar) * likely[bar]
            forward.append(reached / reached.sum())
        states = [_one_of(forward[-1], rng)]
        for bar in range(len(likely) - 1, 0, -1):
            states.append(_one_of(forward[bar - 1] * self._moves(bar)[:, states[-1]], rng))
        return comeback(np.asarray(states[::-1]))

    def likeliest(self, matches: Matches) -> Comeback:
        """The likeliest path of states (Viterbi), of songs of which all is known."""
        likely = self._likely(matches)
        with np.errstate(divide="ignore"):
            best, steps = np.log(likely[0]), []
            for bar in range(1, len(likely)):
                ways = best[:, None] + np.log(self._moves(bar))
                steps.append(ways.argmax(axis=0))
                best = ways.max(axis=0) + np.log(likely[bar])
        states = [int(best.argmax())]
        for back in reversed(steps):
            states.append(int(back[states[-1]]))
        return comeback(np.asarray(states[::-1]))

    def _likely(self, matches: Matches) -> Floats:
        """How much likelier each state makes what is known than chance does [bars, states]."""
        bars = matches.shape[1]
        bits = np.arange(PATTERNS)[:, None] >> np.arange(len(Part)) & 1
        likely = np.zeros((bars, 1 + len(LAGS) * PATTERNS))
        likely[:, 0] = 1.0
        for k, lag in enumerate(LAGS):
            known = matches[k, lag:, None, :]  # [bars, 1, 4]
            chance = np.where(known == 1, self.chance, 1.0 - self.chance)
            fits = np.where(known == UNKNOWN, 1.0, (known == bits) / chance).prod(axis=-1)
            likely[lag:, 1 + k * PATTERNS : 1 + (k + 1) * PATTERNS] = fits
        return likely

    def _moves(self, bar: int) -> Floats:
        """How likely each state follows each into `bar` [states, states]."""
        full = LAGS[-1] + bar % PHRASE  # from there on bars of one place in a phrase are alike
        if min(bar, full) not in self.known_moves:
            self.known_moves[min(bar, full)] = self._moves_into(min(bar, full))
        return self.known_moves[min(bar, full)]

    def _moves_into(self, bar: int) -> Floats:
        there, count = np.asarray(LAGS) <= bar, len(LAGS)
        starts = np.where(there, self.lags, 0.0)[:, None] * self.first  # [LAGS, PATTERNS]
        starts /= max(starts.sum(), LEAST)
        new_goes_on, goes_on = self.stays[bar % PHRASE]
        moves = np.zeros((1 + count * PATTERNS, 1 + count * PATTERNS))
        moves[0, 0] = new_goes_on if there.any() else 1.0
        moves[0, 1:] = (1.0 - moves[0, 0]) * starts.ravel()
        moves[1:, 0] = (1.0 - goes_on) * self.ends
        for k in range(count):
            rows = slice(1 + k * PATTERNS, 1 + (k + 1) * PATTERNS)
            others = np.where(np.arange(count)[:, None] == k, 0.0, starts)
            others /= max(others.sum(), LEAST)
            moves[rows, 1:] = (1.0 - goes_on) * (1.0 - self.ends) * others.ravel()
            moves[rows, rows] += goes_on * self.then
        return moves


def comeback(states: NDArray[np.int64]) -> Comeback:
    """What `states` [bars] mean: 0 is a new bar, the others are a lag with a pattern each."""
    again = states > 0
    lags = np.where(again, np.asarray(LAGS)[(states - 1).clip(0) // PATTERNS], 0)
    pattern = np.where(again, (states - 1) % PATTERNS, 0)
    return Comeback(lags, (pattern[:, None] >> np.arange(len(Part)) & 1).astype(bool))


def matches_of(
    bars: Mapping[Part, NDArray[np.int64]],
    rests: Mapping[Part, NDArray[np.bool_]],
    unknown: Mapping[Part, NDArray[np.bool_]],
) -> Matches:
    """Where parts are what they were [LAGS, bars, 4], by their `bars` [bars, tokens].

    Nothing is said of bars that rest, as those that they are held against, or are `unknown`, both
    [bars]; nor of a part that is not among `bars`.
    """
    count = len(next(iter(bars.values())))
    found = np.full((len(LAGS), count, len(Part)), UNKNOWN, np.int8)
    for part, tokens in bars.items():
        for k, lag in enumerate(LAGS):
            if lag < count:
                same = (tokens[lag:] == tokens[:-lag]).all(axis=1)
                silent = rests[part][lag:] & rests[part][:-lag]
                lost = silent | unknown[part][lag:] | unknown[part][:-lag]
                found[k, lag:, part] = np.where(lost, UNKNOWN, same)
    return found


def _one_of(shares: Floats, rng: np.random.Generator) -> int:
    cumulative = shares.cumsum()
    return int(np.searchsorted(cumulative, rng.random() * cumulative[-1], "right"))


@cache
def of_songs() -> Sections:
    """The weights that were counted in songs."""
    return Sections.of_plain(json.loads(WEIGHTS.read_text(encoding="utf-8")))
