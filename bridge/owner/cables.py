"""What is connected to our own ports, to be connected again after the MIDI system began anew."""

from collections.abc import Mapping
from typing import Protocol


class Watch(Protocol):
    """Who sees a MIDI system, beside the ports that are opened there."""

    gone: bool
    """The system ended."""

    def connections(self, port: str) -> list[str]:
        """The ports that `port` is connected to; none where it is not there."""

    def connect(self, source: str, target: str) -> bool:
        """Connect two ports; False where one of them is not there."""

    def close(self) -> None:
        """See no more."""


class Cables:
    """The cables of ports of ours, by their full names."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()
        self._missing: set[tuple[str, str]] = set()

    def see(self, watch: Watch, own: Mapping[str, bool]) -> None:
        """Remember what is connected to our `own` ports, each of which is an input or is not."""
        self._known = {
            (other, port) if is_input else (port, other)
            for port, is_input in own.items()
            for other in watch.connections(port)
        }

    def lose(self) -> None:
        """The system ended, and with it all cables."""
        self._missing |= self._known
        self._known = set()

    def mend(self, watch: Watch) -> None:
        """Connect what was connected, as far as both ends are there again."""
        self._missing = {cable for cable in self._missing if not watch.connect(*cable)}
