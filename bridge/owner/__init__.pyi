from .brain_process import Brain as Brain
from .brain_process import BrainError as BrainError
from .brain_process import BrainProcess as BrainProcess
from .loop import Observer as Observer
from .loop import perform as perform
from .loop import stopping as stopping
from .memory_ports import MemoryPorts as MemoryPorts
from .owner import Action as Action
from .owner import GaveUpError as GaveUpError
from .owner import Owner as Owner
from .owner import Tell as Tell
from .owner import owner_of as owner_of
from .ports import APIS as APIS
from .ports import CALLED as CALLED
from .ports import MidiPorts as MidiPorts
from .ports import NoMidiError as NoMidiError
from .ports import Ports as Ports
from .ports import existing_ports as existing_ports
from .ports import short_name as short_name
from .realtime import POLL_S as POLL_S
from .realtime import RealTime as RealTime
from .realtime import Time as Time
from .realtime import undisturbed as undisturbed
from .realtime import wait_for_next as wait_for_next
from .report import Report as Report
from .report import report_on as report_on

__all__ = [
    "APIS",
    "CALLED",
    "POLL_S",
    "Action",
    "Brain",
    "BrainError",
    "BrainProcess",
    "GaveUpError",
    "MemoryPorts",
    "MidiPorts",
    "NoMidiError",
    "Observer",
    "Owner",
    "Ports",
    "RealTime",
    "Report",
    "Tell",
    "Time",
    "existing_ports",
    "owner_of",
    "perform",
    "report_on",
    "short_name",
    "stopping",
    "undisturbed",
    "wait_for_next",
]
