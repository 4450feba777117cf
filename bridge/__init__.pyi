from .command import bridge_command
from .options import OPTIONS, Stage
from .protocol.settings import Settings

__all__ = ["OPTIONS", "Settings", "Stage", "bridge_command"]
