"""What the clocks share that MIDI does not tell: Ableton Link's, JACK's, a player's own beat."""

from schmubert.bridge.clock.jitter import JitterMeter
from schmubert.bridge.clock.transport import PositionUnit, Transport


class OtherClock:
    """A time keeper that takes no MIDI, and that always knows who tells the time."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.unit = self.likely = PositionUnit.AUTO
        self.armed_s: float | None = None
        self.lost = False
        self.jitter = JitterMeter()

    @property
    def waits(self) -> bool:
        """Whether nothing tells the time: never."""
        return False

    def receive(self, at_s: float, message: bytes) -> None:
        """Take in nothing: MIDI does not tell the time here."""
