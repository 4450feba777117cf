"""When and how loud a cell really sounds: swing, shuffle, the player's own feel, a human hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.protocol.meters import divides_in_three
from schmubert.engine.music.meter import COMMON, STEPS_PER_BAR, Meter

MOST_DELAY = 0.9
"""In cells. What is played late still begins before the next cell, so notes keep their order and
no beat that is final is touched."""
HUMAN_DELAY = 0.12  # in cells, at most, where `humanise` is 1
HUMAN_LOUDNESS = 0.15


@dataclass(frozen=True)
class Feel:
    """For each cell of a bar [steps] its delay in cells and its loudness as a factor.

    `humanise` (0 to 1) scatters both, in a way that depends on the step alone.
    """

    delays: tuple[float, ...] = (0.0,) * STEPS_PER_BAR
    factors: tuple[float, ...] = (1.0,) * STEPS_PER_BAR
    humanise: float = 0.0

    def delay(self, step: int) -> float:
        """How much later than written `step` sounds: 0 to `MOST_DELAY` cells."""
        scattered = self.humanise * HUMAN_DELAY * (1.0 + scatter(step, 1)) / 2.0
        return min(MOST_DELAY, max(0.0, self.delays[step % len(self.delays)] + scattered))

    def factor(self, step: int, voice: int) -> float:
        """What the loudness of a `voice` (any number) in `step` is multiplied by."""
        scattered = 1.0 + self.humanise * HUMAN_LOUDNESS * scatter(step, voice + 2)
        return self.factors[step % len(self.factors)] * scattered


STRAIGHT = Feel()


def feel(
    knobs: Knobs, delays: Sequence[float], factors: Sequence[float], meter: Meter = COMMON
) -> Feel:
    """The feel of `knobs` in `meter`.

    `delays` and `factors` [steps of a bar] are the player's own, as `groove` has it. Who plays
    before the beat is followed in loudness alone: what is final cannot be earlier.
    """
    own = knobs.groove
    late = [own * max(0.0, delay) + _swung(step, knobs, meter) for step, delay in enumerate(delays)]
    return Feel(tuple(late), tuple(factor**own for factor in factors), knobs.humanise)


def scatter(step: int, voice: int) -> float:
    """A number in -1..1 that looks like chance and depends on `step` and `voice` alone."""
    return (step * 7919 + voice * 104729) * 2654435761 % 2**32 / 2**31 - 1.0


def _swung(step: int, knobs: Knobs, meter: Meter) -> float:
    """Odd cells late by `swing`; odd eighths by `shuffle`, the 16ths around them by half of it.

    A beat of six cells has no odd eighths: a shuffle is written in it as it is played.
    """
    place = step % meter.cells
    late = (0.0,) * meter.cells if divides_in_three(meter) else (0.0, 0.5, 1.0, 0.5)
    shuffled = late[place] * knobs.shuffle
    return shuffled + (knobs.swing if place % 2 else 0.0)
