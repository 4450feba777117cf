"""How player and band share the music: the names of it. No NumPy: the port owner knows them too."""

from enum import Enum


class Mode(str, Enum):
    """What is traded are the roles that both the player and the machine can play."""

    ACCOMPANY = "accompany"
    """What is traded is the player's."""
    CONTINUE = "continue"
    """The machine goes on while the player rests, and gives back with the player's next note."""
    TRADE = "trade"
    """So many bars the player, so many the machine."""
    LOOP = "loop"
    """The last so many bars go round; what accompanies them is refined every pass."""
    INFILL = "infill"
    """The band repeats its bar; a held pad makes the marked beats of the coming bar anew."""
    INTERPOLATE = "interpolate"
    """The machine plays from phrase A to phrase B in so many bars."""


MODES = tuple(mode.value for mode in Mode)
MOST_TURN_BARS = 8
"""The longest turn, phrase or way: two phrases of it fill the largest window by default."""
