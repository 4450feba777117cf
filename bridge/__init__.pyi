from .command import bridge_command
from .options import OPTIONS, Stage

__all__ = ["OPTIONS", "Stage", "bridge_command"]
