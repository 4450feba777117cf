"""How music is sampled where nobody says otherwise: for files at leisure, on stage in time.

Music is drawn from the network's own distribution; what is chosen here is how much time that takes.
"""

FEWEST_WINDOW_BARS = 4
"""No model was trained on shorter windows; what is shorter is shown with unknown bars after it."""
MOST_WINDOW_BARS = 64
"""No model was trained on longer windows."""
WINDOW_BARS = 16
"""Bars that a model sees at once, where its positions allow for any number."""

SAMPLER = "remdm"
"""For files: it fills and refines, as the drafts on stage do."""
CALLS = 16
"""For files, calls to the denoiser a window: six fill it, ten refine it. Time grows with them."""
TEMPERATURE = 1.0
"""In files and on stage: the network's own distribution."""
REFINING = 2
"""For each call that fills a window so many refine it: the drafts on stage double their calls."""

HARMONY_NATS = 2.0
"""Of a chord that is held, written down or recognised: its tones are seven times likelier than
without. In files a network that knows chords is told them instead."""

FIRST_CALLS = 4
"""On stage, calls of the first draft: it has to be there before the beat that it begins with. How
long it takes is what `benchmarks/reply_time.py` measures."""
MOST_CALLS = 8
"""On stage, calls of the best draft: it refines the first one, once, before the next request."""


def more_calls(planned: int, most: int) -> int | None:
    """The calls of the draft that follows one of `planned`, at most `most`; None: none follows."""
    calls = min(REFINING * planned, most)
    return calls if calls > planned else None


MOST_SEED = 2**63 - 1
"""What torch, NumPy and the wire take alike, with room to count on from it."""
