"""When a message arrived, by what a MIDI system says of the time between messages."""

from dataclasses import dataclass

from schmubert.bridge.owner.midi_backend import InputSocket

DRIFT = 1e-4  # of the clock that stamps messages, against the monotonic one
JUMP_S = 1.0


class Stamps:
    """rtmidi's times between messages -> monotonic seconds of arrival.

    A message was stamped at most as late as it was polled, so the least distance between the
    two clocks is the true one; it may grow by `DRIFT`, in case one of them runs fast.
    """

    def __init__(self) -> None:
        self._stamped_s = 0.0
        self._distance_s: float | None = None

    def arrival(self, delta_s: float, polled_s: float) -> float:
        """When a message arrived that was stamped `delta_s` after the one before."""
        self._stamped_s += delta_s
        distance_s = polled_s - self._stamped_s
        if self._distance_s is None or distance_s - self._distance_s > JUMP_S:
            self._distance_s = distance_s
        else:
            self._distance_s = min(self._distance_s + DRIFT * delta_s, distance_s)
        return self._stamped_s + self._distance_s


@dataclass
class Ear:
    """Where input `index` is heard."""

    index: int
    socket: InputSocket
    stamps: Stamps
