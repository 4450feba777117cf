from .files import can_be_used
from .fitting import complaints, meets_the_metre, port_complaints, waiting_for
from .in_play import in_play
from .parameters import BridgeCommand, called_again, parameter, said
from .piece import Piece, piece, plugged_in, settings_of

__all__ = [
    "BridgeCommand",
    "Piece",
    "called_again",
    "can_be_used",
    "complaints",
    "in_play",
    "meets_the_metre",
    "parameter",
    "piece",
    "plugged_in",
    "port_complaints",
    "said",
    "settings_of",
    "waiting_for",
]
