"""The commands of `schmubert`, and what of them serves elsewhere: pictures, sound, errors."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
