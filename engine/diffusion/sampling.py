"""How a file is sampled: the choices that a user may make, as one value."""

from dataclasses import dataclass

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.recipe import (
    CALLS,
    FEWEST_WINDOW_BARS,
    MOST_WINDOW_BARS,
    SAMPLER,
    TEMPERATURE,
    WINDOW_BARS,
)
from schmubert.engine.diffusion.samplers import sampler_name
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.meter import STEPS_PER_BAR


@dataclass(frozen=True)
class Sampling:
    """`calls` to the denoiser a window, `temperature`, bars a window, a guide and a sampler.

    The `temperature` is that of a window of which all is made; where part of it is known, see
    `windows.context_temperature`. `sampler` is a name in `SAMPLERS`, or a former one. ValueError
    where a value is out of its range.
    """

    calls: int = CALLS
    temperature: float = TEMPERATURE
    window_bars: int = WINDOW_BARS
    guide: Guide | None = None
    sampler: str = SAMPLER

    def __post_init__(self) -> None:
        if self.calls < 1:
            raise ValueError(f"{self.calls} calls are too few: at least 1")
        if not 0.01 <= self.temperature <= 10.0:
            raise ValueError(f"temperature {self.temperature} is outside 0.01..10")
        if not FEWEST_WINDOW_BARS <= self.window_bars <= MOST_WINDOW_BARS:
            raise ValueError(
                f"a window of {self.window_bars} bars is outside"
                f" {FEWEST_WINDOW_BARS}..{MOST_WINDOW_BARS}"
            )
        object.__setattr__(self, "sampler", sampler_name(self.sampler))


PLAIN = Sampling()


def usual_window_bars(model: Model) -> int:
    """The window to show `model` where nobody says: what learned positions were trained on."""
    return WINDOW_BARS if model.longest_steps is None else model.longest_steps // STEPS_PER_BAR
