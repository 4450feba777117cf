"""What a package that opens MIDI ports is asked for, see `rtmidi_backend` and `rtmidi2_backend`.

MIDI systems go by the names that `--api` takes.
"""

from collections.abc import Collection
from typing import Protocol

APIS = ("alsa", "jack", "core", "windows")
CALLED = {"alsa": "ALSA", "jack": "JACK", "core": "CoreMIDI", "windows": "Windows MM"}
QUEUE = 4096  # messages that wait while the machine is busy elsewhere


class BackendError(Exception):
    """The package or the system behind it refused."""


class Socket(Protocol):
    """One end of a cable: one port of ours at most, as a client of its own.

    What the system refuses is a BackendError.
    """

    def existing(self) -> list[str]:
        """The full names of the ports that this one can be connected to."""

    def connect(self, full: str, name: str) -> None:
        """Open a port that is called `name`, where the package can, and connect it to `full`."""

    def make(self, name: str) -> None:
        """Open a virtual port of exactly this name."""

    def disconnect(self) -> None:
        """Close the port; another may be opened."""

    def delete(self) -> None:
        """Close the port, and leave the MIDI system."""


class InputSocket(Socket, Protocol):
    """Hears everything, SysEx, clock and active sensing too."""

    def receive(self) -> tuple[bytes, float] | None:
        """The next message and the seconds since the one before, by the system's clock."""


class OutputSocket(Socket, Protocol):
    """Plays."""

    def send(self, message: bytes) -> None:
        """Send it now; nothing happens where the port has vanished."""


class Backend(Protocol):
    """A package that opens ports."""

    @property
    def package(self) -> str:
        """Its name on the package index."""

    def systems(self) -> Collection[str]:
        """Those of `APIS` that this build of it knows."""

    def input(self, api: str, client: str) -> InputSocket:
        """An input, not yet opened, of the client of this name; BackendError without a server."""

    def output(self, api: str, client: str) -> OutputSocket:
        """An output, likewise."""
