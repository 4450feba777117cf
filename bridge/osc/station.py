"""The sockets of OSC, and who is told: a packet that cannot be sent is not waited for."""

import contextlib
import socket
from collections.abc import Iterable

from schmubert.bridge.osc.packets import MOST_BYTES
from schmubert.bridge.protocol.place import Place

MOST_LISTENERS = 8
MOST_PACKETS = 64
"""Packets that are read at once."""


class Station:
    """The sockets at `place`, and the listeners: those that are always told, and who subscribed."""

    def __init__(self, place: Place, listeners: Iterable[Place]) -> None:
        self._ears = _bound(place)
        self._mouths: dict[socket.AddressFamily, socket.socket] = {}
        self.place = Place(place.host, self._ears.getsockname()[1])
        self.listeners = list(dict.fromkeys(listeners))

    def fileno(self) -> int:
        """The socket that is listened at, for pollers."""
        return self._ears.fileno()

    def hear(self) -> list[tuple[bytes, Place]]:
        """Packets that came, and from where; no more than `MOST_PACKETS`."""
        found = []
        for _ in range(MOST_PACKETS):
            try:
                data, (host, port, *_) = self._ears.recvfrom(MOST_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:  # on Windows: a listener is gone
                continue
            found.append((data, Place(host, port)))
        return found

    def subscribe(self, place: Place) -> None:
        """Tell `place` too from now on; the oldest of too many is told no more."""
        self.unsubscribe(place)
        self.listeners = [*self.listeners, place][-MOST_LISTENERS:]

    def unsubscribe(self, place: Place) -> None:
        """Tell `place` no more."""
        self.listeners = [one for one in self.listeners if one != place]

    def tell(self, packets: Iterable[bytes], listeners: Iterable[Place]) -> None:
        """Send `packets` to `listeners`; one that cannot be reached is not waited for."""
        for place in listeners:
            with contextlib.suppress(OSError):
                mouth = self._mouth(place)
                for each in packets:
                    mouth.sendto(each, place)

    def _mouth(self, place: Place) -> socket.socket:
        """What reaches `place`: what is bound to this computer alone reaches no other."""
        family = place.family
        if family == self._ears.family and (place.is_loopback or not self.place.is_loopback):
            return self._ears
        if family not in self._mouths:
            self._mouths[family] = socket.socket(family, socket.SOCK_DGRAM)
            self._mouths[family].setblocking(False)
        return self._mouths[family]

    def close(self) -> None:
        """Be heard and hear no more."""
        for one in (self._ears, *self._mouths.values()):
            one.close()


def _bound(place: Place) -> socket.socket:
    ears = socket.socket(place.family, socket.SOCK_DGRAM)
    try:
        ears.bind(place)
        ears.setblocking(False)
    except OSError:
        ears.close()
        raise
    return ears
