"""Which libjack this process reaches its JACK server by: the wheel's, the system's, PipeWire's.

The wheel of a MIDI package brings a libjack of its own. It knows nothing of PipeWire, and may be
older than the server. Another one that was loaded before, for all to see, is taken in its place.
"""

import ctypes
import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

SYSTEM = "libjack.so.0"
PIPEWIRE = ("lib/*/pipewire-0.3/jack", "lib/pipewire-0.3/jack", "lib64/pipewire-0.3/jack")
PREFIXES = ("/usr", "/usr/local", "/run/current-system/sw")
NO_START_SERVER = 1
BROUGHT_ALONG = (("rtmidi", "python_rtmidi.*"), ("rtmidi2", "rtmidi2.*"))
"""The modules of MIDI packages, and the folder beside each in which its wheel brings libraries. Its
list of files would tell as well, but reading that costs the first port 15 ms."""

Kinds: TypeAlias = Mapping[str, tuple[Any, tuple[Any, ...]]]
"""What a function of libjack returns, and what it takes, by its name."""
SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""What is called when the server ends; it has to be kept as long as the client is there."""
OF_A_CLIENT: Kinds = MappingProxyType(
    {
        "jack_client_open": (ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)),
        "jack_client_close": (ctypes.c_int, (ctypes.c_void_p,)),
        "jack_on_shutdown": (None, (ctypes.c_void_p, SHUTDOWN, ctypes.c_void_p)),
        "jack_activate": (ctypes.c_int, (ctypes.c_void_p,)),
    }
)

_loaded: list[str] = []


def reach_server() -> bool:
    """Whether a JACK server answers; the libjack that it answers to is used from here on.

    Call it before the MIDI package is imported: what that has found it keeps.
    """
    preloaded = _preloaded()
    if preloaded is not None:
        return _answers(preloaded)
    if any(_reaches(library) for library in _brought_along()):
        return True
    for library in (SYSTEM, *pipewire_libraries()):
        if _reaches(library):
            _share(library)
            return True
    return False


def library() -> ctypes.CDLL:
    """The libjack by which the MIDI package reaches its server, once that has been imported."""
    preloaded = _preloaded()
    return preloaded or ctypes.CDLL(next(_brought_along(), SYSTEM))


def for_a_client(kinds: Kinds) -> ctypes.CDLL:
    """`library`, told the kinds of what every client calls, and of what is in `kinds`."""
    found = library()
    for name, (result, arguments) in {**OF_A_CLIENT, **kinds}.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


def answers() -> bool:
    """Whether the server of `library` is there."""
    return _answers(library())


def in_use() -> str | None:
    """The libjack that was loaded in place of the wheel's own, if one was."""
    return _loaded[0] if _loaded else None


def pipewire_libraries() -> list[str]:
    """The libjacks that PipeWire brings, as far as they are where distributions put them."""
    folders = (Path(prefix).glob(place) for prefix in PREFIXES for place in PIPEWIRE)
    return [str(folder / SYSTEM) for found in folders for folder in found]


def pipewire_runs() -> bool:
    """Whether PipeWire listens to this user."""
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "pipewire-0").is_socket()


def _preloaded() -> ctypes.CDLL | None:
    """The libjack that everybody in this process sees: by LD_PRELOAD, or by `_share`."""
    everybody = ctypes.CDLL(None)
    return everybody if hasattr(everybody, "jack_client_open") else None


def _share(library: str) -> None:
    ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
    _loaded.append(library)


def _brought_along() -> Iterator[str]:
    """The libjack in the wheel of the MIDI package that is going to be imported."""
    for module, folder in BROUGHT_ALONG:
        found = find_spec(module)
        if found is None or found.origin is None:
            continue
        file = Path(found.origin)
        beside = file.parents[1] if found.submodule_search_locations else file.parent
        yield from map(str, sorted(beside.glob(f"{folder}/libjack*")))
        return


def _reaches(library: str) -> bool:
    try:
        return _answers(ctypes.CDLL(library))
    except OSError:  # there is none
        return False


def _answers(library: ctypes.CDLL) -> bool:
    library.jack_client_open.restype = ctypes.c_void_p
    library.jack_client_close.argtypes = [ctypes.c_void_p]
    client = library.jack_client_open(b"schmubert probe", NO_START_SERVER, None)
    if client:
        library.jack_client_close(client)
    return bool(client)
