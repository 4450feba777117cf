"""What a network promises to a sampler: the one thing that diffusion and networks both know."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import Track

MASKING = "absorbing"
"""The corruption whose noise is a mask: what is trained to undo it can fill in and accompany."""
CORRUPTIONS = ("uniform", MASKING, "gaussian", "embedding")
"""What a network may be trained to undo (thesis 3.3.3); `diffusion/corruption.py` has each."""

Logits: TypeAlias = Sequence[NDArray[np.float32]]
"""One array [batch, steps, events] a track, in the denoiser's order of tracks."""


class Denoiser(Protocol):
    """The unmasking function f(x_t) of algorithm 4."""

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks it knows, in the order of its columns."""
        ...

    def __call__(self, tokens: Tokens) -> Logits:
        """Tokens [batch, steps, tracks], steps a multiple of 4 -> logits, one array a track."""
        ...


class Model(Denoiser, Protocol):
    """A denoiser that was loaded from a file."""

    @property
    def name(self) -> str:
        """What to call it: the file's name without its ending."""
        ...

    @property
    def runtime(self) -> str:
        """What runs it and where, as "onnxruntime 1.20.1 on cpu, 1 thread"."""
        ...

    @property
    def corruption(self) -> str:
        """What it was trained to undo, one of `CORRUPTIONS`."""
        ...

    @property
    def pauses(self) -> Pauses | None:
        """Where tracks rest in pieces out of nothing, where it was trained to be told."""
        ...

    @property
    def longest_steps(self) -> int | None:
        """The longest window it can be asked for, where learned positions limit it."""
        ...


def within_reach(steps: int, longest_steps: int | None, name: str) -> None:
    """ValueError where `steps` are more than the model `name` has positions for."""
    if longest_steps is not None and steps > longest_steps:
        bars = longest_steps // STEPS_PER_BAR
        raise ValueError(
            f"{name} knows windows of up to {bars} bars and was asked for {steps} steps,"
            f" {steps / STEPS_PER_BAR:g} bars: --window {bars} is its longest"
        )
