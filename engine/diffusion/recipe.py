"""How music is sampled where nobody says otherwise: for files at leisure, on stage in time.

The values were tuned on validation songs of the default model. The figures, and the commands that
give them, stand in MODEL_CARD.md.
"""

FEWEST_WINDOW_BARS = 4
"""No model was trained on shorter windows; what is shorter is shown with unknown bars after it."""
MOST_WINDOW_BARS = 64
"""No model was trained on longer windows."""
WINDOW_BARS = 16
"""Bars that a model sees at once, where its positions allow for any number."""

SAMPLER = "remdm"
"""For files: what was drawn while little was known is drawn again with all the rest in sight.

By `benchmarks/samplers.py`, 64 held-out melodies in 16 calls: `remdm` repeats .085 of the bass bars
and players .110; `balanced` repeats .047, `first-hitting` .031 and `confidence` .016."""
CALLS = 16
"""For files, calls to the denoiser a window: six fill it, ten draw parts of it again.

By `benchmarks/samplers.py`: in 8 calls .045 of the bass bars repeat, in 16 .085, in 32 .166;
players repeat .110. A song of 16 bars takes .14 seconds on one thread; time grows with the
calls."""
TEMPERATURE = 1.0
"""In files and on stage: music is drawn from the network's own distribution."""
REFINING = 2
"""For each call that fills a window so many refine it: the drafts on stage double their calls."""

HARMONY_NATS = 2.0
"""Of a chord that is held, written down or recognised: seven times likelier than without."""

FIRST_CALLS = 4
"""On stage, calls of the first draft: it has to be there before the beat that it begins with.

By `benchmarks/reply_time.py` it takes 34 ms (p50) on one thread. In fewer calls too many cells of a
bar are drawn without knowing of each other: by `benchmarks/samplers.py`, `balanced` repeats .018 of
the drum bars in 4 calls, and none in 2."""
MOST_CALLS = 8
"""On stage, calls of the best draft: it refines the first one, once, before the next request.

By `benchmarks/reply_time.py` both drafts together take 85 ms (p50), 107 ms (p99) on one thread."""


def more_calls(planned: int, most: int) -> int | None:
    """The calls of the draft that follows one of `planned`, at most `most`; None: none follows."""
    calls = min(REFINING * planned, most)
    return calls if calls > planned else None
