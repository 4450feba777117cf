"""Whose time it is: the DAW's MIDI clock, or a tempo of one's own."""

from enum import Enum

from schmubert.bridge.clock import Clock, OwnTempo, PositionUnit, TimeKeeper


class Sync(str, Enum):
    """Who tells the time."""

    CLOCK = "clock"
    """MIDI clock; a tempo serves while none comes."""
    INTERNAL = "internal"
    """A tempo of one's own, from the player's first note on."""


def time_keeper(sync: Sync, tempo_bpm: float | None, unit: PositionUnit) -> TimeKeeper:
    """The clock to live by. ValueError where `sync` needs a tempo and none is given."""
    if sync is Sync.CLOCK:
        return Clock(tempo_bpm, unit)
    if tempo_bpm is None:
        raise ValueError("a tempo of one's own has to be given")
    return OwnTempo(tempo_bpm)
