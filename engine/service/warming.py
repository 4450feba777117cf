"""An engine before anybody plays: its model called until it runs at its speed."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from schmubert.engine.denoiser import Denoiser, Model, answering, in_meter, plays, remembers
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, SIZES
from schmubert.engine.seen import Seen
from schmubert.engine.service.pace import Pace

WARM_UP_BARS = (4, 8, 32)
WARM_UP_CALLS = 7
OPEN_BARS = 3  # of a window on stage: the one that is played, and two ahead
WARM_UP_S = 2.0


def warm_up(model: Model, pace: Pace, clock: Callable[[], float] = time.monotonic) -> float:
    """Call `model` until it runs at its speed; milliseconds a call on 16 bars, the median.

    The first call on each length is slow, so usual lengths are called before anybody plays, and
    the end of a window that was seen.
    Raises ValueError where the model's answers are no logits of its tracks.
    """
    rng = np.random.default_rng(0)
    ends_s = clock() + WARM_UP_S
    meter = COMMON if plays(model, COMMON) else model.meters[0]
    denoise, bar = in_meter(model, meter), meter.steps
    tokens = np.tile([MASK[track] for track in model.tracks], (1, 16 * bar, 1))
    for column, track in enumerate(model.tracks):
        half = tokens[:, ::2, column]
        half[:] = rng.integers(SIZES[track], size=half.shape)
    logits = denoise(tokens)
    shapes = [array.shape for array in logits]
    expected = [(*tokens.shape[:2], SIZES[track]) for track in model.tracks]
    if shapes != expected or not all(np.isfinite(array).all() for array in logits):
        raise ValueError(f"{model.name} answers with no logits: {shapes} instead of {expected}")
    took: list[float] = []
    while len(took) < WARM_UP_CALLS and (clock() < ends_s or not took):
        took.append(_timed(denoise, tokens, pace, clock, tokens.shape[1]))
    if remembers(model):
        going_on = answering(denoise, 16 - OPEN_BARS, model.tracks, [Seen()])
        going_on(tokens)  # which sees all of it
        for _ in range(2):
            going_on(tokens)
            _timed(going_on, tokens, pace, clock, OPEN_BARS * bar)
    for bars in WARM_UP_BARS:
        if model.longest_steps is not None and bars * bar > model.longest_steps:
            break
        window = np.resize(tokens, (1, bars * bar, tokens.shape[2]))
        for _ in range(2):
            if clock() < ends_s:
                denoise(window)
                _timed(denoise, window, pace, clock, window.shape[1])
    return statistics.median(took) * 1000.0


def _timed(
    denoise: Denoiser, tokens: Tokens, pace: Pace, clock: Callable[[], float], steps: int
) -> float:
    """Seconds that a call takes that looks at so many `steps` of `tokens`; `pace` learns it."""
    began_s = clock()
    denoise(tokens)
    took_s = clock() - began_s
    pace.learn(steps, tokens.shape[0], took_s)
    return took_s
