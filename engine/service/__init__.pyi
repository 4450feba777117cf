from .admission import Doorkeeper, Players
from .client import Client, spawn_engine
from .server import Server, listen, welcome
from .warming import warm_up
from .wire import (
    DEFAULT_ADDRESS,
    WIRE_VERSION,
    Constraints,
    Draft,
    Failed,
    Goodbye,
    Grid,
    Hello,
    Request,
    Welcome,
    pack,
    unpack,
)

__all__ = [
    "DEFAULT_ADDRESS",
    "WIRE_VERSION",
    "Client",
    "Constraints",
    "Doorkeeper",
    "Draft",
    "Failed",
    "Goodbye",
    "Grid",
    "Hello",
    "Players",
    "Request",
    "Server",
    "Welcome",
    "listen",
    "pack",
    "spawn_engine",
    "unpack",
    "warm_up",
    "welcome",
]
