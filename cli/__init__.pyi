from .errors import one_line as one_line
from .performance import repeated as repeated
from .performance import script as script
from .piano_roll import Roll as Roll
from .piano_roll import draw as draw
from .piano_roll import draw_stack as draw_stack
from .sound import render as render
from .sound import sound_font as sound_font

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
