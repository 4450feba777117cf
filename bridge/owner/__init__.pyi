from .actions import Action, GaveUpError, Tell
from .assembly import owner_of
from .brain_process import Brain, BrainError, BrainProcess
from .learn import learned
from .loop import Observer, perform, stopping
from .memory_ports import MemoryPorts
from .owner import Owner
from .ports import APIS, CALLED, MidiPorts, NoMidiError, Ports, existing_ports, short_name
from .realtime import POLL_S, RealTime, Time, undisturbed, wait_for_next
from .report import Lateness, Report, report_on

__all__ = [
    "APIS",
    "CALLED",
    "POLL_S",
    "Action",
    "Brain",
    "BrainError",
    "BrainProcess",
    "GaveUpError",
    "Lateness",
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
    "learned",
    "owner_of",
    "perform",
    "report_on",
    "short_name",
    "stopping",
    "undisturbed",
    "wait_for_next",
]
