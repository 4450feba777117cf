"""When and how loud a 16th really sounds: swing, shuffle, the player's own feel, a human hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from schmubert.bridge.brain.knobs import Knobs
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT

MOST_DELAY = 0.9
"""In 16ths. What is played late still begins before the next 16th, so notes keep their order and
no beat that is final is touched."""
HUMAN_DELAY = 0.12  # in 16ths, at most, where `humanise` is 1
HUMAN_LOUDNESS = 0.15


@dataclass(frozen=True)
class Feel:
    """For each 16th of a bar [16] its delay in 16ths and its loudness as a factor.

    `humanise` (0 to 1) scatters both, in a way that depends on the step alone.
    """

    delays: tuple[float, ...] = (0.0,) * STEPS_PER_BAR
    factors: tuple[float, ...] = (1.0,) * STEPS_PER_BAR
    humanise: float = 0.0

    def delay(self, step: int) -> float:
        """How much later than written `step` sounds: 0 to `MOST_DELAY` 16ths."""
        scattered = self.humanise * HUMAN_DELAY * (1.0 + scatter(step, 1)) / 2.0
        return min(MOST_DELAY, max(0.0, self.delays[step % STEPS_PER_BAR] + scattered))

    def factor(self, step: int, voice: int) -> float:
        """What the loudness of a `voice` (any number) in `step` is multiplied by."""
        scattered = 1.0 + self.humanise * HUMAN_LOUDNESS * scatter(step, voice + 2)
        return self.factors[step % STEPS_PER_BAR] * scattered


STRAIGHT = Feel()


def feel(knobs: Knobs, delays: Sequence[float], factors: Sequence[float]) -> Feel:
    """The feel of `knobs`: `delays` and `factors` [16] are the player's own, as `groove` has it.

    Who plays before the beat is followed in loudness alone: what is final cannot be earlier.
    """
    own = knobs.groove
    late = [own * max(0.0, delay) + _swung(step, knobs) for step, delay in enumerate(delays)]
    return Feel(tuple(late), tuple(factor**own for factor in factors), knobs.humanise)


def scatter(step: int, voice: int) -> float:
    """A number in -1..1 that looks like chance and depends on `step` and `voice` alone."""
    return (step * 7919 + voice * 104729) * 2654435761 % 2**32 / 2**31 - 1.0


def _swung(step: int, knobs: Knobs) -> float:
    """Odd 16ths late by `swing`; odd eighths by `shuffle`, the 16ths around them by half of it."""
    place = step % STEPS_PER_BEAT
    shuffled = (0.0, 0.5, 1.0, 0.5)[place] * knobs.shuffle
    return shuffled + (knobs.swing if place % 2 else 0.0)
