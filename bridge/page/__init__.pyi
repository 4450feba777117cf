from .gate import Gate
from .process import Page, lacking, programme_of
from .programme import Programme

__all__ = [
    "Gate",
    "Page",
    "Programme",
    "lacking",
    "programme_of",
]
