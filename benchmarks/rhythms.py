"""How songs take up their own rhythms: the weights, counted, and what they are worth.

    python benchmarks/rhythms.py fit --data DATA       writes engine/music/rhythms.json
    python benchmarks/rhythms.py measure --data DATA   on validation songs

Windows of 64 bars, one a song. `fit` counts in training songs how often a new bar of a melody or a
bass begins its notes where a bar of `AGAIN` does, by the states of the bar before and of the one a
phrase before. `measure` says how many nats a new bar these weights need on validation songs, beside
weights that know no bar before.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sections import long_windows, what_is_asked

from schmubert.engine.music import rhythms
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import form_columns
from schmubert.engine.music.rhythms import (
    BEATS_KNOWN,
    FIRST_TAKEN,
    NOT_KNOWN,
    PHRASE,
    STATES,
    Rhythms,
    begins,
    rhythm_states,
)
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import AGAIN, FORMS, NEW, PITCHED, RESTS, TRIO

FIRST = max(AGAIN)
"""Bars before this one cannot take up every rhythm."""
SEEN = 1.0
"""Each count begins with this, shared out as new bars are on the whole."""


def main() -> None:
    asked = what_is_asked(__doc__)
    if asked.what == "fit":
        fitted = counted(songs(asked.data, asked.songs, "train"))
        rhythms.WEIGHTS.write_text(json.dumps(fitted.plain()) + "\n", encoding="utf-8")
    else:
        measure(songs(asked.data, asked.songs, "validation"))


def songs(data: Path, count: int, name: str) -> Tokens:
    """Windows [songs, steps, 3] of a split."""
    tokens: Tokens = long_windows(data, count, name).tokens[..., : len(TRIO)]
    return tokens.astype(np.int64)


def counted(tokens: Tokens) -> Rhythms:
    takes, chances = [], []
    for track in PITCHED:
        states = states_of(tokens, track)
        takes.append(counted_takes(states))
        chances.append(counted_chance(begins(tokens[..., track], track), states))
    return Rhythms(np.stack(takes), np.stack(chances))


def states_of(tokens: Tokens, track: int) -> NDArray[np.int64]:
    forms = form_columns(tokens, COMMON)[:, :: COMMON.steps, track]
    return rhythm_states(tokens[..., track], forms, TRIO[track], COMMON)


def chosen(states: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of new bars what they take up: 0 none, then those of AGAIN; -1 of other bars."""
    taken = states - FIRST_TAKEN + 1
    return np.where(states == NEW, 0, np.where(taken > 0, taken, -1))


def counted_takes(states: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.zeros((STATES, STATES, 1 + len(AGAIN)))
    for bar in range(FIRST, states.shape[1]):
        takes = chosen(states[:, bar])
        new = takes >= 0
        before, phrase = states[new, bar - 1], states[new, bar - PHRASE]
        for one in ((before, phrase), (before, NOT_KNOWN), (NOT_KNOWN, phrase)):
            np.add.at(counts, (*one, takes[new]), 1)
        np.add.at(counts, (NOT_KNOWN, NOT_KNOWN, takes[new]), 1)
    usual = counts[NOT_KNOWN, NOT_KNOWN] / counts[NOT_KNOWN, NOT_KNOWN].sum()
    counts += SEEN * usual
    return counts / counts.sum(axis=-1, keepdims=True)


def counted_chance(starts: NDArray[np.bool_], states: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often the first beats of a bar that takes up none begin as another bar."""
    bars = starts.reshape(*states.shape, COMMON.steps)
    chance = np.ones((BEATS_KNOWN, len(AGAIN)))
    for beats in range(1, BEATS_KNOWN):
        for k, back in enumerate(AGAIN):
            own = (states[:, back:] == NEW) & (states[:, :-back] != RESTS)
            cells = slice(beats * COMMON.cells)
            alike = (bars[:, back:, cells] == bars[:, :-back, cells]).all(axis=-1)
            chance[beats, k] = alike[own].mean()
    return chance


def measure(tokens: Tokens) -> None:
    weights = rhythms.of_songs()
    for track in PITCHED:
        states = states_of(tokens, track)
        forms = np.where(states >= FIRST_TAKEN, NEW, states)
        takes = chosen(states[:, FIRST:])
        shares = np.bincount(takes[takes >= 0], minlength=1 + len(AGAIN)) / (takes >= 0).sum()
        nats = {}
        for name in ("knowing two bars before", "knowing none"):
            found = []
            for bar in range(FIRST, states.shape[1]):
                new = takes[:, bar - FIRST] >= 0
                known = name.startswith("knowing two")
                before = states[new, bar - 1] if known else NOT_KNOWN
                phrase = states[new, bar - PHRASE] if known else NOT_KNOWN
                likely = weights.takes[track, before, phrase] * np.ones((int(new.sum()), 1))
                for k, back in enumerate(AGAIN):
                    likely[:, k + 1] *= forms[new, bar - back] != RESTS
                likely /= likely.sum(axis=1, keepdims=True)
                found.append(-np.log(likely[np.arange(len(likely)), takes[new, bar - FIRST]]))
            nats[name] = float(np.concatenate(found).mean())
        told = ", ".join(f"{name} {value:.3f}" for name, value in nats.items())
        print(
            f"{FORMS[track].name.lower()}: none and each of {AGAIN} {shares.round(3)}; nats {told}"
        )


if __name__ == "__main__":
    main()
