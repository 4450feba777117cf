"""Connections: who is counted, who is watched, and what becomes of those that go too far."""

import socket as tcp
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from schmubert.engine.service import server
from schmubert.engine.service.connections import (
    MOST_UNREAD_BYTES,
    SILENT_S,
    Connections,
    Lookout,
    monitored,
    most_connections,
    received_bytes,
)
from tests.benchmarks.scripts import benchmark

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many bytes came")


def test_one_too_many_is_closed_or_who_was_silent_for_long() -> None:
    connections = Connections(3)
    for fd in (10, 11, 12):
        assert connections.opened(fd, float(fd)) is None
    assert connections.opened(13, 13.0) == 13
    assert connections.closed(13)
    connections.heard(10, 7, 20.0)
    assert connections.opened(14, 12.5 + SILENT_S) == 11
    assert connections.watched == [10, 12, 14]
    assert not connections.closed(10)
    assert not connections.closed(99)


def test_bytes_that_no_message_had_are_too_many_at_some_time() -> None:
    connections = Connections(3)
    connections.opened(5, 0.0)
    assert connections.looked(5, MOST_UNREAD_BYTES, 0.0) is None
    connections.heard(5, 1000, 0.0)
    assert connections.looked(5, MOST_UNREAD_BYTES + 1000, 0.0) is None
    assert connections.looked(5, MOST_UNREAD_BYTES + 1001, 0.0) == 5
    assert connections.watched == []


def test_more_than_came_is_no_credit() -> None:
    connections = Connections(3)
    connections.opened(5, 0.0)
    connections.heard(5, 10**9, 0.0)  # of who had the number before
    assert connections.looked(5, 100, 0.0) is None
    assert connections.looked(5, MOST_UNREAD_BYTES + 101, 0.0) == 5


def test_a_player_may_go_on_for_ever() -> None:
    connections = Connections(3)
    connections.opened(5, 0.0)
    for second in range(200_000):  # asks, a hello and half a heartbeat each
        connections.heard(5, 40_009, float(second))
        assert connections.looked(5, 40_014 * (second + 1), float(second)) is None


@pytest.mark.parametrize("secret", [False, True])
def test_the_size_of_what_was_read_is_what_came(secret: bool) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        dealer = context.socket(zmq.DEALER)
        if secret:
            public, private = zmq.curve_keypair()
            router.setsockopt(zmq.CURVE_SERVER, 1)
            router.setsockopt(zmq.CURVE_SECRETKEY, private)
            mine, my_own = zmq.curve_keypair()
            dealer.setsockopt(zmq.CURVE_SERVERKEY, public)
            dealer.setsockopt(zmq.CURVE_PUBLICKEY, mine)
            dealer.setsockopt(zmq.CURVE_SECRETKEY, my_own)
        monitored(router)
        port = router.bind_to_random_port("tcp://127.0.0.1")
        dealer.connect(f"tcp://127.0.0.1:{port}")
        lookout = Lookout(router, 4)
        for length in (0, 1, 222, 223, 255, 256, 60_000):
            for _ in range(20):
                dealer.send(bytes(length))
                assert router.poll(5000)
                frames = router.recv_multipart(copy=False)
                connection = server._connection(frames[-1])
                lookout.heard(connection, (len(frame.bytes) for frame in frames[1:]))
        until(lambda: not lookout._heard)
        came = received_bytes(lookout._sockets[connection])
        read = lookout._connections._open[connection].read
        if sys.platform == "linux":
            assert came is not None
            assert 0 < came - read < 1000  # the handshake
        lookout.close()
        dealer.close(linger=0)


def test_as_many_files_as_needed_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    limits = [64, 200]

    def setrlimit(_: int, wanted: tuple[int, int]) -> None:
        limits[0] = wanted[0]

    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    assert most_connections(100) == 100
    assert limits == [164, 200]
    assert most_connections(256) == 136
    assert limits == [200, 200]


@pytest.fixture
def listening() -> Iterator[tuple[Any, str, Lookout]]:
    router = server.listen("tcp://127.0.0.1:*")
    lookout = Lookout(router, 4)
    yield router, router.getsockopt_string(zmq.LAST_ENDPOINT), lookout
    lookout.close()
    router.close(linger=0)


CLOSED_UNREAD = """
import socket, sys, time
from schmubert.engine.service import server
from schmubert.engine.service.connections import unmonitored

path = sys.argv[1]
router = server.listen(f"ipc://{path}")
tried_in_vain = 0
while tried_in_vain < 200:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.setblocking(False)
        try:
            stranger.connect(path)
            tried_in_vain = 0
        except BlockingIOError:  # ZeroMQ waits for somebody to read who came and went
            tried_in_vain += 1
            time.sleep(0.001)
unmonitored(router)
router.close(linger=0)
"""


@linux
def test_a_socket_is_closed_though_nobody_read_who_came_and_went(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLOSED_UNREAD, str(tmp_path / "engine")]
    subprocess.run(command, check=True, timeout=60)


def until(true: Any, seconds: float = 20.0) -> None:
    ends_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends_s
        time.sleep(0.01)


@linux
@pytest.mark.parametrize("length", [0, 200, 60_000])
def test_frames_without_end_end(listening: tuple[Any, str, Lookout], length: int) -> None:
    _, address, lookout = listening
    rude = benchmark("engine_at_work").Rude(address)
    sent = rude.frames_without_end(length, 200_000_000, for_s=60.0)
    assert sent < 200_000_000
    until(lambda: lookout.cut == 1)
    until(lookout.gone)
    rude.close()


def test_who_hangs_up_is_told_of(listening: tuple[Any, str, Lookout]) -> None:
    router, address, lookout = listening
    with zmq.Context() as context:
        dealer = context.socket(zmq.DEALER)
        dealer.connect(address)
        dealer.send(b"hello")
        assert router.poll(5000)
        frames = router.recv_multipart(copy=False)
        connection = server._connection(frames[-1])
        assert connection > 0
        assert lookout.gone() == []
        dealer.close(linger=0)
        gone: list[int] = []
        until(lambda: gone.extend(lookout.gone()) or gone)
        assert gone == [connection]


@linux
def test_who_floods_sends_a_heartbeat_and_hangs_up_ends_no_engine(
    listening: tuple[Any, str, Lookout],
) -> None:
    """With a bound on messages libzmq 4.3.5 aborts here, and with it this process."""
    router, address, lookout = listening
    rude = benchmark("engine_at_work").Rude(address)
    rude.socket.sendall(b"\x00\x05noise" * 2000 + b"\x04\x07\x04PING\x00\x00" + b"\x00\x05noise")
    rude.socket.shutdown(tcp.SHUT_WR)
    until(lookout.gone)
    rude.close()
    read = 0
    while router.poll(100):
        router.recv_multipart()
        read += 1
    assert read == 2001


def test_more_connections_than_granted_are_closed(listening: tuple[Any, str, Lookout]) -> None:
    _, address, lookout = listening
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    connections = [tcp.create_connection((host, int(port))) for _ in range(10)]
    until(lambda: lookout.cut == 6)
    assert len(lookout._connections.watched) == 4
    for connection in connections:
        connection.close()


@linux
def test_how_many_bytes_came_is_counted() -> None:
    host = tcp.create_server(("127.0.0.1", 0))
    with host, tcp.create_connection(host.getsockname()) as there:
        here, _ = host.accept()
        there.sendall(bytes(12_345))
        until(lambda: received_bytes(here) == 12_345)
        here.close()
    assert received_bytes(None) is None
    near, far = tcp.socketpair()
    assert received_bytes(near) is None
    near.close()
    far.close()
