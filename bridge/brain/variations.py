"""Variations: bars that the band played, kept, and played again in the harmony of the moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.protocol.messages import Kept
from schmubert.engine.music.chords import FIRST_CHORD, chord_of
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.pitches import HIGHEST_OF_BASS, LOWEST_OF_BASS
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    CHORD_TOKENS,
    FIRST_ONSET,
    HOLD,
    OFF,
    SIZES,
    TRIO,
    Track,
    onset_token,
    pitch_of,
)

MOST_BARS = 4
"""A variation is so many bars, or fewer where fewer were played."""
OCTAVE = 12


class Harmony(NamedTuple):
    """The pitch classes of a chord and its root; no root where nothing is known."""

    root: int | None = None
    classes: frozenset[int] = frozenset()

    @property
    def token(self) -> int:
        """A byte for it, as `harmony_of` reads it: that of a chord plan, where the chord is one."""
        if self.root is None:
            return 0
        if not self.classes:
            return CHORD_TOKENS + self.root
        chords = map(chord_of, range(FIRST_CHORD, CHORD_TOKENS))
        mine = (one for one in chords if one.root == self.root)
        return next(one.token for one in mine if one.pitch_classes == self.classes)


def harmony_of(token: int) -> Harmony:
    """The harmony of a chord plan's `token`, or of one beyond these, which is a root alone."""
    if CHORD_TOKENS <= token < CHORD_TOKENS + OCTAVE:
        return Harmony(token - CHORD_TOKENS)
    if not FIRST_CHORD <= token < CHORD_TOKENS:
        return Harmony()
    chord = chord_of(token)
    return Harmony(chord.root, chord.pitch_classes)


@dataclass(frozen=True)
class Groove:
    """Bars as they were played: `tokens` [steps, 3], the `comping` [steps], and beats' `chords`."""

    tokens: Tokens
    comping: tuple[int, ...]
    chords: tuple[Harmony, ...]
    meter: Meter

    def __len__(self) -> int:
        return len(self.tokens)

    def cells(
        self, role: Track, places: NDArray[np.int64], now: Sequence[Harmony]
    ) -> NDArray[np.int64]:
        """What `role` plays over chords `now` at `places` [steps], counted from where it came back.

        The drums as they were, and the bass with each chord in place of the one it had then.
        """
        rows = places % len(self)
        cells: NDArray[np.int64] = self.tokens[rows, role].copy()
        if role is Track.BASS:
            cells[(places == 0) & (cells == HOLD)] = OFF
            for k, token in enumerate(cells.tolist()):
                if FIRST_ONSET <= token < SIZES[role]:
                    then = self.chords[int(rows[k]) // self.meter.cells]
                    cells[k] = onset_token(carried(pitch_of(token), then, now[k]))
        return cells

    def told(self, name: str) -> Kept:
        """As it is told."""
        return Kept(
            name,
            self.tokens.astype("<u2").tobytes(),
            bytes(self.comping),
            bytes(one.token for one in self.chords),
        )


def groove_of(kept: Kept, meter: Meter) -> Groove:
    """The groove that was `kept`; ValueError where it is no whole bars of `meter`."""
    tokens = np.frombuffer(kept.tokens, "<u2").astype(np.int64).reshape(-1, len(TRIO))
    steps = len(tokens)
    if not steps or steps % meter.steps or len(kept.comping) != steps:
        raise ValueError(f"a variation of {steps} steps in bars of {meter.steps}")
    chords = tuple(map(harmony_of, kept.chords))
    if len(chords) * meter.cells != steps:
        raise ValueError(f"a variation of {len(chords)} chords in {steps} steps")
    return Groove(tokens, tuple(kept.comping), chords, meter)


def carried(pitch: int, then: Harmony, now: Harmony) -> int:
    """A bass' `pitch` over the chord `then`, over the one `now`.

    The root moves by the nearest way, and a tone of the one chord becomes the nearest of the other.
    """
    if then.root is None or now.root is None:
        return pitch
    moved = pitch + (now.root - then.root + 6) % OCTAVE - 6
    if now.classes and pitch % OCTAVE in then.classes and moved % OCTAVE not in now.classes:
        near = (moved + by for by in (1, -1, 2, -2, 3, -3))
        moved = next((one for one in near if one % OCTAVE in now.classes), moved)
    while moved < LOWEST_OF_BASS:
        moved += OCTAVE
    while moved > HIGHEST_OF_BASS:
        moved -= OCTAVE
    return moved
