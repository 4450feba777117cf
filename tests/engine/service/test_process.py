"""The engine as a process: started, shared, killed, asked for what it cannot do."""

import os
import signal
import socket as tcp
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service import server, wire
from schmubert.engine.service.client import EXIT_ADDRESS_IN_USE, Client, spawn_engine
from schmubert.engine.service.connections import unmonitored
from tests import tiny_model
from tests.engine.service.asking import ask


@pytest.fixture
def address() -> str:
    with tcp.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Spawned:
    """Engines of this test, ended with it."""

    def __init__(self, address: str, model: Path, log: Path) -> None:
        self.address, self.model, self.log = address, model, log
        self.processes: list[subprocess.Popen[bytes]] = []

    def engine(self, **others: Any) -> "subprocess.Popen[bytes]":
        process = spawn_engine(self.address, self.log, self.model, "cpu", **others)
        self.processes.append(process)
        return process

    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture
def spawned(address: str, tiny_model_file: Path, tmp_path: Path) -> Iterator[Spawned]:
    spawned = Spawned(address, tiny_model_file, tmp_path / "engine.log")
    yield spawned
    for process in spawned.processes:
        process.kill()
        process.wait()


def welcomed(client: Client, timeout_s: float = 30.0) -> wire.Welcome:
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        client.hello()
        client.socket.poll(50)
        for message in client.receive():
            if isinstance(message, wire.Welcome):
                return message
    raise TimeoutError


def test_an_engine_starts_plays_and_ends_by_itself(spawned: Spawned) -> None:
    process = spawned.engine(linger_s=0.5)
    with Client(spawned.address) as client:
        welcome = welcomed(client)
        assert welcome.model == "tiny"
        assert welcome.runtime.endswith("on cpu, 1 thread")
        draft = client.complete(ask(1), 10.0)
        assert wire.unpack(draft.tokens)[-STEPS_PER_BAR:, Track.BASS].tolist() == (
            tiny_model.bar_of(Track.BASS)
        )
        client.send(wire.Goodbye())
    assert process.wait(10.0) == 0
    first, last = spawned.said().splitlines()
    assert first.startswith(f"listening at {spawned.address}: tiny in onnxruntime ")
    assert first.endswith(" ms a call")
    assert last.startswith("ended: 1 asks, ")


def test_several_players_share_an_engine(spawned: Spawned) -> None:
    spawned.engine()
    clients = [Client(spawned.address) for _ in range(5)]
    for client in clients:
        welcomed(client)
    for seq, client in enumerate(clients):
        assert client.send(ask(seq, 5000.0))
    for seq, client in enumerate(clients):
        drafts: list[wire.Draft] = []
        while not (drafts and drafts[-1].last):
            assert client.socket.poll(10_000)
            drafts += [m for m in client.receive() if isinstance(m, wire.Draft)]
        assert {draft.seq for draft in drafts} == {seq}
        assert [draft.number for draft in drafts] == list(range(len(drafts)))
        client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_goodbye(spawned: Spawned, number: signal.Signals) -> None:
    process = spawned.engine()
    with Client(spawned.address) as client:
        welcomed(client)
        process.send_signal(number)
        received: list[wire.ToClient] = []
        while wire.Goodbye() not in received:  # a second Welcome may be on its way
            assert client.socket.poll(5000), f"no Goodbye after {received}"
            received += client.receive()
        assert process.wait(10.0) == 0
    assert "Traceback" not in spawned.said()


def test_a_killed_engine_is_followed_by_another_and_gets_nothing_stale(spawned: Spawned) -> None:
    first = spawned.engine()
    with Client(spawned.address) as client:
        welcomed(client)
        first.kill()
        first.wait()
        while client.send(ask(1)):
            time.sleep(0.01)
        began_s = time.monotonic()
        for _ in range(1000):
            assert not client.send(ask(2))
        assert time.monotonic() - began_s < 0.5  # a dead engine never holds anybody up
        spawned.engine()
        welcomed(client)
        assert client.complete(ask(3), 10.0).seq == 3
        assert all(getattr(message, "seq", 3) == 3 for message in client.receive())


def test_of_two_that_race_the_loser_ends_quietly(spawned: Spawned) -> None:
    with Client(spawned.address) as client:
        spawned.engine()
        welcomed(client)
        assert spawned.engine().wait(10.0) == EXIT_ADDRESS_IN_USE
        assert spawned.said().splitlines()[-1] == (
            f"Error: {spawned.address} is in use: join the engine there, or choose another --bind"
        )
        assert client.complete(ask(1), 10.0).last


@contextmanager
def listening(address: str) -> Iterator[None]:
    """A socket of an engine, closed as `Lookout` and the engine do it."""
    router = server.listen(address)
    try:
        yield
    finally:
        unmonitored(router)
        router.close(linger=0)


