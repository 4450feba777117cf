"""The client against a ROUTER in the test's hand: an engine that does what it should not."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
import zmq

from schmubert.engine.service import wire
from schmubert.engine.service.client import MOST_RECEIVED, Client

GRID = wire.Grid(4, 1, bytes(8))
ASK = wire.Request(5, GRID, bytes(1), 100.0)


class Engine:
    """The other end of the line."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.LINGER, 0)
        port = self.router.bind_to_random_port("tcp://127.0.0.1")
        self.address = f"tcp://127.0.0.1:{port}"
        self.peer = b""

    def hear(self) -> wire.ToEngine:
        assert self.router.poll(5000)
        self.peer, frame = self.router.recv_multipart()
        return wire.decode_to_engine(frame)

    def say(self, *frames: bytes) -> None:
        self.router.send_multipart([self.peer, *frames])

    def close(self) -> None:
        self.router.close(linger=0)
        self.context.term()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    with Client(engine.address) as client:
        while not client.hello():
            client.socket.poll(20, zmq.POLLOUT)
        assert engine.hear() == wire.Hello()
        yield client


def received(client: Client, count: int) -> list[wire.ToClient]:
    messages: list[wire.ToClient] = []
    while len(messages) < count and client.socket.poll(5000):
        messages += client.receive()
    return messages


def draft(number: int, last: bool = False, seq: int = 5) -> bytes:
    return wire.encode(wire.Draft(seq, number, 4, GRID, 1.0, last))


def test_what_the_engine_says_is_received_in_order(engine: Engine, client: Client) -> None:
    assert client.receive() == []
    for number in range(20):
        engine.say(draft(number))
    messages = received(client, 20)
    assert [m.number for m in messages if isinstance(m, wire.Draft)] == list(range(20))
    assert client.receive() == []


def test_noise_is_counted_and_passed_over(engine: Engine, client: Client) -> None:
    engine.say(b"noise")
    engine.say(wire.encode(wire.Hello()))  # a client's word
    engine.say(b"", draft(0))
    engine.say(draft(0)[:-3])
    engine.say(draft(1))
    (message,) = received(client, 1)
    assert isinstance(message, wire.Draft)
    assert message.number == 1
    assert client.malformed == 4


def test_without_an_engine_nothing_waits_and_nothing_is_kept() -> None:
    with Client("tcp://127.0.0.1:9") as client:
        began_s = time.monotonic()
        assert not any(client.send(ASK) for _ in range(1000))
        assert not client.hello()
        assert client.receive() == []
        assert time.monotonic() - began_s < 0.5
    assert time.monotonic() - began_s < 1.0


def test_an_engine_that_does_not_read_holds_nobody_up(engine: Engine, client: Client) -> None:
    big = wire.Request(5, wire.Grid(1024, 3, bytes(6144)), bytes(384), 100.0)
    sent = 0
    while client.send(big) or client.socket.poll(1000, zmq.POLLOUT):
        sent += 1
        assert sent < 20_000
    waiting_s = time.monotonic()
    assert not any(client.send(ASK) for _ in range(1000))
    assert time.monotonic() - waiting_s < 0.5
    assert engine.hear() == big


def test_a_client_that_does_not_read_keeps_only_so_much(engine: Engine, client: Client) -> None:
    for number in range(20_000):
        engine.say(draft(number))
    time.sleep(0.2)
    assert len(client.receive()) == MOST_RECEIVED


def test_a_huge_frame_ends_the_connection_and_takes_no_memory(
    engine: Engine, client: Client
) -> None:
    engine.say(bytes(3_000_000))
    before, until_s = engine.peer, time.monotonic() + 10.0
    while engine.peer == before:  # it connects again, and goes on
        assert time.monotonic() < until_s
        client.hello()
        if engine.router.poll(20):
            engine.hear()
    engine.say(draft(1))
    (message,) = received(client, 1)
    assert isinstance(message, wire.Draft)


def test_the_descriptor_wakes_a_poller(engine: Engine, client: Client) -> None:
    poller = zmq.Poller()
    poller.register(client.socket, zmq.POLLIN)
    assert not poller.poll(0)
    engine.say(draft(0))
    assert poller.poll(5000)
    assert client.fd >= 0
    assert len(client.receive()) == 1


def test_closing_ends_at_once_and_a_goodbye_still_leaves(engine: Engine, client: Client) -> None:
    assert client.send(wire.Goodbye())
    began_s = time.monotonic()
    client.close()
    assert time.monotonic() - began_s < 0.5
    assert engine.hear() == wire.Goodbye()


@pytest.mark.parametrize(
    "wrong", ["nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:65536", "ftp://a:1", ""]
)
def test_what_is_no_address_is_told(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is no address of an engine .*: tcp://HOST:PORT is one"):
        Client(wrong)


def answered(engine: Engine, client: Client, *frames: bytes, timeout_s: float = 5.0) -> wire.Draft:
    """`complete` against an engine that says `frames` whatever it is asked."""
    for frame in frames:
        engine.say(frame)
    return client.complete(ASK, timeout_s)


def test_complete_waits_for_the_last_draft(engine: Engine, client: Client) -> None:
    last = answered(
        engine, client, draft(0, last=True, seq=4), draft(0), b"noise", draft(1, last=True)
    )
    assert (last.seq, last.number) == (5, 1)
    assert engine.hear() == ASK


def test_complete_takes_the_latest_when_time_runs_out(engine: Engine, client: Client) -> None:
    assert answered(engine, client, draft(0), draft(1), timeout_s=0.2).number == 1


def test_complete_says_what_went_wrong(engine: Engine, client: Client) -> None:
    with pytest.raises(ValueError, match="the engine cannot do this: out of tune"):
        answered(engine, client, wire.encode(wire.Failed(5, "out of tune")))
    with pytest.raises(ConnectionError, match="has ended"):
        answered(engine, client, wire.encode(wire.Goodbye()))
    with pytest.raises(TimeoutError, match=r"gave no answer in 0\.05 s"):
        answered(engine, client, timeout_s=0.05)
    with Client("tcp://127.0.0.1:9") as lonely, pytest.raises(TimeoutError, match="start one with"):
        lonely.complete(ASK, 0.05)


def test_tokens_survive_the_way() -> None:
    tokens = np.random.default_rng(0).integers(513, size=(1024, 3))
    np.testing.assert_array_equal(wire.unpack(wire.pack(tokens)), tokens)
