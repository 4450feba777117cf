"""The tape: what was heard and what the machine played, as one grid of whole bars.

Steps of the tape are cells of the metre in the order of hearing, on bar lines: a loop or a jump of
the song goes on in the next bar of the tape and rewrites nothing. Where nobody listened, the tape
is MASK.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.sounds import Sound
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Mask, Note, Tokens, monophonic
from schmubert.engine.music.vocabulary import (
    GENERAL_MIDI_DRUMS,
    HOLD,
    MASK,
    Track,
    first_onset,
    fold,
)


class Passage(NamedTuple):
    """Steps of the tape in which somebody listened without a break.

    They are `shift` more than those of the song.
    """

    begin: int
    end: int
    shift: int


@dataclass(frozen=True)
class Tape:
    """The grid at one moment: `tokens` [steps, 3] of whole bars from `first_step`, a bar line, on.

    `passages` are those that it tells of, the last one being played now; a bar has `bar_steps`.
    """

    tokens: Tokens
    first_step: int
    hears: frozenset[Track]
    passages: tuple[Passage, ...]
    bar_steps: int = STEPS_PER_BAR

    @property
    def heard_until(self) -> int:
        """The first step that the player may still change."""
        return self.passages[-1].end

    def last_time(self, from_step: int, to_step: int) -> Tokens:
        """What was played the last time that the song came by these steps: [steps, 3].

        MASK where it never did, and everywhere where the player does not play now what was played
        then: in the last bar, or since the jump.
        """
        since = max(self.passages[-1].begin, self.heard_until - self.bar_steps)
        now = self.tokens[since - self.first_step :]
        then = self._earlier(since, self.heard_until)
        for role in self.hears:
            known = then[:, role] != MASK[role]
            ours, theirs = now[: len(then), role], then[:, role]
            if (_onsets(ours, role) != _onsets(theirs, role))[known].any():
                return unknown(to_step - from_step)
        return self._earlier(from_step, to_step)

    def with_played(self, rows: Tokens, from_step: int) -> "Tape":
        """With what `rows` [steps, 3] tell of the steps from `from_step` on, where they do."""
        row = from_step - self.first_step
        missing = row + len(rows) - len(self.tokens)
        tokens = np.concatenate([self.tokens, unknown(missing)])
        there = tokens[row : row + len(rows)]
        there[:] = np.where(rows == np.asarray(MASK), there, rows)
        return replace(self, tokens=tokens)

    def _earlier(self, from_step: int, to_step: int) -> Tokens:
        """The same steps of the song in the latest earlier passage that came by: [steps, 3]."""
        *earlier, current = self.passages
        tokens = unknown(to_step - from_step)
        song = np.arange(from_step, to_step) - current.shift
        for begin, end, shift in earlier:
            steps = song + shift
            there = (steps >= max(begin, self.first_step)) & (steps < end)
            tokens[there] = self.tokens[steps[there] - self.first_step]
        return tokens


def write(
    first_step: int,
    hears: frozenset[Track],
    sounds: Collection[Sound],
    played: Tokens,
    passages: Sequence[Passage],
    bar_steps: int = STEPS_PER_BAR,
) -> Tape:
    """The tape from `first_step` on: the `sounds` of all that `hears` names, and what was `played`.

    `played` [steps, 3] is the machine's and goes before what was heard in the same cell.
    """
    spoken = np.flatnonzero((played != np.asarray(MASK)).any(axis=1))
    ends = [passage.end - first_step for passage in passages]
    rows = up_to(max([*ends, *(spoken[-1:] + 1)]), bar_steps)
    tokens = unknown(rows)
    tokens[: len(played)] = played[:rows]
    listened = _listened(first_step, rows, passages)
    for role in hears:
        column = _column([sound for sound in sounds if sound.role is role], role, first_step, rows)
        heard = np.where(listened, column, MASK[role])
        own = tokens[:, role]
        tokens[:, role] = np.where(own == MASK[role], heard, own)
    return Tape(tokens, first_step, hears, tuple(passages), bar_steps)


def unknown(steps: int) -> Tokens:
    """A grid of which nothing is known: MASK [steps, 3]."""
    return np.tile(np.asarray(MASK), (max(0, steps), 1))


def up_to(step: float, multiple: int) -> int:
    """The first multiple of `multiple` that is not before `step`."""
    return math.ceil(step / multiple) * multiple


def nearest(step: float) -> int:
    """The whole step nearest to `step`, the later of two."""
    return int(np.floor(step + 0.5))


def _onsets(column: NDArray[np.int64], role: Track) -> NDArray[np.int64]:
    return np.where(column >= first_onset(role), column, HOLD)


def _listened(first_step: int, rows: int, passages: Iterable[Passage]) -> Mask:
    """Where somebody listened: [rows]."""
    listened = np.zeros(rows, bool)
    for begin, end, _ in passages:
        listened[max(0, begin - first_step) : max(0, end - first_step)] = True
    return listened


def _column(sounds: Sequence[Sound], role: Track, first_step: int, rows: int) -> NDArray[np.int64]:
    """What `sounds`, all of `role`, are in tokens: [rows]."""
    if role is Track.DRUMS:
        column = np.full(rows, HOLD, np.int64)
        for sound in sounds:
            if 0 <= sound.onset - first_step < rows:
                column[sound.onset - first_step] |= 1 << GENERAL_MIDI_DRUMS[sound.pitch]
        return column
    onsets = sorted(sound.onset for sound in sounds)
    notes = []
    for sound in sounds:
        until = first_step + rows if sound.end is None else sound.end
        if sound.key_end is not None and sound.key_end < until:
            # the pedal holds it, but only a key that is down keeps lower notes from being
            # the melody
            later = bisect_left(onsets, max(sound.key_end, sound.onset + 1))
            until = min([until, *onsets[later : later + 1]])
        notes.append(Note(sound.onset - first_step, until - sound.onset, fold(sound.pitch)))
    return monophonic(notes, rows)
