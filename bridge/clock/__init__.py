"""Who tells the time: MIDI clock, a tempo of one's own or Ableton Link."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
