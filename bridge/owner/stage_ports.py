"""What a stage asks of its ports, whatever is behind them."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from schmubert.bridge.protocol.messages import (
    Neighbour,
    Patch,
    Patchbay,
    Plugged,
    Server,
    Survey,
)

Change: TypeAlias = Plugged | Server | Neighbour | Patchbay
"""What a look finds."""


class Ports(Protocol):
    """MIDI inputs and outputs, by their index; no call waits."""

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""

    def look(self) -> Sequence[Change]:
        """What has vanished or come back since the last look, and is connected again, and who is
        there now; it takes a fraction of a millisecond, or some where something came back."""

    def patch(self, wish: Patch | Survey) -> None:
        """Connect a port to another one, at the next look; until then nothing is played on it."""

    def close(self) -> None:
        """Close every port."""
