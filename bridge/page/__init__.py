"""The page: a process that shows a session in browsers, and hands on what is turned there."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
