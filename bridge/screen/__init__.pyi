from .audience import Audience, show
from .lines import StatusLines
from .process import Screen

__all__ = [
    "Audience",
    "Screen",
    "StatusLines",
    "show",
]
