"""The page's own process: it serves browsers, and nothing that happens to it reaches the music.

`python -m schmubert.bridge.page.serving` with a socket as standard input; `Page` starts it.
"""

import asyncio
import signal
import socket
import sys
import time
from typing import Any

import uvicorn

from schmubert.bridge.page.app import Hall, application
from schmubert.bridge.page.board import MOST_WORD
from schmubert.bridge.page.gate import Gate
from schmubert.bridge.page.picture import Picture
from schmubert.bridge.page.programme import FromPage, Programme, Seen, Served, ToPage
from schmubert.bridge.protocol.errands import OnDesk
from schmubert.bridge.protocol.messages import GiveUp, Pong, Say
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.place import USUAL_PORT, Place, why_not
from schmubert.bridge.protocol.process import connection

HEAR_S = 0.01
SIGN_S = 1.0
MOST_CONNECTIONS = 32
MOST_WORDS = 16
SAID_S = 10.0
"""Of what goes wrong with browsers, so much at most is said: a line in so long."""
SOMEWHERE = ("192.0.2.1", 9)  # an address for documentation: asked for the way there, never sent to
BACKLOG = 32


def listening(place: Place) -> socket.socket:
    """A socket that listens at `place`; OSError where it cannot."""
    listener = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would take the port from whoever has it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((place.host, place.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(place: Place, token: str) -> str:
    """What to open in a browser."""
    host = place.host
    if host in ("0.0.0.0", "::"):
        host = _own_address()
    address = f"http://{Place(host, place.port)}/"
    return f"{address}?token={token}" if token else address


def _own_address() -> str:
    """The address of this computer in the network that it is in; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def own_names() -> frozenset[str]:
    """What this computer is called."""
    name = socket.gethostname().lower()
    return frozenset({name, f"{name.split('.')[0]}.local"})


class Saying:
    """Says lines to the owner, not more than one in `SAID_S`."""

    def __init__(self, pipe: Pipe[FromPage, Any]) -> None:
        self._pipe = pipe
        self._said_s = float("-inf")

    def __call__(self, text: str) -> None:
        """Say `text`, unless something was said just now."""
        now = time.monotonic()
        if now - self._said_s >= SAID_S:
            self._said_s = now
            self._pipe.say(Say(text))


async def serve(pipe: Pipe[FromPage, ToPage]) -> None:
    """Serve the page of the programme that comes, until the owner hangs up."""
    news: list[ToPage] = []
    while not news:
        if pipe.closed:
            return
        await asyncio.sleep(HEAR_S)
        news = pipe.hear()
    programme, *seen = news
    assert isinstance(programme, Programme)
    place = Place(programme.host, programme.port)
    try:
        listener = listening(place)
    except OSError as error:
        pipe.say(GiveUp(why_not(place, error, "page", "--page", USUAL_PORT)))
        return
    place = Place(place.host, listener.getsockname()[1])
    picture = Picture(programme)

    gate = Gate(place.port, own_names() if programme.token else frozenset(), programme.token)
    config = uvicorn.Config(
        application(Hall(picture, pipe.say, Saying(pipe)), gate),
        loop="asyncio",
        http="h11",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        log_level="critical",  # whatever strangers send, no line for each of them
        access_log=False,
        proxy_headers=False,  # who comes is who connects
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        ws_max_size=MOST_WORD,
        ws_max_queue=MOST_WORDS,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve([listener]))
    address = address_of(place, programme.token)
    pipe.say(Served(f"page: open {address} in a browser", place.port))
    sign_s = float("-inf")
    while not (pipe.closed or serving.done()):
        for one in seen:
            if isinstance(one, OnDesk):
                picture.on_desk = one
            elif isinstance(one, Seen):
                picture.see(one.record)
        now = time.monotonic()
        if now - sign_s >= SIGN_S:
            sign_s = now
            pipe.say(Pong())
        await asyncio.sleep(HEAR_S)
        seen = pipe.hear()
    server.should_exit = True
    await serving


def main() -> None:
    """Be the page of the owner at the other end of standard input."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # the owner's end is the end
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    asyncio.run(serve(Pipe(connection(), ToPage)))


if __name__ == "__main__":
    main()
