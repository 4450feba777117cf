"""A part of chords: the rhythm of a comping and a chord for each beat -> what a hand strikes.

A hit strikes all voices, which `voicing.py` leads from those before. A chord that changes while it
is held is struck anew, and ends where there is none.
"""

from typing import NamedTuple

import numpy as np

from schmubert.engine.music.chords import (
    FIRST_CHORD,
    HIT,
    NO_CHORD,
    Plan,
    chord_of,
    lasting_chords,
)
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Note, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, CHORD_TOKENS, HOLD, OFF, Track
from schmubert.engine.music.voicing import voiced


class Move(NamedTuple):
    """The MIDI pitches that a hand lets go, and then those that it strikes."""

    ended: tuple[int, ...] = ()
    begun: tuple[int, ...] = ()


class Hand:
    """The hand that plays chords, cell by cell; `held` are the MIDI pitches that it holds down.

    `rootless`: a bass plays the roots.
    """

    def __init__(self, meter: Meter = COMMON, rootless: bool = True) -> None:
        self.held: tuple[int, ...] = ()
        self._meter, self._rootless = meter, rootless
        self._voicing: tuple[int, ...] = ()
        self._chord = BAND_MASK[Track.CHORDS]  # that which was struck last

    def lift(self) -> tuple[int, ...]:
        """Hold nothing any more; the pitches that it held."""
        ended, self.held = self.held, ()
        return ended

    def play(self, step: int, token: int, chord: int, begins: bool = True) -> Move:
        """Play the `token` of a comping in `step`, with the `chord` of its beat as its own token.

        An unknown chord is the one before. A hand that may not begin a chord may still end one.
        """
        strikes = token == HIT or (token == HOLD and self._changes(step, chord))
        if not strikes and token != OFF:
            return Move()
        ended = self.lift()
        if strikes and begins and chord != NO_CHORD:
            self._strike(chord)
        return Move(ended, self.held)

    def _changes(self, step: int, chord: int) -> bool:
        """Whether a chord that is held until `step` gives way there to `chord`."""
        known = chord == NO_CHORD or FIRST_CHORD <= chord < CHORD_TOKENS
        on_beat = step % self._meter.cells == 0
        return bool(self.held) and on_beat and known and chord != self._chord

    def _strike(self, chord: int) -> None:
        """All voices of `chord`, or of the last one where that is unknown; none where none was."""
        named = chord if FIRST_CHORD <= chord < CHORD_TOKENS else self._chord
        if FIRST_CHORD <= named < CHORD_TOKENS:
            self._voicing = self.held = voiced(chord_of(named), self._voicing, self._rootless)
            self._chord = named


def chord_notes(
    rhythm: Tokens, chords: Plan, meter: Meter = COMMON, rootless: bool = True
) -> tuple[Note, ...]:
    """The notes of a comping's `rhythm` [steps] in the `chords` [beats], in order of onset.

    Masked cells hold. What sounds at the end ends there.
    """
    hand, lasting = Hand(meter, rootless), lasting_chords(chords)
    by_step = np.append(np.repeat(lasting, meter.cells)[: len(rhythm)], NO_CHORD)
    found: list[Note] = []
    since = 0
    for step, (token, chord) in enumerate(zip([*rhythm.tolist(), OFF], by_step, strict=True)):
        move = hand.play(step, token, int(chord))
        found += [Note(since, step - since, pitch) for pitch in move.ended]
        since = step if move.begun else since
    return tuple(found)
