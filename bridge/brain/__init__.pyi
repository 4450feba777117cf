from .capture import Capture as Capture
from .conductor import Conductor as Conductor
from .dialogue import Dialogue as Dialogue
from .engine_link import EngineLink as EngineLink
from .harmony import chart as chart
from .settings import Settings as Settings

__all__ = ["Capture", "Conductor", "Dialogue", "EngineLink", "Settings", "chart"]
