from .errors import one_line
from .performance import repeated, script
from .piano_roll import Roll, draw, draw_stack
from .sound import render, sound_font

__all__ = [
    "Roll",
    "draw",
    "draw_stack",
    "one_line",
    "render",
    "repeated",
    "script",
    "sound_font",
]
