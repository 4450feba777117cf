"""Strangers: a real engine with keys, and whoever comes to it. One engine serves these tests."""

import os
import shutil
import socket as tcp
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zmq
from click.testing import CliRunner

from schmubert.bridge.brain.engine_link import Answer, EngineLink
from schmubert.bridge.protocol.messages import GiveUp
from schmubert.cli.main import main
from schmubert.engine.service import wire
from schmubert.engine.service.admission import FAILURES
from schmubert.engine.service.client import EXIT_ADDRESS_IN_USE, Client
from schmubert.engine.service.keys import make, public_key
from tests.engine.service.asking import ask

SOON_S = 20.0  # beside others that are busy
GREETING = b"\xff" + bytes(8) + b"\x7f"


class Studio:
    """An engine with keys, in a folder of its own."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.players = folder / "players"
        self.players.mkdir()
        self.engine_pub = make(folder / "studio")[1]
        self.anna = self.player("anna")
        self.log = folder / "engine.log"
        with tcp.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.process = self.start(model)

    def start(self, model: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "schmubert.engine", "--model", str(model)]
        command += ["--bind", f"tcp://0.0.0.0:{self.port}", "--device", "cpu"]
        command += ["--key", str(self.folder / "studio.key"), "--players", str(self.players)]
        with self.log.open("wb") as lines:
            return subprocess.Popen(command, stdout=lines, stderr=lines)

    def player(self, name: str, known: bool = True) -> Path:
        secret, public = make(self.folder / name, self.engine_pub)
        if known:
            shutil.copy(public, self.players)
        return secret

    def said(self) -> str:
        return self.log.read_text()

    def plays(self, key: Path) -> None:
        """The player with `key` gets a draft."""
        with Client(self.address, key) as client:
            assert client.complete(ask(1), 30.0).last


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, tiny_model_file: Path) -> Iterator[Studio]:
    studio = Studio(tmp_path_factory.mktemp("studio"), tiny_model_file)
    yield studio
    assert studio.process.poll() is None, studio.said()
    studio.process.terminate()
    assert studio.process.wait(10.0) == 0
    assert "Traceback" not in studio.said()


def refused(client: Client) -> str:
    """What the client says of it, soon, having received nothing."""
    until_s = time.monotonic() + SOON_S
    while time.monotonic() < until_s:
        client.hello()
        assert client.receive() == []
        if line := client.refused():
            return line
        time.sleep(0.01)
    raise TimeoutError


def test_the_right_key_plays(studio: Studio) -> None:
    studio.plays(studio.anna)
    assert studio.said().startswith(f"listening at tcp://0.0.0.0:{studio.port}: tiny in ")
    assert "whoever reaches" not in studio.said()


def test_a_key_that_is_not_listed_gets_nothing_and_a_line(studio: Studio) -> None:
    key = studio.player("bob", known=False)
    with Client(studio.address, key) as client:
        assert refused(client) == (
            f"the engine at {studio.address} does not know the key in {key}: have bob.pub put"
            " among its --players"
        )
    with (
        pytest.raises(ConnectionError, match=r"have bob\.pub put among"),
        Client(studio.address, key) as client,
    ):
        client.complete(ask(1), 30.0)
    assert f"refused: the key {public_key(key.with_suffix('.pub')).decode()}" in studio.said()


def test_a_key_that_is_added_while_the_engine_runs_plays(studio: Studio) -> None:
    key = studio.player("carl", known=False)
    with Client(studio.address, key) as client:
        assert "does not know the key" in refused(client)
        shutil.copy(key.with_suffix(".pub"), studio.players)
        client.dial()
        assert client.complete(ask(1), 30.0).last
        (studio.players / "carl.pub").unlink()
        assert client.complete(ask(2), 30.0).last  # who is there stays
    with Client(studio.address, key) as client:
        assert "does not know the key" in refused(client)


def test_no_key_gets_nothing_and_a_line(studio: Studio) -> None:
    with Client(studio.address) as client:
        line = refused(client)
    assert f" at {studio.address} wants a key" in line
    assert "ask for its .pub file, make yours by schmubert keygen NAME --engine FILE" in line
    assert line.endswith("give --key NAME.key")


def test_a_key_for_another_engine_gets_nothing_and_a_line(studio: Studio) -> None:
    other = make(studio.folder / "other")[1]
    key, public = make(studio.folder / "dora", other)
    shutil.copy(public, studio.players)
    with Client(studio.address, key) as client:
        line = refused(client)
        assert f"is not the one that {key} is for, or has no key: ask for its .pub file" in line


def test_the_secret_of_another_is_not_had_by_its_name(studio: Studio) -> None:
    """A pair whose public half is listed and whose secret half is another's is no pair."""
    forged = studio.folder / "forged.key"
    eve = studio.player("eve", known=False)
    text = studio.anna.read_text().splitlines()
    text[3] = eve.read_text().splitlines()[3]
    forged.touch(0o600)
    forged.write_text("\n".join(text))
    with pytest.raises(ValueError, match="is damaged"):
        Client(studio.address, forged)
    with raw_dealer(studio) as dealer:  # past our own check
        anna, other = (dict(pairs(path)) for path in (studio.anna, eve))
        dealer.setsockopt(zmq.CURVE_SERVERKEY, anna["engine"])
        dealer.setsockopt(zmq.CURVE_PUBLICKEY, anna["public"])
        dealer.setsockopt(zmq.CURVE_SECRETKEY, other["secret"])
        gets_nothing(dealer, studio)