def test_an_address_that_is_taken_over_ipc_is_not_stolen(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/engine"
    with listening(address), pytest.raises(server.AddressInUseError, match="is in use"):
        server.listen(address)
    until_s = time.monotonic() + 5.0
    while server._answers(f"{tmp_path}/engine") and time.monotonic() < until_s:
        time.sleep(0.01)
    with listening(address):  # what a dead engine left is no obstacle
        pass


def test_an_engine_that_takes_nobody_in_any_more_keeps_its_address(tmp_path: Path) -> None:
    path = tmp_path / "engine"
    with tcp.socket(tcp.AF_UNIX) as hung, ExitStack() as queue:
        hung.bind(str(path))
        hung.listen(0)
        for _ in range(3):
            waiting = queue.enter_context(tcp.socket(tcp.AF_UNIX))
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(str(path))
        with pytest.raises(server.AddressInUseError, match="is in use"):
            server.listen(f"ipc://{path}")


@pytest.mark.parametrize(
    "wrong", ["nonsense", "tcp://", "tcp://127.0.0.1:99999", "tcp://192.0.2.1:5", "ftp://a:1"]
)
def test_what_is_no_address_is_told(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^cannot listen at .*: give --bind tcp://"):
        server.listen(wrong)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "schmubert.engine", "--bind", "tcp://127.0.0.1:*", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_model_that_is_none_is_one_line(tmp_path: Path) -> None:
    song = tmp_path / "song.onnx"
    song.write_bytes(b"MThd")
    for model, says in (
        (song, "no model that ONNX Runtime can read"),
        (tmp_path / "x.onnx", "no such"),
    ):
        ended = run("--model", str(model))
        assert ended.returncode == 1
        assert ended.stdout == ""
        (line,) = ended.stderr.splitlines()
        assert line.startswith("Error: ")
        assert says in line


@pytest.mark.skipif(sys.platform != "linux", reason="processor time is read from /proc")
def test_more_connections_than_files_leave_an_engine_idle_and_open_to_players(
    address: str, tiny_model_file: Path, tmp_path: Path
) -> None:
    log, port = tmp_path / "engine.log", int(address.rpartition(":")[2])
    command = f"ulimit -n 100; exec {sys.executable} -m schmubert.engine"
    command += f" --bind {address} --device cpu --model {tiny_model_file}"
    with log.open("wb") as lines:
        engine = subprocess.Popen(["sh", "-c", command], stdout=lines, stderr=lines)
    strangers = []
    try:
        with Client(address) as client:
            welcomed(client)
            strangers = [tcp.create_connection(("127.0.0.1", port)) for _ in range(120)]
            time.sleep(1.0)
            assert client.complete(ask(1), 10.0).last
            before_s = processor_s(engine.pid)
            time.sleep(1.0)
            assert processor_s(engine.pid) - before_s < 0.5
        with Client(address) as newcomer:
            welcomed(newcomer)
    finally:
        for stranger in strangers:
            stranger.close()
        engine.kill()
        engine.wait()
    said = log.read_text()
    assert "36 connections at once, not 256" in said
    assert "more than 36 connections: one is closed" in said


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_limits_of_an_engine_are_its_options(address: str, spawned: Spawned) -> None:
    command = [sys.executable, "-m", "schmubert.engine", "--bind", address, "--device", "cpu"]
    command += ["--model", str(spawned.model), "--most-calls", "8", "--most-players", "1"]
    spawned.processes.append(subprocess.Popen(command))
    with Client(address) as client, Client(address) as second:
        welcomed(client)
        with pytest.raises(ValueError, match="first_calls 9 is more than the 8 of this engine"):
            client.complete(ask(1, first_calls=9), 10.0)
        client.complete(ask(2, most_calls=8), 10.0)
        welcomed(second)  # the first is idle, and makes room


def test_help_is_there_before_anything_heavy() -> None:
    code = (
        "import sys; from schmubert.engine.__main__ import engine_command;"
        "heavy = {'numpy', 'zmq', 'onnxruntime', 'torch', 'msgspec'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    ended = run("--help")
    assert ended.returncode == 0
    for option in ("--model", "--device", "--bind", "--threads", "--linger-s", "--most-calls"):
        assert option in ended.stdout


def test_what_lies_in_the_players_folder_is_not_run(
    spawned: Spawned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    players = tmp_path / "songs"
    players.mkdir()
    (players / "queue.py").write_text("raise SystemExit('a shadow')")
    (players / "tiny.onnx").write_bytes(spawned.model.read_bytes())
    monkeypatch.chdir(players)
    spawned.model = Path("tiny.onnx")
    spawned.engine()
    with Client(spawned.address) as client:
        assert welcomed(client).model == "tiny"


@pytest.mark.skipif(os.name != "posix", reason="other systems have no sessions")
def test_a_spawned_engine_is_out_of_reach_of_ctrl_c(spawned: Spawned) -> None:
    process = spawned.engine()
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
