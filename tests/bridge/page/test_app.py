"""The page as a browser meets it, in this process."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from schmubert.bridge.page import app
from schmubert.bridge.page.app import MOST_VISITORS, Hall, application
from schmubert.bridge.page.board import MOST_CHART
from schmubert.bridge.page.gate import COOKIE, Gate
from schmubert.bridge.page.picture import Picture
from schmubert.bridge.protocol.controls import CONTROLS, Control
from schmubert.bridge.protocol.errands import Errand
from schmubert.bridge.protocol.messages import Charted, Patch, Patchbay, Survey
from schmubert.engine.music.chord_symbols import EXAMPLES
from tests.bridge.page.programmes import PROGRAMME

HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"


class House:
    """An application, what was turned on it and what it said."""

    def __init__(self, token: str = "", peer: str = "127.0.0.1") -> None:
        self.turned: list[Any] = []
        self.said: list[str] = []
        self.hall = Hall(Picture(PROGRAMME), self.want, self.said.append)
        served = application(self.hall, Gate(8765, frozenset({"studio"}), token))
        self.client = TestClient(served, base_url=ORIGIN, client=(peer, 5), follow_redirects=False)

    def want(self, wish: Any) -> None:
        if not isinstance(wish, Survey):  # whoever comes wants to see the ports
            self.turned.append(wish)

    @contextmanager
    def live(self, **headers: str) -> Iterator[Any]:
        url = f"ws://{HOST}/live"
        joined = self.client.websocket_connect(url, headers={"origin": ORIGIN, **headers})
        # at the end the client of the test cancels what a server would let come to its end
        with suppress(CancelledError), joined as socket:
            yield socket


def until(condition: Callable[[], object]) -> None:
    """Until the page, which is in another thread, has done it."""
    end_s = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.002)


def to_the_end(socket: Any, got: list[Any] | None = None) -> None:
    """Read until the page hangs up, which is a WebSocketDisconnect."""
    while True:
        read = socket.receive_json()
        if got is not None:
            got.append(read)


def test_the_files_are_there_with_what_keeps_others_out() -> None:
    client = House().client
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    for name in (
        "page.js",
        "roll.js",
        "lane.js",
        "desk.js",
        "controls.js",
        "chart.js",
        "top.js",
        "page.css",
        "icon.svg",
    ):
        assert client.get(f"/{name}").status_code == 200
    assert client.get("/page.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/..%2fapp.py",
        "/static/../app.py",
        "/%2e%2e/app.py",
        "//etc/passwd",
        "/app.py",
        "/live",
    ],
)
def test_no_path_leads_out(path: str) -> None:
    assert House().client.get(path).status_code == 404


def test_other_names_sites_and_methods_are_refused_with_a_line() -> None:
    client = House().client
    for headers in ({"host": "evil.example:8765"}, {"origin": "http://evil.example"}):
        refused = client.get("/", headers=headers)
        assert refused.status_code == 403
        assert refused.text.count("\n") == 1
    assert client.post("/").status_code == 403
    for headers in ({"host": "evil.example:8765"}, {"origin": "http://evil.example"}):
        with pytest.raises(WebSocketDisconnect), House().live(**headers):
            pass


def test_another_device_comes_in_by_its_token_once() -> None:
    house = House("secret", "192.168.1.7")
    client = house.client
    there = {"host": "192.168.1.20:8765"}
    assert client.get("/", headers=there).status_code == 403
    assert client.get("/?token=guess", headers=there).status_code == 403
    moved = client.get("/?token=secret", headers=there)
    assert (moved.status_code, moved.headers["location"]) == (303, "/")
    cookie = moved.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    client.cookies.clear()
    with_cookie = there | {"cookie": f"{COOKIE}=secret"}
    assert client.get("/", headers=with_cookie).status_code == 200


def test_a_browser_is_shown_the_stage_and_turns_a_control() -> None:
    house = House()
    with house.live() as socket:
        first = socket.receive_json()
        assert first["number"] == 1
        assert {row["name"] for row in first["stage"]["controls"]} <= set(CONTROLS)
        assert first["play"]["rolling"] is False
        socket.send_json({"seen": 1, "turn": {"id": "density:bass", "value": 3}})
        second = socket.receive_json()
        assert "stage" not in second
        until(lambda: house.turned)
    assert house.turned == [Control("density", 3.0, 1)]


def test_a_browser_chooses_a_port_and_sends_for_a_take() -> None:
    house = House()
    house.hall._picture.bay = Patchbay(("Keys",), ("Synth",), ("",), ("", "", ""))
    with house.live() as socket:
        assert socket.receive_json()["bay"]["sources"] == ["Keys"]
        for port, is_input, other in ((0, True, "Keys"), (2, False, "Synth"), (2, False, "")):
            patch = {"type": "Patch", "is_input": is_input, "port": port, "other": other}
            socket.send_json({"patch": patch})
        socket.send_json({"errand": {"type": "Errand", "what": "record"}})
        until(lambda: len(house.turned) == 4)
    assert house.turned == [
        Patch(True, 0, "Keys"),
        Patch(False, 2, "Synth"),
        Patch(False, 2, ""),
        Errand("record"),
    ]


def answer(socket: Any, chart: str) -> str:
    """What a browser is told of the `chart` that it sends."""
    socket.send_json({"chart": chart})
    while True:
        news = socket.receive_json()
        socket.send_json({"seen": news["number"]})
        if "answer" in news:
            return str(news["answer"])


def test_a_chart_is_handed_on_and_a_typo_is_told_to_who_wrote_it_alone() -> None:
    house = House()
    with house.live() as other, house.live() as socket:
        assert socket.receive_json()["chart"] == "Am F C G"
        socket.send_json({"seen": 1})
        assert answer(socket, "Am | F,G\n% Xx") == (
            f"line 2, bar 4: 'Xx' is no chord known here: write {EXAMPLES}"
        )
        assert house.turned == []
        assert "3 chords: a bar of 4/4 has 1, 2 or 4" in answer(socket, "C,D,E")
        assert answer(socket, "@/etc/passwd").startswith("bar 1: '@/etc/passwd' is no chord")
        assert answer(socket, "C " * (MOST_CHART // 2 + 1)).endswith("--chords @FILE")
        assert house.turned == []
        assert answer(socket, " Am | F,G\n% C/E ") == ""
        assert answer(socket, " ") == ""
        for number in (1, 2):
            news = other.receive_json()
            assert "answer" not in news
            other.send_json({"seen": number})
    assert house.turned == [Charted("Am | F,G\n% C/E"), Charted("")]
    assert house.said == []


def test_what_is_held_is_let_go_when_the_browser_leaves() -> None:
    house = House()
    with house.live() as socket:
        socket.receive_json()
        socket.send_json({"turn": {"id": "reroll", "value": 1}})
        until(lambda: house.turned)
    assert house.turned == [Control("reroll", 1.0), Control("reroll", 0.0)]


@pytest.mark.parametrize(
    "junk",
    [
        "x",
        '{"turn": {"id": "density:bass", "value": 99}}',
        '{"seen": 99}',
        '{"turn": {"id": "x", "value": 1}}',
        '{"patch": {"type": "Patch", "is_input": true, "port": 0, "other": "Keys"}}',
        '{"errand": {"type": "Errand", "what": "format c:"}}',
    ],
)
def test_junk_sends_a_browser_away_with_a_line(junk: str) -> None:
    house = House()
    with house.live() as socket:
        socket.receive_json()
        socket.send_text(junk)
        with pytest.raises(WebSocketDisconnect) as left:
            to_the_end(socket)
    assert left.value.code == app.REFUSED
    assert house.turned == []
    (line,) = house.said
    assert line.startswith("page: a browser sent")
    assert "\n" not in line


def test_bytes_are_junk_too() -> None:
    house = House()
    with house.live() as socket:
        socket.send_bytes(b"\xff\xfe")
        with pytest.raises(WebSocketDisconnect):
            to_the_end(socket)


def test_a_flood_sends_a_browser_away() -> None:
    house = House()
    with house.live() as socket:
        for _ in range(2000):
            socket.send_json({"turn": {"id": "temperature", "value": 1}})
        with pytest.raises(WebSocketDisconnect):
            to_the_end(socket)
    assert len(house.turned) < 1000
    assert "more than anybody can turn" in house.said[0]


def test_who_does_not_read_is_sent_little_and_then_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schmubert.bridge.page.board.SLOW_S", 0.2)
    house = House()
    got: list[Any] = []
    with house.live() as socket:
        with pytest.raises(WebSocketDisconnect) as left:
            to_the_end(socket, got)
        assert len(got) <= 2
    assert left.value.code == app.TRY_LATER
    assert house.hall.visitors == 0


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MOST_VISITORS", 1)
    assert MOST_VISITORS > 1
    house = House()
    with house.live() as first:
        first.receive_json()
        with house.live() as second, pytest.raises(WebSocketDisconnect) as left:
            second.receive_json()
    assert left.value.code == app.TRY_LATER
