"""Grids written down event by event."""

import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import Track


def grid(bars: int, **tracks: list[tuple[int, int]]) -> Tokens:
    """A grid with (step, token) pairs a track, everything else held."""
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    for name, events in tracks.items():
        for step, token in events:
            tokens[step, Track[name.upper()]] = token
    return tokens