def pairs(path: Path) -> Iterator[tuple[str, bytes]]:
    for line in path.read_text().splitlines():
        if "-key" in line and "=" in line:
            kind, _, key = line.strip().partition("-key = ")
            yield kind, key.strip('"').encode()


def raw_dealer(studio: Studio) -> "zmq.Socket[bytes]":
    del studio
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    dealer = context.socket(zmq.DEALER)
    dealer.setsockopt(zmq.LINGER, 0)
    return dealer


def gets_nothing(dealer: "zmq.Socket[bytes]", studio: Studio) -> None:
    dealer.connect(studio.address)
    dealer.send(wire.encode(wire.Hello()))
    assert not dealer.poll(300)
    studio.plays(studio.anna)


def test_plain_mechanism_gets_nothing(studio: Studio) -> None:
    with raw_dealer(studio) as dealer:
        dealer.setsockopt(zmq.PLAIN_USERNAME, b"anna")
        dealer.setsockopt(zmq.PLAIN_PASSWORD, b"anna")
        gets_nothing(dealer, studio)


def test_null_mechanism_gets_nothing(studio: Studio) -> None:
    with raw_dealer(studio) as dealer:
        gets_nothing(dealer, studio)


def greeting(mechanism: bytes, version: bytes = b"\x03\x01", server: bool = False) -> bytes:
    return GREETING + version + mechanism.ljust(20, b"\0") + bytes([server]) + bytes(31)


def command(body: bytes) -> bytes:
    return b"\x04" + bytes([len(body)]) + body


READY = command(b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(64),
        b"\xff" * 4096,
        os.urandom(4096),
        greeting(b"NULL") + READY + b"\0\x05hello",
        greeting(b"CURVE") + READY + b"\0\x05hello",
        greeting(b"CURVE", server=True) + command(b"\x07WELCOME" + bytes(160)),
        greeting(b"CURVE") + command(b"\x05HELLO" + bytes(195)),
        greeting(b"CURVE") + command(b"\x05HELLO\x01\x00" + os.urandom(192)),
        greeting(b"CURVE") + command(b"\x08INITIATE" + os.urandom(240)),
        greeting(b"CURVE") + b"\x06" + (2**40).to_bytes(8, "big"),
        greeting(b"GSSAPI") + command(b"\x08INITIATE"),
        b"\x01\0\0\x05hello",  # ZMTP 1.0, which knows no mechanism
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0\0\x05hello",  # ZMTP 2.0, neither
    ],
    ids=range(14),
)
def test_garbage_gets_nothing_of_ours(studio: Studio, sent: bytes) -> None:
    with tcp.create_connection(("127.0.0.1", studio.port), timeout=SOON_S) as stranger:
        stranger.sendall(sent)
        stranger.settimeout(0.3)
        answer = b""
        try:
            while more := stranger.recv(4096):
                answer += more
        except OSError:  # it is closed, or nothing comes
            pass
    assert b"READY" not in answer
    assert b"WELCOME" not in answer
    assert len(answer) <= 128  # a greeting, and perhaps a command that says no
    studio.plays(studio.anna)


