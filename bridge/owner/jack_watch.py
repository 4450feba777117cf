"""A JACK client of its own that plays nothing: it sees the server go, and cables come and go.

RtMidi tells neither: after the server died, it lists ports as before and sends without an error.
"""

import ctypes
import errno
from typing import Any

from schmubert.bridge.owner import jack_library
from schmubert.bridge.owner.midi_backend import BackendError
from schmubert.bridge.owner.port_names import CLIENT

_KINDS: jack_library.Kinds = {
    "jack_port_by_name": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)),
    "jack_port_get_all_connections": (
        ctypes.POINTER(ctypes.c_char_p),
        (ctypes.c_void_p, ctypes.c_void_p),
    ),
    "jack_connect": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)),
    "jack_free": (None, (ctypes.c_void_p,)),
    "jack_set_error_function": (None, (ctypes.c_void_p,)),
    "jack_set_info_function": (None, (ctypes.c_void_p,)),
}


class JackWatch:
    """Ports go by their full names, CLIENT:PORT. Raises BackendError where no server answers."""

    def __init__(self) -> None:
        self.gone = False
        """The server ended. Close all clients before another is opened: libjack would close
        those that are left by itself, and they would be closed twice."""
        self._jack = jack_library.for_a_client(_KINDS)
        # its threads complain on stderr of a server that ended, which is said in our own words:
        # `strlen` takes a text and does nothing with it
        nothing = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
        self._jack.jack_set_error_function(nothing)
        self._jack.jack_set_info_function(nothing)
        self._client = self._jack.jack_client_open(
            f"{CLIENT}watch".encode(), jack_library.NO_START_SERVER, None
        )
        if not self._client:
            raise BackendError("no JACK server answers")
        self._shutdown = jack_library.SHUTDOWN(
            self._see_it_go
        )  # it is called as long as the client is there
        self._jack.jack_on_shutdown(self._client, self._shutdown, None)
        self._jack.jack_activate(self._client)

    def connections(self, port: str) -> list[str]:
        """The ports that `port` is connected to; none where it is not there."""
        found = self._port(port)
        if not found:
            return []
        names = self._jack.jack_port_get_all_connections(self._client, found)
        if not names:
            return []
        connected = []
        for name in names:
            if name is None:
                break
            connected.append(name.decode(errors="replace"))
        self._jack.jack_free(names)
        return connected

    def there(self, port: str) -> bool:
        """Whether `port` is there."""
        return bool(self._port(port))

    def connect(self, source: str, target: str) -> bool:
        """Connect two ports; whether they are now, as far as is known."""
        if not (self.there(source) and self.there(target)):
            return False
        refused = self._jack.jack_connect(self._client, source.encode(), target.encode())
        return refused in (0, errno.EEXIST)

    def close(self) -> None:
        """Leave the server, or what is left of it."""
        self._jack.jack_client_close(self._client)

    def _port(self, name: str) -> Any:
        return self._jack.jack_port_by_name(self._client, name.encode())

    def _see_it_go(self, _: object) -> None:
        self.gone = True
