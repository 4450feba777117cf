from .lines import StatusLines
from .process import Screen

__all__ = [
    "Screen",
    "StatusLines",
]
