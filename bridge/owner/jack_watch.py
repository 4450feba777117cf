"""A JACK client of its own that plays nothing: it sees the server go, and cables come and go.

RtMidi tells neither: after the server died, it lists ports as before and sends without an error.
"""

import ctypes
import errno
import threading
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
    "jack_get_ports": (
        ctypes.POINTER(ctypes.c_char_p),
        (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong),
    ),
    "jack_get_version_string": (ctypes.c_char_p, ()),
    "jack_set_error_function": (None, (ctypes.c_void_p,)),
    "jack_set_info_function": (None, (ctypes.c_void_p,)),
}


class JackWatch:
    """Ports go by their full names, CLIENT:PORT. Raises BackendError where no server answers.

    A client of PipeWire (0.3.65) that is there when others come misses some of their cables for
    good; one that comes later sees all. So where ports have come, another client takes over.
    """

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
        self._misses_cables = b"PipeWire" in (self._jack.jack_get_version_string() or b"")
        # it is called as long as a client is there
        self._shutdown = jack_library.SHUTDOWN(self._see_it_go)
        self._client = self._opened()
        if not self._client:
            raise BackendError("no JACK server answers")
        self._seen = set[str]()
        self._opens: threading.Thread | None = None
        self._next: int | None = None

    def renew(self) -> None:
        """See what has come since: to be called before each look, it takes no time."""
        if not self._misses_cables:
            return
        if self._opens is not None:
            if self._opens.is_alive():
                return
            self._opens = None
            if self._next:
                old, self._client, self._next = self._client, self._next, None
                self._jack.jack_client_close(old)
        ports = set(self._names(self._jack.jack_get_ports(self._client, None, None, 0)))
        came, self._seen = ports - self._seen, ports
        if came:
            self._opens = threading.Thread(target=self._open_next, daemon=True)
            self._opens.start()

    def connections(self, port: str) -> list[str]:
        """The ports that `port` is connected to; none where it is not there."""
        found = self._port(port)
        if not found:
            return []
        return self._names(self._jack.jack_port_get_all_connections(self._client, found))

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
        if self._opens is not None:
            self._opens.join()
        for client in (self._next, self._client):
            if client:
                self._jack.jack_client_close(client)

    def _opened(self) -> Any:
        """Another client of ours; None where no server answers."""
        client = self._jack.jack_client_open(
            f"{CLIENT}watch".encode(), jack_library.NO_START_SERVER, None
        )
        if client:
            self._jack.jack_on_shutdown(client, self._shutdown, None)
            self._jack.jack_activate(client)
        return client

    def _open_next(self) -> None:
        self._next = self._opened()

    def _names(self, found: Any) -> list[str]:
        """The names in a list of libjack's, which is freed."""
        if not found:
            return []
        names = []
        for name in found:
            if name is None:
                break
            names.append(name.decode(errors="replace"))
        self._jack.jack_free(found)
        return names

    def _port(self, name: str) -> Any:
        return self._jack.jack_port_by_name(self._client, name.encode())

    def _see_it_go(self, _: object) -> None:
        self.gone = True
