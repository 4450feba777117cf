"""How a file is sampled: the choices that a user may make, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.defaults import (
    FEWEST_WINDOW_BARS,
    MOST_WINDOW_BARS,
    SAMPLER,
    WINDOW_BARS,
)
from schmubert.engine.diffusion.guides import PITCH_CLASSES, harmony, together
from schmubert.engine.diffusion.samplers import sampler_name
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.chords import Plan
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.styles import Manner
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.recipe import Recipe


@dataclass(frozen=True)
class Sampling:
    """`calls` to the denoiser a window, `temperature`, bars a window, guides and a sampler.

    Calls and temperature that nobody says are those of the denoiser's recipe. `sampler` is a
    name in `SAMPLERS`, or a former one.

    A `guide` bends each window alike. `harmony` [beats, 12] is of the whole piece: what is added to
    the logits of each pitch class in each of its beats, as the guide `harmony` does. `chords`
    [beats] is the plan of the whole piece, as far as it is known, for a network that knows chords;
    such a one goes by no `harmony`. `comping` [steps] is the rhythm of what else sounds in the
    whole piece, for a network that knows it. `manner` is how a band is to play: its traits are
    known of all windows, for a network that knows traits, and before a new part stands its example.
    With a `tonic` (0 is C) no chord is drawn outside of its major key, as the guide `key` does it
    for notes.
    Unless it `may_rest`, a part plays in every bar in which it is not known to rest, for a network
    that knows forms.
    ValueError where a value is out of its range.
    """

    calls: int | None = None
    temperature: float | None = None
    window_bars: int = WINDOW_BARS
    guide: Guide | None = None
    sampler: str = SAMPLER
    harmony: NDArray[np.floating] | None = field(default=None, compare=False)
    chords: Plan | None = field(default=None, compare=False)
    comping: Tokens | None = field(default=None, compare=False)
    manner: Manner | None = field(default=None, compare=False)
    may_rest: bool = True
    tonic: int | None = None

    def __post_init__(self) -> None:
        if self.calls is not None and self.calls < 1:
            raise ValueError(f"{self.calls} calls are too few: at least 1")
        if self.temperature is not None and not 0.01 <= self.temperature <= 10.0:
            raise ValueError(f"temperature {self.temperature} is outside 0.01..10")
        if not FEWEST_WINDOW_BARS <= self.window_bars <= MOST_WINDOW_BARS:
            raise ValueError(
                f"a window of {self.window_bars} bars is outside"
                f" {FEWEST_WINDOW_BARS}..{MOST_WINDOW_BARS}"
            )
        if self.harmony is not None and self.harmony.shape[1:] != (PITCH_CLASSES,):
            raise ValueError(f"a harmony of shape {self.harmony.shape} is not 12 for each beat")
        object.__setattr__(self, "sampler", sampler_name(self.sampler))

    def decided(self, recipe: Recipe) -> tuple[int, float]:
        """Calls and temperature: as they are said, else those of `recipe`."""
        return (
            recipe.calls if self.calls is None else self.calls,
            recipe.temperature if self.temperature is None else self.temperature,
        )

    def guide_of_window(
        self, first_bar: int, tracks: Sequence[Track], meter: Meter = COMMON
    ) -> Guide | None:
        """What bends the window of bars of `meter` that begins with bar `first_bar`.

        `tracks` are its columns.
        """
        if self.harmony is None:
            return self.guide
        first = first_bar * meter.beats
        shown = self.harmony[first : first + self.window_bars * meter.beats]
        leading = harmony(shown, tracks, meter)
        return leading if self.guide is None else together(leading, self.guide)


PLAIN = Sampling()


def usual_window_bars(model: Model, meter: Meter = COMMON) -> int:
    """The window to show `model` where nobody says: what learned positions were trained on."""
    return WINDOW_BARS if model.longest_steps is None else model.longest_steps // meter.steps
