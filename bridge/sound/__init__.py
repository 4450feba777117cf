"""Sound without a DAW: a FluidSynth of one's own, as a process, that plays the band and the player.

Nothing of it is loaded where it is not wanted.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
