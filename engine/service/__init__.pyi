from .client import Client as Client, spawn_engine as spawn_engine
from .server import Server as Server, listen as listen, warm_up as warm_up, welcome as welcome
from .wire import (
    DEFAULT_ADDRESS as DEFAULT_ADDRESS,
    WIRE_VERSION as WIRE_VERSION,
    Constraints as Constraints,
    Draft as Draft,
    Failed as Failed,
    Goodbye as Goodbye,
    Grid as Grid,
    Hello as Hello,
    Request as Request,
    Welcome as Welcome,
    pack as pack,
    unpack as unpack,
)

__all__ = [
    "DEFAULT_ADDRESS",
    "WIRE_VERSION",
    "Client",
    "Constraints",
    "Draft",
    "Failed",
    "Goodbye",
    "Grid",
    "Hello",
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
