"""OSC: a process that tells a session to controllers and lights, and hands on what is turned."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
