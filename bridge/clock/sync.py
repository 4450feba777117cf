"""Whose time it is: the DAW's MIDI clock, a tempo of one's own, or an Ableton Link session."""

from enum import Enum

from schmubert.bridge.clock.link_clock import LinkClock
from schmubert.bridge.clock.link_session import JoinedSession
from schmubert.bridge.clock.midi_clock import USUAL_BPM, Clock, OwnTempo, PositionUnit, TimeKeeper


class Sync(str, Enum):
    """Who tells the time."""

    CLOCK = "clock"
    """MIDI clock; a tempo serves while none comes."""
    INTERNAL = "internal"
    """A tempo of one's own, from the player's first note on."""
    LINK = "link"
    """The tempo and the bars of an Ableton Link session."""


def time_keeper(sync: Sync, tempo_bpm: float | None, unit: PositionUnit) -> TimeKeeper:
    """The clock to live by; joins the Link session where that is the time.

    ValueError where `sync` needs a tempo and none is given; NoLinkError without Link's library.
    """
    if sync is Sync.CLOCK:
        return Clock(tempo_bpm, unit)
    if sync is Sync.LINK:
        return LinkClock(JoinedSession(tempo_bpm or USUAL_BPM))
    if tempo_bpm is None:
        raise ValueError("a tempo of one's own has to be given")
    return OwnTempo(tempo_bpm)
