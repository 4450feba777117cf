"""The page as a web application: its files, and a WebSocket that shows and listens."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request as HttpRequest
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from schmubert.bridge.page.board import (
    MOST_CHART,
    Board,
    Visitor,
    Word,
    control_of,
    errand_in,
    patch_in,
    word_in,
)
from schmubert.bridge.page.gate import COOKIE, Gate, Request
from schmubert.bridge.page.picture import Picture
from schmubert.bridge.page.programme import Wish
from schmubert.bridge.protocol.messages import Survey, chart_in

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
FRAME_S = 1 / 20
STILL_S = 1.0
"""So long after the last message one comes that says nothing new: the page is there."""
MOST_VISITORS = 8
REFUSED, FAILED, TRY_LATER = 1008, 1011, 1013  # of RFC 6455
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Gatekeeper:
    """Lets through to `app` what `gate` lets in."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        in_address = QueryParams(scope["query_string"]).get("token", "")
        kept = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        is_socket = scope["type"] == "websocket"
        why = self._gate.refusal(
            Request(
                (scope.get("client") or ("", 0))[0],
                tuple(headers.getlist("host")),
                tuple(headers.getlist("origin")),
                in_address or kept,
                scope.get("method", "GET"),
                is_socket,
            )
        )
        if why is None and in_address and not is_socket:
            # out of the address, where it would be seen and kept, into a cookie of this page alone
            answer: Response = RedirectResponse("/", 303, HEADERS)
            answer.set_cookie(COOKIE, in_address, httponly=True, samesite="strict")
            await answer(scope, receive, send)
        elif why is None:
            await self._app(scope, receive, send)
        elif is_socket:
            await WebSocket(scope, receive, send).close(REFUSED, why)
        else:
            await PlainTextResponse(f"{why}\n", 403, HEADERS)(scope, receive, send)


class Hall:
    """Where browsers come: each is shown `picture`, and what it wants goes to `hand_on`."""

    def __init__(
        self,
        picture: Picture,
        hand_on: Callable[[Wish], None],
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.visitors = 0
        self._picture, self._hand_on, self._say = picture, hand_on, say
        self._board = Board()
        self._put_s = float("-inf")
        self._encode = msgspec.json.Encoder().encode

    async def welcome(self, socket: WebSocket) -> None:
        """Show and listen, until the browser leaves or is to leave."""
        await socket.accept()
        if self.visitors >= MOST_VISITORS:
            await socket.close(TRY_LATER, f"{MOST_VISITORS} pages are open: close one")
            return
        self.visitors += 1
        self._hand_on(Survey())
        visitor = Visitor(time.monotonic())
        tasks = [
            asyncio.ensure_future(self._show(socket, visitor)),
            asyncio.ensure_future(self._listen(socket, visitor)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code, why = next(_ended(task) for task in done)
            if why:
                self._say(f"page: {why}")
                with contextlib.suppress(RuntimeError, asyncio.TimeoutError):
                    await asyncio.wait_for(socket.close(code, why[:100]), STILL_S)
        finally:
            self.visitors -= 1
            for task in tasks:
                task.cancel()
            for control in visitor.held.let_go():
                self._hand_on(control)
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _show(self, socket: WebSocket, visitor: Visitor) -> tuple[int, str]:
        stage: dict[str, Any] = {"stage": self._picture.stage()}
        said_s = float("-inf")
        while True:
            now = time.monotonic()
            if visitor.too_slow(now):
                return TRY_LATER, "a browser reads too slowly, and may come again"
            if visitor.reads:
                self._refresh(now)
                news = {**stage, **self._board.since(visitor.version)}
                if visitor.answer is not None:
                    news["answer"], visitor.answer = visitor.answer, None
                if news or now - said_s >= STILL_S:
                    visitor.version, stage, said_s = self._board.version, {}, now
                    number = visitor.sent(now)
                    text = self._encode({"number": number, "now": now, **news})
                    try:
                        await socket.send_text(text.decode())
                    except (WebSocketDisconnect, RuntimeError):
                        return 1000, ""
            await asyncio.sleep(FRAME_S)

    def _refresh(self, now: float) -> None:
        """Look again, once for all who look at the same time."""
        if now - self._put_s >= FRAME_S / 2:
            self._put_s = now
            self._board.put(self._picture.parts(now))

    async def _listen(self, socket: WebSocket, visitor: Visitor) -> tuple[int, str]:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return 1000, ""
            now, text = time.monotonic(), message.get("text") or message.get("bytes") or ""
            if not visitor.speaks(now, len(text)):
                return REFUSED, "a browser sends more than anybody can turn: it was sent away"
            try:
                word = word_in(text)
                if word.seen is not None:
                    visitor.saw(word.seen, now)
                self._take(word, visitor)
            except ValueError as error:
                return REFUSED, f"a browser sent {error}"

    def _take(self, word: Word, visitor: Visitor) -> None:
        """Hand on what a browser wants; ValueError where that cannot be."""
        if word.turn is not None:
            control = control_of(word.turn, self._picture.rows)
            visitor.held.turned(control)
            self._hand_on(control)
        if word.patch is not None:
            self._hand_on(patch_in(word.patch, self._picture.bay))
        if word.errand is not None:
            self._hand_on(errand_in(word.errand))
        if word.chart is not None:
            visitor.answer = self._write(word.chart)

    def _write(self, text: str) -> str:
        """Hand on a chart; what is wrong with it, where that cannot be."""
        if len(text) > MOST_CHART:
            return f"a page takes no chart of more than {MOST_CHART:,} characters: --chords @FILE"
        try:
            self._hand_on(chart_in(text, self._picture.settings.meter))
        except ValueError as error:
            return str(error)
        return ""


def _ended(task: "asyncio.Future[tuple[int, str]]") -> tuple[int, str]:
    """How a task of a visit ended; an error of ours ends the visit, and is said."""
    error = task.exception()
    return task.result() if error is None else (FAILED, f"a page failed: {error!r}")


def application(hall: Hall, gate: Gate) -> ASGIApp:
    """The page behind its gate. The files are read here once: no request names a path."""
    files = {f"/{path.name}": path for path in sorted(STATIC.iterdir()) if path.suffix in KINDS}
    routes = [_file(address, path) for address, path in files.items()]
    routes.append(_file("/", files["/index.html"]))
    return Gatekeeper(Starlette(routes=[*routes, WebSocketRoute("/live", hall.welcome)]), gate)


def _file(address: str, path: Path) -> Route:
    content = path.read_bytes()

    async def give(_: HttpRequest) -> Response:
        return Response(content, headers=HEADERS, media_type=KINDS[path.suffix])

    return Route(address, give)
