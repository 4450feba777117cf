"""Whose time it is: that of MIDI clock, an own tempo, Ableton Link, JACK, or the player."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from schmubert.bridge.clock.follow_clock import FollowClock
from schmubert.bridge.clock.jack_clock import JackClock, JackTransport
from schmubert.bridge.clock.link_clock import LinkClock
from schmubert.bridge.clock.link_session import JoinedSession
from schmubert.bridge.clock.midi_clock import Clock, OwnTempo
from schmubert.bridge.clock.transport import PositionUnit, TimeKeeper
from schmubert.bridge.protocol.meters import in_beats
from schmubert.bridge.protocol.timeline import USUAL_BPM
from schmubert.engine.music.meter import COMMON, Meter

FASTEST_BPM, MOST_OFFSET_S = 1000.0, 1.0


class Sync(str, Enum):
    """Who tells the time."""

    CLOCK = "clock"
    """MIDI clock; a tempo serves while none comes."""
    INTERNAL = "internal"
    """A tempo of one's own, from the player's first note on."""
    LINK = "link"
    """The tempo and the bars of an Ableton Link session."""
    JACK = "jack"
    """The transport of a JACK server: its place, tempo and bars."""
    FOLLOW = "follow"
    """The player, by the beat of what is played."""


@dataclass(frozen=True)
class Timing:
    """How time is kept: who tells it, and how much later than written everything is sent.

    `tempo_bpm`, in quarters, serves where no MIDI clock comes; `unit` is that of song positions.
    ValueError where the time is to be one's own tempo, and none is given, or a number is none.
    """

    tempo_bpm: float | None = None
    unit: PositionUnit = PositionUnit.AUTO
    offset_s: float = 0.0
    sync: Sync = Sync.CLOCK

    def __post_init__(self) -> None:
        if self.sync is Sync.INTERNAL and self.tempo_bpm is None:
            raise ValueError("--sync internal keeps a tempo of its own: give --tempo BPM")
        if self.tempo_bpm is not None and not 0.0 < self.tempo_bpm <= FASTEST_BPM:
            raise ValueError(f"tempo {self.tempo_bpm:g} BPM is outside 0..{FASTEST_BPM:g}")
        if not abs(self.offset_s) <= MOST_OFFSET_S:
            raise ValueError(f"offset {self.offset_s:g} s is outside -{MOST_OFFSET_S}..+")


def time_keeper(
    sync: Sync,
    tempo_bpm: float | None,
    unit: PositionUnit,
    meter: Meter = COMMON,
    jack: Callable[[], JackTransport] | None = None,
) -> TimeKeeper:
    """The clock to live by, in beats of `meter`; joins the Link session where that is the time.

    `tempo_bpm` is in quarters; `jack` reaches the server's transport. ValueError where `sync` needs
    a tempo or a server and none is given; NoLinkError without Link's library, and what `jack`
    raises.
    """
    beats_bpm = None if tempo_bpm is None else in_beats(tempo_bpm, meter)
    if sync is Sync.CLOCK:
        return Clock(beats_bpm, unit, meter)
    if sync is Sync.LINK:
        return LinkClock(JoinedSession(tempo_bpm or USUAL_BPM, meter), meter)
    if sync is Sync.FOLLOW:
        return FollowClock(beats_bpm, meter)
    if sync is Sync.JACK:
        if jack is None:
            raise ValueError("no JACK server is at hand")
        return JackClock(jack(), tempo_bpm or USUAL_BPM, meter)
    if beats_bpm is None:
        raise ValueError("a tempo of one's own has to be given")
    return OwnTempo(beats_bpm)
