"""An engine as a process of its own, what is asked of it, and a peer without manners."""

import contextlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from reply_time import welcomed

from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import MASK, TRIO, Track, onset_token
from schmubert.engine.service.client import Client
from schmubert.engine.service.wire import Request, Welcome, pack, pack_cells

BEAT_S = 0.5  # at 120 BPM
WINDOW_BARS = 16
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@dataclass(frozen=True)
class Engine:
    """An engine at `address`, and what it said of itself."""

    process: "subprocess.Popen[bytes]"
    address: str
    about: Welcome
    log: Path

    @property
    def memory_mb(self) -> float:
        """What it has in memory (resident)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6

    @property
    def processor_s(self) -> float:
        """The time it had of a processor."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100.0

    @property
    def said(self) -> str:
        """What it wrote."""
        return self.log.read_text(errors="replace")


@contextlib.contextmanager
def started(model: Path | None, options: Sequence[str] = ()) -> Iterator[Engine]:
    """An engine with `model`, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "schmubert.engine", "--bind", address, "--device", "cpu"]
    command += [] if model is None else ["--model", str(model)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "engine.log")
        with log.open("wb") as lines:
            process = subprocess.Popen([*command, *options], stdout=lines, stderr=lines)
        try:
            with Client(address) as client:
                yield Engine(process, address, welcomed(client, process, log), log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def a_bar(seed: int, known: Sequence[int], wanted_s: float = BEAT_S) -> Request:
    """Bass and drums of a bar under a melody in quarters, wanted in `wanted_s`, beat after beat."""
    rng = np.random.default_rng(seed)
    tokens = np.zeros((WINDOW_BARS * STEPS_PER_BAR, len(TRIO)), np.int64)
    beats = tokens[::4]
    beats[:, Track.MELODY] = [onset_token(int(pitch)) for pitch in rng.choice(SCALE, len(beats))]
    beats[:, Track.BASS], beats[:, Track.DRUMS] = onset_token(36), 1
    tokens[-STEPS_PER_BAR:] = MASK
    targets = np.zeros(tokens.shape, bool)
    targets[-STEPS_PER_BAR:, [Track.BASS, Track.DRUMS]] = True
    columns = list(known)
    freezes_ms = [0.0] * (4 * (WINDOW_BARS - 1))
    freezes_ms += [1000.0 * (wanted_s + BEAT_S * beat) for beat in range(4)]
    return Request(
        0,
        pack(tokens[:, columns]),
        pack_cells(targets[:, columns]),
        1000.0 * wanted_s,
        tuple(freezes_ms),
    )


class Rude:
    """A connection of TCP that has shaken hands as ZeroMQ does, and then sends what it likes."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=1.0)
        self.socket.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0"))
        self.socket.sendall(bytes(32))
        got = b""
        while len(got) < 64:
            some = self.socket.recv(64 - len(got))
            if not some:
                raise ConnectionError("no ZeroMQ there")
            got += some
        ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
        self.socket.sendall(bytes((4, len(ready))) + ready)

    def frames_without_end(self, length: int, most_bytes: int, for_s: float = 2.0) -> int:
        """Send frames of `length`, each of which says that more follow; the bytes that went out."""
        one = b"\x03" + struct.pack(">Q", length) + bytes(length) if length > 255 else b""
        one = one or bytes((1, length)) + bytes(length)
        many = one * max(1, 65_536 // len(one))
        sent, until_s = 0, time.monotonic() + for_s
        with contextlib.suppress(OSError):
            while sent < most_bytes and time.monotonic() < until_s:
                self.socket.sendall(many)
                sent += len(many)
        return sent

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
