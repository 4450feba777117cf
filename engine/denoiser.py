"""What a network promises to a sampler: the one thing that diffusion and networks both know."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, Meter, knows
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.seen import Seen

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
        """Tokens [batch, steps, tracks], whole beats -> logits, one array a track."""
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

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The metres that it was trained on; only their beats and cells matter to it."""
        ...


def plans_of(denoise: Denoiser) -> tuple[Track, ...]:
    """The plans that `denoise` knows; most networks know none."""
    return tuple(getattr(denoise, "plans", ()))


def names_of(denoise: Denoiser) -> tuple[str, ...]:
    """What the tracks of `denoise` are called: an ensemble has some twice."""
    named = tuple(track.name.lower() for track in denoise.tracks)
    return tuple(getattr(denoise, "names", named))


def parts_of(denoise: Denoiser) -> tuple[Track, ...]:
    """What `denoise` can play: its tracks, and chords where it plans both of what makes them."""
    plans = plans_of(denoise)
    comps = Track.COMPING in plans and Track.CHORDS in plans
    return (*sorted(denoise.tracks), *((Track.CHORDS,) if comps else ()))


def lacking(denoise: Denoiser, wanted: Iterable[Track]) -> list[str]:
    """The names of those parts of `wanted` that `denoise` cannot play."""
    able = parts_of(denoise)
    return [track.name.lower() for track in wanted if track not in able]


def recipe_of(denoise: Denoiser) -> Recipe:
    """How `denoise` is sampled where nobody says; the usual way for networks that do not say."""
    recipe: Recipe = getattr(denoise, "recipe", RECIPE)
    return recipe


def in_meter(denoise: Denoiser, meter: Meter) -> Denoiser:
    """`denoise` for windows of `meter`; the same where it plays one metre alone."""
    bound = getattr(denoise, "in_meter", None)
    return denoise if bound is None else bound(meter)


def remembers(denoise: Denoiser) -> bool:
    """Whether `denoise` can go on from what it has `Seen`."""
    return bool(getattr(denoise, "remembers", False))


def answering(
    denoise: Denoiser,
    first_bar: int,
    columns: Collection[Track] | None = None,
    seen: Sequence[Seen] = (),
) -> Denoiser:
    """`denoise` where nobody asks about what stands before `first_bar` of a window.

    Nor does anybody ask about other `columns`, tracks or plans, than those given, if any are. Its
    logits are of the same shape and mean nothing there. Some networks take less time so, and less
    again where they go on from what they have `seen` of each window; what is seen first is kept
    there.
    """
    bound = getattr(denoise, "answering", None)
    answers: Denoiser = denoise if bound is None else bound(first_bar, columns)
    going_on = getattr(answers, "going_on", None) if seen and remembers(answers) else None
    return answers if going_on is None else going_on(seen)


def plays(model: Model, meter: Meter) -> bool:
    """Whether `model` was trained on bars of so many beats, each of so many cells."""
    return knows(model.meters, meter)


def within_reach(steps: int, longest_steps: int | None, name: str) -> None:
    """ValueError where `steps` are more than the model `name` has positions for."""
    if longest_steps is not None and steps > longest_steps:
        bars = longest_steps // COMMON.steps
        raise ValueError(
            f"{name} knows windows of up to {bars} bars of {COMMON} and was asked for {steps}"
            f" steps, not {longest_steps}: in {COMMON} --window {bars} is its longest"
        )
