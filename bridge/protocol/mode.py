"""How player and band share the music: the names of it. No NumPy: the port owner knows them too."""

from enum import Enum


class Mode(str, Enum):
    """A mode and what it is; what is traded are the roles that player and machine can both play."""

    help: str

    def __new__(cls, value: str, explained: str = "") -> "Mode":
        """A mode is called by its value alone."""
        mode = str.__new__(cls, value)
        mode._value_ = value
        mode.help = explained
        return mode

    ACCOMPANY = "accompany", "The band plays along with you; what both can play is yours."
    CONTINUE = "continue", "It goes on with your part while you rest, until your next note."
    TRADE = "trade", "You play so many bars, then the band does."
    LOOP = "loop", "Your last so many bars go round; what goes with them gets better every pass."
    INFILL = (
        "infill",
        "The band repeats its bar; a held pad makes the marked beats of the coming bar anew.",
    )
    INTERPOLATE = "interpolate", "The band plays from phrase A to phrase B in so many bars."


MODES = tuple(mode.value for mode in Mode)
TURN_BARS = 4
"""How long a turn, phrase or way is, if nothing else is said."""
INTRO_BARS = 2
"""How long an intro is, if nothing else is said."""
MOST_TURN_BARS = 8
"""The longest turn, phrase or way: two phrases of it fill the largest window by default."""
