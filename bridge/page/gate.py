"""Who is let in to the page: decided by what a request says, without I/O.

A browser sends any site's requests to this computer. So the name that was asked for must be one of
ours (else somebody's name was led here: DNS rebinding), and so must the site that asks.
"""

import hmac
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

COOKIE = "schmubert"


@dataclass(frozen=True, slots=True)
class Request:
    """What a browser says of itself: `peer` is its address, `token` what it brings along."""

    peer: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    token: str = ""
    method: str = "GET"
    is_socket: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """The page at `port`, known by `names`; with a `token`, other devices that have it may come.

    `names` are those of this computer besides its addresses.
    """

    port: int
    names: frozenset[str] = frozenset()
    token: str = ""

    def refusal(self, request: Request) -> str | None:
        """Why `request` is refused; None where it is let in."""
        if request.method not in ("GET", "HEAD"):
            return "the page is only read"
        if len(request.hosts) != 1 or not self._is_ours(request.hosts[0]):
            return "this is no name of the page: open the address that the bridge printed"
        host = request.hosts[0].lower()
        if request.origins and request.origins != (f"http://{host}",):
            return "another site asks: open the page itself"
        if request.is_socket and not request.origins:
            return "nobody says which site asks: open the page in a browser"
        if _is_loopback(request.peer) and _is_loopback(_name(host)):
            return None
        given = request.token.encode()
        if self.token and hmac.compare_digest(given, self.token.encode()):
            return None
        return "open the whole address that the bridge printed, with its token"

    def _is_ours(self, host: str) -> bool:
        """Whether `host`, as a browser names it, is this page: a name of ours and our port."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port or parts.path or parts.username is not None:
            return False
        if _is_loopback(name):
            return True
        return bool(self.token) and (_is_address(name) or name in self.names)


def _name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)
