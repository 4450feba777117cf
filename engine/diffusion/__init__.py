"""Absorbing-state discrete diffusion: corruption, unmasking, samplers, guides, and composing.

What other packages may use is listed in `__init__.pyi`; a module is imported when it is asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
