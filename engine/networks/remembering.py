"""What a graph remembers of windows, and what of it is fed to it with the next ones.

The past of a band is [layers, keys and values, batch, heads, beats, head width] (`band.py:
going_on`). Its keys are rotated by their beats; where a window begins later they are rotated back.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.networks.meters import KEYS, KEYS_AFTER, PAST, PAST_AFTER, ROTATION_BASE
from schmubert.engine.seen import InCommon, Seen

Answers: TypeAlias = dict[str, NDArray[Any]]
"""What goes into a graph or comes out of it, by name."""
UNKNOWN_KEY = -1


def past_of(
    seen: Sequence[Seen], common: Sequence[InCommon], bars: int, settled: Sequence[bool]
) -> Answers:
    """What a graph is fed of windows that have their first `bars` in `common` with what was `seen`.

    Those that are `settled` keep their key; it is found anew for the others.
    """
    keys, pasts = [], []
    for one, (first_bar, _), keeps_key in zip(seen, common, settled, strict=True):
        key, past = one.kept
        beats = one.meter.beats
        keys.append(key if keeps_key else np.full_like(key, UNKNOWN_KEY))
        mine = past[..., first_bar * beats : (first_bar + bars) * beats, :]
        pasts.append(turned_back(mine, first_bar * beats))
    past = pasts[0] if len(pasts) == 1 else np.concatenate(pasts, axis=2)
    return {KEYS: np.concatenate(keys), PAST: past}


def same_keys(seen: Sequence[Seen], keys: NDArray[np.int64]) -> bool:
    """Whether `keys` [batch] are those in which the windows were `seen`."""
    return bool((keys == np.concatenate([one.kept[0] for one in seen])).all())


def keep(
    seen: Sequence[Seen],
    tokens: Tokens,
    meter: Meter,
    bars: int,
    answers: Answers,
    said: Sequence[str],
) -> None:
    """Note in `seen` what a graph `answers` of `tokens` [batch, steps, columns] to remember.

    It is noted of the first `bars` alone, and of its logits [batch, steps, events] of those named
    in `said`.
    """
    steps, beats = bars * meter.steps, bars * meter.beats
    for row, one in enumerate(seen):
        past = np.ascontiguousarray(answers[PAST_AFTER][:, :, row : row + 1, :, :beats])
        one.tokens, one.meter = tokens[row, :steps].copy(), meter
        one.kept = answers[KEYS_AFTER][row : row + 1], past
        one.said = {name: answers[name][row, :steps].copy() for name in said}


def said_of(
    seen: Sequence[Seen], common: Sequence[InCommon], bars: int, name: str
) -> NDArray[np.float32]:
    """What was said as `name` of the first `bars` of each window, [batch, steps, events]."""
    found = []
    for one, (first_bar, _) in zip(seen, common, strict=True):
        bar = one.meter.steps
        found.append(one.said[name][first_bar * bar : (first_bar + bars) * bar])
    return np.stack(found)


def turned_back(past: NDArray[np.float32], beats: int) -> NDArray[np.float32]:
    """`past` whose beats stand `beats` earlier (arXiv 2104.09864, eq. 34)."""
    if not beats:
        return np.ascontiguousarray(past)
    half = past.shape[-1] // 2
    angles = beats * ROTATION_BASE ** (-np.arange(half) / half)
    cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    first, second = past[:, 0, ..., :half], past[:, 0, ..., half:]
    turned: NDArray[np.float32] = past.copy()
    turned[:, 0, ..., :half] = first * cos + second * sin
    turned[:, 0, ..., half:] = second * cos - first * sin
    return turned
