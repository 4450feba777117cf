from .ports import SoundingPorts
from .synthesiser import Sound, Synthesiser

__all__ = ["Sound", "SoundingPorts", "Synthesiser"]
