"""A wire between the DAW's clock and the bridge, which can be spoiled."""

import subprocess
import sys
from pathlib import Path

from tests.live.midi_server import MidiServer, end, start

CLIENT = "wire"
PROGRAM = Path(__file__).resolve().with_name("wiring.py")


class Wire:
    """The process of `wiring.py`, as seen from a test."""

    def __init__(self, server: MidiServer) -> None:
        self.source, self.target = f"{CLIENT}:in", f"{CLIENT}:out"
        self._process = start(
            [sys.executable, str(PROGRAM), CLIENT],
            server.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the wire did not start")

    @property
    def pid(self) -> int:
        return self._process.pid

    def be(self, word: str) -> None:
        """Spoil what runs through, or let it through."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        end(self._process)
