from .capture import Capture as Capture
from .conductor import Conductor as Conductor
from .dialogue import Dialogue as Dialogue
from .engine_link import EngineLink as EngineLink
from .harmony import chart as chart

__all__ = ["Capture", "Conductor", "Dialogue", "EngineLink", "chart"]
