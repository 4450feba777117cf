"""What is connected to our own ports, to be connected again after its other end was away.

That may be a program that ended, a device that was pulled out, or the whole MIDI system.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from schmubert.bridge.owner.midi_backend import Socket

Cable: TypeAlias = tuple[str, str]
"""Full names: from where, to where."""
Place: TypeAlias = tuple[bool, int]
"""Whether a port of ours is an input, and which."""


@dataclass
class Plug:
    """A socket connected to a port of another program or device, `full`; None while it is gone.

    `name` is what it is looked for by; empty where it is connected to nothing. It was `seen`
    connected, where that can be seen, as a port of `client`.
    """

    socket: Socket
    name: str
    full: str | None
    client: str
    seen: bool = False


class Watch(Protocol):
    """Who sees a MIDI system, beside the ports that are opened there."""

    gone: bool
    """The system ended."""

    def renew(self) -> None:
        """See what has come since the look before."""

    def connections(self, port: str) -> list[str]:
        """The ports that `port` is connected to; none where it is not there."""

    def there(self, port: str) -> bool:
        """Whether `port` is there."""

    def connect(self, source: str, target: str) -> bool:
        """Connect two ports; whether they are now, as far as is known."""

    def close(self) -> None:
        """See no more."""


class Cables:
    """The cables of ports of ours, by their full names; a player who pulls one means it."""

    def __init__(self) -> None:
        self._known: set[Cable] = set()
        self._pulled: set[Cable] = set()
        """Those that went at the latest look, though both ends were there."""
        self._missing: set[Cable] = set()
        self._made: set[Cable] = set()
        """Those of the missing that were connected at the latest look, but not seen yet."""

    def look(self, watch: Watch, own: Mapping[str, Place]) -> list[int]:
        """Connect what was connected as far as both ends are there again, and remember the rest.

        `own` are our ports. Returns the outputs of them that are connected again: what sounds at
        the other end nobody knows. A cable counts as connected when it is seen. One whose end
        goes soon after it was not pulled: programs and systems that end take cables first.
        """
        made = {cable for cable in self._missing if watch.connect(*cable)}
        now = {
            (other, port) if is_input else (port, other)
            for port, (is_input, _) in own.items()
            for other in watch.connections(port)
        }
        lost = {one for one in self._known - now | self._pulled if not all(map(watch.there, one))}
        mended = made - self._made
        self._missing = (self._missing | lost) - now
        self._made = made & self._missing
        self._pulled = self._known - now - lost
        self._known = now
        places = [own[source] for source, _ in mended if source in own]
        return sorted({output for is_input, output in places if not is_input})

    def lose(self) -> None:
        """The system ended, and with it all cables."""
        self._missing |= self._known | self._pulled
        self._known, self._pulled, self._made = set(), set(), set()
