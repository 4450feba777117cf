"""How long a denoiser call takes here: a running estimate by window length and batch size."""

import math

MEAN_SHARE = 1 / 8  # how much a new call moves the mean, and
DEVIATION_SHARE = 1 / 4  # the deviation: the round-trip estimator of RFC 6298
DEVIATIONS = 2.0  # what a cautious estimate adds to the mean
MOST_SHARE = 0.95  # of the time of a call alone: what is no cheaper together is not put together
UNMEASURED_S = 0.02  # a 16-bar call, before anything was measured
UNMEASURED_STEPS = 256


class Pace:
    """Seconds a denoiser call takes, learnt from calls as they happen.

    A size never seen takes its time from the nearest size that was, in proportion: that is
    cautious for batches, which cost less than their sum, and for short windows.
    """

    def __init__(self) -> None:
        self._measured: dict[tuple[int, int], tuple[float, float]] = {}

    def learn(self, steps: int, batch: int, took_s: float) -> None:
        """A call on `batch` windows of `steps` 16ths took `took_s`."""
        known = self._measured.get((steps, batch))
        if known is None:
            self._measured[steps, batch] = took_s, took_s / 4
            return
        mean, deviation = known
        deviation += DEVIATION_SHARE * (abs(took_s - mean) - deviation)
        mean += MEAN_SHARE * (took_s - mean)
        self._measured[steps, batch] = mean, deviation

    def mean_s(self, steps: int, batch: int = 1) -> float:
        """What a call on `batch` windows of `steps` 16ths takes on average."""
        return self._estimate(steps, batch)[0]

    def cautious_s(self, steps: int, batch: int = 1) -> float:
        """What such a call rarely exceeds."""
        mean, deviation = self._estimate(steps, batch)
        return mean + DEVIATIONS * deviation

    def margin_s(self, steps: int) -> float:
        """How much longer than on average a call on one window rarely takes."""
        return self.cautious_s(steps) - self.mean_s(steps)

    def shared_s(self, steps: int, batch: int) -> float:
        """What a window of `steps` costs in calls on up to `batch` of them."""
        sizes = [size for size in range(1, batch + 1) if size == 1 or self._knows(steps, size)]
        return min(self.mean_s(steps, size) / size for size in sizes)

    def gains(self, steps: int, batch: int, most_share: float = MOST_SHARE) -> bool:
        """Whether a window more, the last of `batch`, costs less than `most_share` of a call alone.

        A size that was never measured is worth a try, and so is one whose measures are unsure.
        """
        if not self._knows(steps, batch):
            return True
        mean_s, deviation_s = self._measured[steps, batch]
        more_s = mean_s - DEVIATIONS * deviation_s - self.mean_s(steps, batch - 1)
        return more_s < most_share * self.mean_s(steps)

    def _knows(self, steps: int, batch: int) -> bool:
        return (steps, batch) in self._measured

    def _estimate(self, steps: int, batch: int) -> tuple[float, float]:
        exact = self._measured.get((steps, batch))
        if exact is not None:
            return exact
        if not self._measured:
            scale = steps * batch / UNMEASURED_STEPS
            return UNMEASURED_S * scale, UNMEASURED_S * scale / 4
        size = steps * batch
        nearest = min(self._measured, key=lambda known: abs(math.log(known[0] * known[1] / size)))
        mean, deviation = self._measured[nearest]
        scale = size / (nearest[0] * nearest[1])
        return mean * scale, deviation * scale
