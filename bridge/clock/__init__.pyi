from .clock_out import ClockOut as ClockOut
from .jitter import Jitter as Jitter
from .jitter import JitterMeter as JitterMeter
from .link_session import NoLinkError as NoLinkError
from .midi_clock import Clock as Clock
from .midi_clock import OwnTempo as OwnTempo
from .states import TRANSITIONS as TRANSITIONS
from .states import State as State
from .sync import Sync as Sync
from .sync import Timing as Timing
from .sync import time_keeper as time_keeper
from .transport import PositionUnit as PositionUnit
from .transport import TimeKeeper as TimeKeeper
from .transport import Transport as Transport

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
