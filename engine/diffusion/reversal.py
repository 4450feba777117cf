"""The reverse process of any corruption: from noise to music, with or without masks.

A network says what x_0 may be (the x_0-parameterisation of D3PM, arXiv 2107.03006, section 3.3),
and x_s is drawn from the posterior of equation 3.53. With the absorbing state this is algorithm 4
again. The other corruptions have no mask that could tell what is known and what is not: with them
pieces are made out of nothing, but no gap is filled and no melody accompanied.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from schmubert.engine.denoiser import Denoiser, Logits
from schmubert.engine.diffusion.corruption import (
    STEPS_T,
    Corruption,
    Ints,
    corruption_of,
    draw_rows,
)
from schmubert.engine.diffusion.temperature import Floats, tempered
from schmubert.engine.diffusion.unmasking import draw
from schmubert.engine.music.meter import COMMON, USUAL_BPM, Meter
from schmubert.engine.music.score import Score, Tokens, canonical
from schmubert.engine.music.vocabulary import HOLD, TRIO, Track

REVERSE = "reverse"
"""What it is called beside the samplers that unmask."""


class TimedDenoiser(Protocol):
    """What x_0 may be, given x_t and t."""

    def __call__(self, tokens: Tokens, t: int) -> Logits:
        """Tokens x_t [batch, steps, tracks] at step `t` -> logits of x_0, one array a track."""
        ...


def untimed(denoise: Denoiser) -> TimedDenoiser:
    """`denoise` as a `TimedDenoiser` that ignores t: the networks here see how noisy x_t is."""

    def timed(tokens: Tokens, t: int) -> Logits:
        del t
        return denoise(tokens)

    return timed


def reverse_steps(steps_t: int, calls: int) -> list[int]:
    """The steps at which the denoiser is called, T first: as even as may be, `calls` at most.

    With `calls` of T or more it is every step: the ancestral process itself.
    """
    if calls < 1:
        raise ValueError(f"{calls} calls are too few: at least 1")
    even = np.linspace(steps_t, 0, min(calls, steps_t), endpoint=False)
    return [int(t) for t in even.round()]


def reverse(
    denoise: TimedDenoiser,
    corruptions: Sequence[Corruption],
    steps: int,
    calls: int,
    rngs: Sequence[np.random.Generator],
    temperature: float = 1.0,
    tracks: Sequence[Track] = TRIO,
) -> Tokens:
    """Pieces [len(rngs), steps, tracks] out of noise, in `calls` calls to `denoise`.

    `corruptions` has one for each of `tracks`, all of the same T. x_T is drawn from the stationary
    distribution. Each call draws x_0 from what the denoiser says of it, then x_s from
    q(x_s|x_t, x_0), where s is the step of the next call (3.53; D3PM, equation 4). That is exact
    where cells are independent of each other, and for others in the limit of many calls. A piece
    depends on its own `rng` alone.
    """
    shape = (len(rngs), steps, len(corruptions))
    tokens = np.empty(shape, np.int64)
    for piece, rng in enumerate(rngs):
        for column, corruption in enumerate(corruptions):
            start = np.tile(corruption.kernel.stationary, (steps, 1))
            tokens[piece, :, column] = draw_rows(start, rng)
    called = reverse_steps(corruptions[0].steps_t, calls)
    for t, s in zip(called, [*called[1:], 0], strict=True):
        logits = denoise(tokens, t)
        for piece, rng in enumerate(rngs):
            for column, corruption in enumerate(corruptions):
                x_t = tokens[piece, :, column]
                x_0 = draw(tempered(logits[column][piece], temperature, tracks[column]), rng)
                tokens[piece, :, column] = _stepped_back(corruption, x_t, x_0, t, s, rng)
    return tokens


def generate_from_noise(
    denoise: Denoiser,
    corruption: str,
    bars: int,
    calls: int,
    rngs: Sequence[np.random.Generator],
    tempo_bpm: float = USUAL_BPM,
    temperature: float = 1.0,
    meter: Meter = COMMON,
) -> list[Score]:
    """Scores of `bars` bars, one an `rng`, by a network trained for the `corruption` of that name.

    They are in `meter`. All bars are made at once, in all tracks that the denoiser knows; the
    others are silent.
    """
    corruptions = [corruption_of(corruption, track, STEPS_T) for track in denoise.tracks]
    steps = bars * meter.steps
    said = untimed(denoise)
    made = reverse(said, corruptions, steps, calls, rngs, temperature, denoise.tracks)
    grids = np.full((len(rngs), steps, len(Track)), HOLD, np.int64)
    grids[..., list(denoise.tracks)] = made
    return [Score(canonical(grid), tempo_bpm, meter) for grid in grids]


def _stepped_back(
    corruption: Corruption, x_t: Ints, x_0: Ints, t: int, s: int, rng: np.random.Generator
) -> Ints:
    """x_s [steps] given x_t and x_0; where x_0 cannot have become x_t, x_t.

    That is so only where x_t is an event and the corruption absorbing: such cells are done.
    """
    every = np.full(len(x_t), 1)
    rows: Floats = corruption.posterior(x_t, x_0, t * every, s * every)
    return np.where(rows.sum(axis=1) > 0.0, draw_rows(rows, rng), x_t)
