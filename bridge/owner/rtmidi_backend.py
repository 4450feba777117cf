"""MIDI by python-rtmidi: ALSA, JACK, CoreMIDI and Windows MM. Its wheels end at Python 3.12."""

import contextlib
from collections.abc import Collection, Iterator
from typing import Any

import rtmidi

from schmubert.bridge.owner.midi_backend import QUEUE, BackendError

PACKAGE = "python-rtmidi"
NUMBERS = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "jack": rtmidi.API_UNIX_JACK,
    "core": rtmidi.API_MACOSX_CORE,
    "windows": rtmidi.API_WINDOWS_MM,
}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (rtmidi.RtMidiError, NotImplementedError, ValueError) as error:
        raise BackendError(str(error)) from error


class _Socket:
    def __init__(self, port: Any) -> None:
        self._port = port

    def existing(self) -> list[str]:
        with _told():
            return list(self._port.get_ports())

    def connect(self, full: str, name: str) -> None:
        with _told():
            self._port.open_port(self._port.get_ports().index(full), name)

    def make(self, name: str) -> None:
        with _told():
            self._port.open_virtual_port(name)

    def disconnect(self) -> None:
        self._port.close_port()

    def delete(self) -> None:
        self._port.close_port()
        self._port.delete()


class _Input(_Socket):
    def receive(self) -> tuple[bytes, float] | None:
        stamped = self._port.get_message()
        return None if stamped is None else (bytes(stamped[0]), stamped[1])


class _Output(_Socket):
    def send(self, message: bytes) -> None:
        with contextlib.suppress(rtmidi.RtMidiError):  # it vanished: a look tells
            self._port.send_message(message)


class RtMidiBackend:
    """Ports by python-rtmidi."""

    package = PACKAGE

    def systems(self) -> Collection[str]:
        """What this build of it knows."""
        compiled = rtmidi.get_compiled_api()
        return [api for api, number in NUMBERS.items() if number in compiled]

    def input(self, api: str, client: str) -> _Input:
        """An input of the client of this name."""
        with _told():
            port = rtmidi.MidiIn(NUMBERS[api], name=client, queue_size_limit=QUEUE)
            port.ignore_types(sysex=False, timing=False, active_sense=False)
            return _Input(port)

    def output(self, api: str, client: str) -> _Output:
        """An output of the client of this name."""
        with _told():
            return _Output(rtmidi.MidiOut(NUMBERS[api], name=client))
