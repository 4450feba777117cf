"""The engine as a process: the wire, its jobs, the server, and a client of it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
