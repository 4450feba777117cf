"""What a player chose: read from words, presets and songs, and whether it fits together."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
