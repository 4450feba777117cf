"""A request for the bass of the last bars, as tests send it."""

from typing import Any

import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import MASK, Track
from schmubert.engine.service import wire


def ask(seq: int, budget_ms: float = 500.0, steps: int = 64, **others: Any) -> wire.Request:
    tokens = np.tile(np.asarray(MASK), (steps, 1))
    tokens[:-STEPS_PER_BAR] = 0
    fill = np.zeros(tokens.shape, bool)
    fill[-STEPS_PER_BAR:, Track.BASS] = True
    return wire.Request(seq, wire.pack(tokens), wire.pack_cells(fill), budget_ms, **others)
