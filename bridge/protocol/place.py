"""Where a page or OSC is served: `[HOST:]PORT` as the player writes it."""

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
