"""What a brain before this one played -> cells of the tape again, and what still sounds of it."""

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.tape import nearest
from schmubert.bridge.protocol.messages import Play
from schmubert.bridge.protocol.timeline import NEARLY_BEATS
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import (
    GENERAL_MIDI_DRUMS,
    HIGHEST_PITCH,
    HOLD,
    LOWEST_PITCH,
    OFF,
    Track,
    onset_token,
)


def cells_of(play: Play, meter: Meter = COMMON) -> NDArray[np.int64]:
    """The cells [steps] of which `dynamics.events` made `play`, whatever its feel.

    An OFF where nothing sounded left no event, and is HOLD here.
    """
    role = Track(play.role)
    cells = np.full(nearest((play.to_beat - play.from_beat) * meter.cells), HOLD, np.int64)
    for event in play.events:
        row = math.floor((event.beat - play.from_beat) * meter.cells + NEARLY_BEATS)
        if not 0 <= row < len(cells):
            continue
        if role is Track.DRUMS:
            if event.velocity and event.pitch in GENERAL_MIDI_DRUMS:
                cells[row] |= 1 << GENERAL_MIDI_DRUMS[event.pitch]
        elif event.velocity and LOWEST_PITCH <= event.pitch <= HIGHEST_PITCH:
            cells[row] = onset_token(event.pitch)
        elif not event.velocity:
            cells[row] = OFF
    return cells


class Recalled:
    """What is learned of the machine's own part while a brain recalls.

    `traded` are the roles that the player and the machine share.
    """

    def __init__(self, plays: Collection[Track], traded: Collection[Track]) -> None:
        self.sounding: dict[Track, int | None] = {}
        """The pitch that each role left sounding, None where that is nothing."""
        self._plays, self._traded = plays, traded
        self._led_until: dict[Track, int] = {}

    def play(self, play: Play, from_step: int, to_step: int) -> bool:
        """The machine played these steps. Returns whether they are to be on the tape.

        Where it only let a shared role ring, that may have been the end of its turn: then the
        player's own notes are to be seen.
        """
        role = Track(play.role)
        for event in play.events:
            self.sounding[role] = event.pitch if event.velocity else None
        if role not in self._traded:
            return True
        if not any(event.velocity for event in play.events):
            return False
        self._led_until[role] = to_step
        return to_step > from_step

    def stopped(self) -> None:
        """The transport stopped or jumped: nothing sounds any more, and nobody leads."""
        self.sounding = dict.fromkeys(self._plays)
        self._led_until.clear()

    def silenced(self, role: Track) -> bool:
        """What `role` played was cut short. Returns whether the player took it back."""
        self.sounding[role] = None
        return self._led_until.pop(role, None) is not None

    def led(self, since_step: int) -> bool:
        """Whether the machine had all that is shared, in `since_step` or later."""
        until = [self._led_until.get(role, -1) for role in self._traded]
        return bool(until) and min(until) > since_step

    @property
    def unknown(self) -> list[Track]:
        """Roles of which nobody knows what they left sounding; hits of drums end themselves."""
        return [one for one in self._plays if one not in self.sounding and one is not Track.DRUMS]
