from .lines import StatusLines as StatusLines
from .process import Screen as Screen

__all__ = [
    "Screen",
    "StatusLines",
]
