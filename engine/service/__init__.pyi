from .client import Client as Client
from .client import spawn_engine as spawn_engine
from .server import Server as Server
from .server import listen as listen
from .server import warm_up as warm_up
from .server import welcome as welcome
from .wire import (
    DEFAULT_ADDRESS as DEFAULT_ADDRESS,
)
from .wire import (
    WIRE_VERSION as WIRE_VERSION,
)
from .wire import (
    Constraints as Constraints,
)
from .wire import (
    Draft as Draft,
)
from .wire import (
    Failed as Failed,
)
from .wire import (
    Goodbye as Goodbye,
)
from .wire import (
    Grid as Grid,
)
from .wire import (
    Hello as Hello,
)
from .wire import (
    Request as Request,
)
from .wire import (
    Welcome as Welcome,
)
from .wire import (
    pack as pack,
)
from .wire import (
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
