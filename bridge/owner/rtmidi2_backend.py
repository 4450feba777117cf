"""MIDI by rtmidi2, another binding of the same RtMidi: for Pythons that python-rtmidi leaves out.

An error that RtMidi throws while a port is opened would end the process here, so what can be
known before is asked before. Letters of a name outside ASCII get lost. A port that is connected to
another bears a name of RtMidi's own; virtual ones have exactly the given name.
"""

import sys
from collections.abc import Collection
from typing import Any

import rtmidi2

from schmubert.bridge.owner.midi_backend import QUEUE, BackendError

PACKAGE = "rtmidi2"
NUMBERS = {
    "alsa": rtmidi2.API_LINUX_ALSA,
    "jack": rtmidi2.API_UNIX_JACK,
    "core": rtmidi2.API_MACOSX_CORE,
    "windows": rtmidi2.API_WINDOWS_MM,
}
SYSTEMS = {"linux": ("alsa", "jack"), "darwin": ("core",), "win32": ("windows",)}


class _Socket:
    def __init__(self, port: Any) -> None:
        self._port = port

    def existing(self) -> list[str]:
        return [name for name in self._port.ports if name]

    def connect(self, full: str, name: str) -> None:  # noqa: ARG002 - RtMidi's own is taken
        names = self._port.ports
        if full not in names:
            raise BackendError(f"{full!r} has gone")
        self._port.open_port(names.index(full))

    def make(self, name: str) -> None:
        if self._port.get_current_api() == NUMBERS["windows"]:
            raise BackendError("Windows MM has no virtual ports")
        self._port.open_virtual_port(name)

    def disconnect(self) -> None:
        self._port.close_port()

    def delete(self) -> None:
        if self._port is not None:
            self._port.close_port()
            self._port = None  # the last reference: its client goes with it


class _Input(_Socket):
    def receive(self) -> tuple[bytes, float] | None:
        message = self._port.get_message()
        return None if message is None else (bytes(message), self._port.deltatime)


class _Output(_Socket):
    def send(self, message: bytes) -> None:
        try:
            self._port.send_message(list(message))
        except RuntimeError:  # it vanished: a look tells
            return


class RtMidi2Backend:
    """Ports by rtmidi2."""

    package = PACKAGE

    def systems(self) -> Collection[str]:
        """What its wheels know."""
        return SYSTEMS.get(sys.platform, ())

    def input(self, api: str, client: str) -> _Input:
        """An input of the client of this name."""
        try:
            port = rtmidi2.MidiIn(client, QUEUE, NUMBERS[api])
        except RuntimeError as error:
            raise BackendError(str(error)) from error
        port.ignore_types(False, False, False)
        return _Input(port)

    def output(self, api: str, client: str) -> _Output:
        """An output of the client of this name."""
        try:
            return _Output(rtmidi2.MidiOut(client, NUMBERS[api]))
        except RuntimeError as error:
            raise BackendError(str(error)) from error
