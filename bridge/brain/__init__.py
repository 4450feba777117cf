"""The process that listens, asks the engine and decides what is played.

The rest of the bridge needs little of it: what a conductor goes by, and how an engine is reached.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
