from .clock_out import ClockOut
from .jitter import Jitter, JitterMeter
from .link_session import NoLinkError
from .midi_clock import Clock, OwnTempo
from .states import TRANSITIONS, State
from .sync import Sync, Timing, time_keeper
from .transport import PositionUnit, TimeKeeper, Transport

__all__ = [
    "TRANSITIONS",
    "Clock",
    "ClockOut",
    "Jitter",
    "JitterMeter",
    "NoLinkError",
    "OwnTempo",
    "PositionUnit",
    "State",
    "Sync",
    "TimeKeeper",
    "Timing",
    "Transport",
    "time_keeper",
]
