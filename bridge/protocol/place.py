"""Where a page or OSC is served, `[HOST:]PORT` as the player writes it, and where an engine is."""

import errno
import socket
from ipaddress import ip_address
from typing import NamedTuple

USUAL_PORT = 8765
USUAL_OSC_PORT = 9000
LOOPBACK = "127.0.0.1"


class Place(NamedTuple):
    """An address, and a port there; port 0 is any that is free."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether no other device reaches it."""
        return ip_address(self.host).is_loopback

    @property
    def family(self) -> socket.AddressFamily:
        """Of the sockets that reach it."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_named(spec: str) -> Place:
    """`PORT`, or `HOST:PORT` with the number of an address; ValueError says what to write."""
    host, _, port = spec.rpartition(":")
    host = {"": LOOPBACK, "localhost": LOOPBACK}.get(host, host.strip("[]"))
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"{spec!r} is no place: write {USUAL_PORT} or 0.0.0.0:{USUAL_PORT}")
    try:
        ip_address(host)
    except ValueError as error:
        raise ValueError(
            f"{host!r} is no address: write its number, such as 192.168.1.20, or"
            " 0.0.0.0 for every network"
        ) from error
    return Place(host, int(port))


def place_or_none_named(spec: str) -> Place:
    """The same, or `off`, which is `NO_PLACE`."""
    return NO_PLACE if spec == "off" else place_named(spec)


NO_PLACE = Place("", 0)
"""Where nothing is served, though it would be."""


def engine_address(word: str) -> str:
    """`word`, where it may be the address of an engine; ValueError says what to write."""
    way, _, where = word.partition("://")
    host, _, port = where.rpartition(":")
    of_tcp = way == "tcp" and host and port.isascii() and port.isdecimal() and int(port) <= 65535
    if not of_tcp and not (way == "ipc" and where):
        raise ValueError(f"{word!r} is no address of an engine: tcp://HOST:PORT is one")
    return word


def why_not(place: Place, error: OSError, served: str, option: str, usual_port: int) -> str:
    """Why nothing is `served` at `place`, and what to do with the `option` that says where."""
    if error.errno == errno.EADDRINUSE:
        other = place.port + 1 if place.port < 65535 else usual_port
        return f"no {served}: port {place.port} is in use; give another, {option} {other}"
    if error.errno == errno.EACCES:
        return f"no {served}: port {place.port} is not yours to use; give one from 1024 on"
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"no {served}: {place.host} is no address of this computer; give {option} 0.0.0.0:PORT"
        )
    return f"no {served} at {place}: {error.strerror or error}"
