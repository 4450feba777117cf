from .fitting import complaints, meets_the_metre, port_complaints, waiting_for
from .parameters import Command, called_again, parameter, said

__all__ = [
    "Command",
    "called_again",
    "complaints",
    "meets_the_metre",
    "parameter",
    "port_complaints",
    "said",
    "waiting_for",
]
