"""How music is sampled where nobody says otherwise: for files at leisure, on stage in time."""

from schmubert.engine.denoiser import Model
from schmubert.engine.music.score import STEPS_PER_BAR

SAMPLER = "remasking"
"""For files: what was drawn while little was known is drawn again with all the rest in sight."""
CALLS = 16
"""For files, calls to the denoiser a window: six to fill it, ten to remake parts of it."""
WINDOW_BARS = 16
"""Bars that a model sees at once, where its positions allow for any number."""
TEMPERATURE = 0.75
"""For files, where all of a window is made: there is time to play safe, and an unlikely note is
more often wrong than bold. At this one bars come again as often as in songs."""

FIRST_CALLS = 4
"""On stage, calls of the first draft: it has to be there before the beat it begins with, and with
fewer calls than this too many cells of a bar are drawn without knowing of each other."""
MOST_CALLS = 8
"""On stage, calls of the best draft: the first is remade once, then the next ask is due."""
STAGE_TEMPERATURE = 0.97
"""On stage: what follows is unknown, and a band that plays safer repeats what it just played."""


def usual_window_bars(model: Model) -> int:
    """The window to show `model` where nobody says: what learned positions were trained on."""
    return WINDOW_BARS if model.longest_steps is None else model.longest_steps // STEPS_PER_BAR


def more_calls(planned: int, most: int) -> int | None:
    """The calls of the draft that follows one of `planned`, at most `most`; None: none follows."""
    calls = min(2 * planned, most)
    return calls if calls > planned else None
