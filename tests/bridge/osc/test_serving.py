"""OSC over UDP, with clients of python-osc: the process itself, and as the owner has it."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Thread
from typing import Any

import msgspec
import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

from schmubert.bridge.osc.process import Osc
from schmubert.bridge.osc.serving import serve
from schmubert.bridge.osc.station import MOST_LISTENERS, Station
from schmubert.bridge.page.programme import FromPage, Programme, Seen, Served, Subscribed, ToPage
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Charted, GiveUp, Moved, Pong, Say
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.place import LOOPBACK, Place
from schmubert.bridge.screen.audience import Audience
from tests.bridge.page.programmes import NOWHERE, PROGRAMME

PATIENCE_S = 30.0


class Tablet:
    """A client and a server of python-osc."""

    def __init__(self) -> None:
        self.told: Queue[tuple[str, Any]] = Queue()
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(lambda address, *values: self.told.put((address, values)))
        self._server = BlockingOSCUDPServer((LOOPBACK, 0), dispatcher)
        self.place = Place(LOOPBACK, self._server.server_address[1])
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def until(self, address: str) -> Any:
        """What is told at `address` next."""
        while True:
            at, values = self.told.get(timeout=PATIENCE_S)
            if at == f"/schmubert/{address}":
                return values

    def is_told_nothing(self, address: str, for_s: float) -> bool:
        end_s = time.monotonic() + for_s
        while (left_s := end_s - time.monotonic()) > 0:
            try:
                if self.told.get(timeout=left_s)[0] == f"/schmubert/{address}":
                    return False
            except Empty:
                return True
        return True

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def tablet() -> Iterator[Tablet]:
    one = Tablet()
    yield one
    one.close()


class Owner:
    """The owner's end of a process of OSC, which runs in a thread of this one."""

    def __init__(self, programme: Programme) -> None:
        ours, theirs = socket.socketpair()
        self.pipe: Pipe[ToPage, FromPage] = Pipe(ours, FromPage)
        self._thread = Thread(target=serve, args=(Pipe(theirs, ToPage),))
        self._thread.start()
        self.pipe.say(programme)
        self.port = 0
        self._heard: list[FromPage] = []

    def until(self, kind: type | tuple[type, ...]) -> Any:
        """What of this kind it says next."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            for one in [*self._heard]:
                self._heard.remove(one)
                if isinstance(one, kind):
                    return one
            self._heard += self.pipe.hear()
            time.sleep(0.002)
        raise TimeoutError(f"it never said {kind}")

    def tells(self, what: Any) -> None:
        self.pipe.say(Seen(Record(time.monotonic(), what)))

    def close(self) -> None:
        self.pipe.close()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@contextmanager
def served(programme: Programme) -> Iterator[tuple[Owner, SimpleUDPClient]]:
    owner = Owner(programme)
    try:
        owner.port = owner.until(Served).port
        yield owner, SimpleUDPClient(LOOPBACK, owner.port)
    finally:
        owner.close()


def test_a_session_is_turned_and_told(tablet: Tablet) -> None:
    with served(msgspec.structs.replace(PROGRAMME, listeners=(tablet.place,))) as (owner, client):
        assert tablet.until("transport/playing") == (0,)
        client.send_message("/schmubert/density/bass", 4)
        assert owner.until(Control) == Control("density", 4.0, 1)
        owner.tells(Control("density", 4.0, 1))
        assert tablet.until("density/bass") == (4.0,)
        client.send_message("/schmubert/panic", [])
        assert owner.until(Control) == Control("panic", 1.0)
        owner.tells(Moved(1, True, 0.0, time.monotonic(), 240.0))
        assert tablet.until("transport/playing") == (1,)
        assert [tablet.until("transport/beat") for _ in range(3)] == [(2,), (3,), (4,)]
        owner.tells(Say("hello"))
        assert tablet.until("said") == ("hello",)
        assert isinstance(owner.until(Pong), Pong)


def test_a_chart_is_written_and_what_is_wrong_with_it_is_a_line(tablet: Tablet) -> None:
    with served(msgspec.structs.replace(PROGRAMME, listeners=(tablet.place,))) as (owner, client):
        assert tablet.until("chart") == ("Am F C G",)
        client.send_message("/schmubert/chart", "Am Xx")
        assert "/schmubert/chart: bar 2: 'Xx' is no chord" in owner.until(Say).text
        client.send_message("/schmubert/chart", 3)
        assert "takes a chart in quotes" in owner.until(Say).text
        for words, text in (("Dm G", "Dm G"), ("", ""), ([], "")):
            client.send_message("/schmubert/chart", words)
            assert owner.until(Charted) == Charted(text)
        owner.tells(Charted("Dm G"))
        assert tablet.until("chart") == ("Dm G",)


def test_who_subscribes_is_told_all_until_no_more(tablet: Tablet) -> None:
    with served(PROGRAMME) as (owner, client):
        client.send_message("/schmubert/subscribe", tablet.place.port)
        assert owner.until(Subscribed).listeners == (tablet.place,)
        assert tablet.until("text/mode") == ("accompany",)
        client.send_message("/schmubert/subscribe", tablet.place.port)
        assert owner.until(Subscribed).listeners == (tablet.place,)
        assert tablet.until("text/mode") == ("accompany",)
        client.send_message("/schmubert/unsubscribe", tablet.place.port)
        assert owner.until(Subscribed).listeners == ()
        owner.tells(Say("hello"))
        assert tablet.is_told_nothing("said", 0.2)


def test_who_says_no_port_is_told_where_it_sent_from() -> None:
    with served(PROGRAMME) as (owner, _), socket.socket(type=socket.SOCK_DGRAM) as one:
        one.settimeout(PATIENCE_S)
        one.bind((LOOPBACK, 0))
        at = (LOOPBACK, owner.port)
        one.sendto(b"/schmubert/subscribe\0\0\0\0,\0\0\0", at)
        assert owner.until(Subscribed).listeners == (Place(*one.getsockname()),)
        data, sender = one.recvfrom(4096)
        assert data.startswith(b"/schmubert/")
        assert sender == at


def test_a_bad_message_is_a_line_and_a_flood_of_them_a_few() -> None:
    with served(PROGRAMME) as (owner, client):
        for _ in range(200):
            client.send_message("/schmubert/densty/bass", 4)
            client._sock.sendto(b"junk", (LOOPBACK, owner.port))
            time.sleep(0.001)  # or the system drops what nobody has read
        client.send_message("/schmubert/density/bass", 17)
        client.send_message("/schmubert/density/bass", 3)
        lines = []
        while isinstance(said := owner.until((Say, Control)), Say):
            lines.append(said.text)
        assert said == Control("density", 3.0, 1)
        assert "did you mean /schmubert/density/bass?" in lines[0]
        assert lines[0].startswith(f"OSC from {LOOPBACK}:")
        assert len(lines) == 3


def test_a_line_that_comes_back_is_no_message_that_is_wrong() -> None:
    with served(PROGRAMME) as (owner, client):
        client.send_message("/schmubert/said", "OSC from 127.0.0.1: no OSC")
        client.send_message("/schmubert/density/bass", 3)
        assert owner.until((Say, Control)) == Control("density", 3.0, 1)


def test_what_is_wrong_with_a_message_is_told_by_osc(tablet: Tablet) -> None:
    watching = Audience(PROGRAMME.settings, None)
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        watching.tell(line)

    programme = msgspec.structs.replace(PROGRAMME, listeners=(tablet.place,))
    watching.keep(Osc(programme, tell, [tablet.place]))
    try:
        until(lambda: lines)
        client = SimpleUDPClient(LOOPBACK, int(lines[0].split(":")[2].split(",")[0]))
        client.send_message("/schmubert/densty/bass", 4)
        assert tablet.until("said")[0].startswith("OSC: send to")
        assert "did you mean /schmubert/density/bass?" in tablet.until("said")[0]
        assert tablet.is_told_nothing("said", 0.5), "once"
    finally:
        watching.close()


def test_a_flood_of_turns_leaves_the_last_word() -> None:
    with served(PROGRAMME) as (owner, client):
        for k in range(2000):
            client.send_message("/schmubert/temperature", 0.3 + k / 2000)
            if k % 20 == 0:
                time.sleep(0.002)
        client.send_message("/schmubert/swing", 0.5)
        turned = [owner.until(Control)]
        while turned[-1].name != "swing":
            turned.append(owner.until(Control))
        assert turned[-2].value == pytest.approx(1.2995)


def test_no_more_than_so_many_are_told() -> None:
    station = Station(NOWHERE, [])
    try:
        for port in range(1, 21):
            station.subscribe(Place(LOOPBACK, port))
        assert [one.port for one in station.listeners] == [*range(21 - MOST_LISTENERS, 21)]
        station.tell([b"/a\0\0,\0\0\0"], station.listeners)  # nobody is there
    finally:
        station.close()


def test_a_port_in_use_is_a_line_that_says_what_to_do() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        owner = Owner(msgspec.structs.replace(PROGRAMME, port=port))
        line = owner.until(GiveUp).reason
        owner.close()
    assert line == f"no OSC: port {port} is in use; give another, --osc {port + 1}"


def until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.01)


def test_the_process_is_looked_after_and_the_next_one_tells_the_same(tablet: Tablet) -> None:
    lines: list[str] = []
    listeners: list[Place] = []
    osc = Osc(PROGRAMME, lines.append, listeners)
    try:
        until(lambda: lines)
        assert lines[0].startswith(f"OSC: send to {LOOPBACK}:")
        client = SimpleUDPClient(LOOPBACK, int(lines[0].split(":")[2].split(",")[0]))
        client.send_message("/schmubert/subscribe", tablet.place.port)
        until(lambda: listeners == [tablet.place])
        client.send_message("/schmubert/lock", 1)
        turned: list[Control] = []
        until(lambda: turned.extend(osc.turned()) or turned)
        assert turned == [Control("lock", 1.0)]
    finally:
        osc.close()
    assert osc._programme.listeners == (tablet.place,)
