"""Ports in memory that are heard: what comes in and what goes out, through a synthesiser."""

from collections.abc import Sequence

from schmubert.bridge.owner.stage_ports import Change, Ports
from schmubert.bridge.protocol.bytes import SYSTEM
from schmubert.bridge.protocol.messages import Patch, Survey
from schmubert.bridge.protocol.roles import SOUND_CHANNELS
from schmubert.bridge.protocol.voices import OWN_CHANNELS
from schmubert.bridge.sound.ports import Voices
from schmubert.engine.music.vocabulary import Track


class Aloud:
    """The `ports`, whose every message `synthesiser` plays, too.

    Output k is of `roles[k]`; what comes in is the melody.
    """

    def __init__(self, ports: Ports, synthesiser: Voices, roles: Sequence[Track]) -> None:
        self._ports, self._synthesiser, self._roles = ports, synthesiser, roles

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""
        polled = self._ports.poll()
        for _, _, message in polled:
            self._play(message, OWN_CHANNELS[Track.MELODY])
        return polled

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""
        self._ports.send(output, message)
        self._play(message, SOUND_CHANNELS[self._roles[output]])

    def look(self) -> Sequence[Change]:
        """What has vanished or come back since."""
        self._synthesiser.look()
        return self._ports.look()

    def patch(self, wish: Patch | Survey) -> None:
        """Connect one of the ports to another, at the next look."""
        self._ports.patch(wish)

    def close(self) -> None:
        """Close every port; the synthesiser stays."""
        self._ports.close()

    def _play(self, message: bytes, channel: int) -> None:
        if message and message[0] < SYSTEM:
            self._synthesiser.send(bytes((message[0] & 0xF0 | channel,)) + message[1:])