def test_many_strangers_do_not_keep_a_player_out(studio: Studio) -> None:
    silent = [tcp.create_connection(("127.0.0.1", studio.port)) for _ in range(50)]
    for stranger in silent[::2]:
        stranger.sendall(greeting(b"CURVE"))
    studio.plays(studio.anna)
    for stranger in silent:
        stranger.close()
    studio.plays(studio.anna)


def met(address: str | None, key: Path | None) -> list[Answer]:
    """What a bridge's link says until it has met the engine or gives up."""
    secret = None if key is None else str(key)
    link = EngineLink(address, None, "cpu", time.monotonic(), start=in_use, key=secret)
    answers: list[Answer] = []
    until_s = time.monotonic() + SOON_S
    while time.monotonic() < until_s:
        answers += link.receive(time.monotonic())
        if any(isinstance(answer, wire.Welcome | GiveUp) for answer in answers):
            break
        time.sleep(0.01)
    link.close()
    return answers


def in_use(*_: object) -> Any:
    """An engine that is started where one listens ends at once."""
    return SimpleNamespace(poll=lambda: EXIT_ADDRESS_IN_USE)


def test_a_bridge_gives_up_with_that_line(studio: Studio) -> None:
    said = met(studio.address, None)[-1]
    assert isinstance(said, GiveUp)
    assert "wants a key" in said.reason
    (said,) = met(studio.address, studio.player("fred", known=False))
    assert isinstance(said, GiveUp)
    assert "fred.pub" in said.reason
    welcome, _ = met(studio.address, studio.anna)
    assert isinstance(welcome, wire.Welcome)
    with pytest.raises(ValueError, match="add --engine ADDRESS"):
        met(None, studio.anna)


@pytest.mark.live
def test_a_whole_band_plays_with_a_key_and_not_without(studio: Studio, tmp_path: Path) -> None:
    """Owner and brain are processes here, and the ports are in memory."""
    words = ["demo", "--bars", "2", "--tempo", "300", "--engine", studio.address, "--out"]
    played = CliRunner().invoke(main, [*words, str(tmp_path / "a"), "--key", str(studio.anna)])
    assert played.exit_code == 0, played.output
    assert (tmp_path / "a/demo.mid").exists()
    refused = CliRunner().invoke(main, [*words, str(tmp_path / "b")])
    assert refused.exit_code == 1
    assert "wants a key" in refused.output.splitlines()[-1]
    assert not (tmp_path / "b").exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_a_key_that_others_can_read_opens_nothing(studio: Studio) -> None:
    key = studio.player("gina")
    key.chmod(0o644)
    with pytest.raises(ValueError, match=f"can be read by others: chmod 600 {key}$"):
        met(studio.address, key)


def test_a_key_is_told_of_an_engine_without(studio: Studio) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with context, context.socket(zmq.ROUTER) as router:
        port = router.bind_to_random_port("tcp://127.0.0.1")
        with Client(f"tcp://127.0.0.1:{port}", studio.anna) as client:
            assert " has no key" in refused(client)
        assert not router.poll(0)


def test_a_key_is_told_of_what_is_no_engine(studio: Studio) -> None:
    with tcp.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5.0)
        with Client(f"tcp://127.0.0.1:{server.getsockname()[1]}", studio.anna) as client:
            other, _ = server.accept()
            other.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert "is no engine: give --engine the address of one" in refused(client)
            other.close()


def test_what_hangs_up_again_and_again_is_told_once() -> None:
    with tcp.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5.0)
        with Client(f"tcp://127.0.0.1:{server.getsockname()[1]}") as client:
            for _ in range(FAILURES + 5):
                server.accept()[0].close()
                assert client.receive() == []  # takes what has happened, whoever asks for it later
            time.sleep(0.05)
            assert "wants a key, or is no engine: ask for its .pub file" in client.refused()
            assert client.refused() == ""
