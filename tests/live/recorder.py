"""A recorder of MIDI with frame-exact times: a JACK client of its own, in its own process.

It knows nothing of rtmidi, of the bridge or of its clock: what it writes down is the frame, as
the server counts them, at which a message reached a port, and the time, as a server that is held
up does not count the frames of that time. The client itself is `recording.py`.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tests.live.midi_server import PATIENCE_S, MidiServer, end, start, wait_until

CLIENT = "recorder"
PROGRAM = Path(__file__).resolve().with_name("recording.py")


class Event(NamedTuple):
    """A message that reached `port` at `frame` of the server, `time_s` of the computer."""

    frame: int
    time_s: float
    port: str
    data: bytes

    @property
    def status(self) -> int:
        return self.data[0]

    @property
    def is_onset(self) -> bool:
        return self.data[0] & 0xF0 == 0x90 and self.data[2] > 0

    @property
    def is_end(self) -> bool:
        return self.data[0] & 0xF0 == 0x80 or (self.data[0] & 0xF0 == 0x90 and not self.data[2])

    @property
    def channel(self) -> int:
        """1 to 16, as players count."""
        return (self.data[0] & 0x0F) + 1


class Recorder:
    """The recording process as seen from a test: `events` grows while it runs."""

    def __init__(self, server: MidiServer, *ports: str) -> None:
        self.events: list[Event] = []
        self._on: dict[str, list[Event]] = {port: [] for port in ports}
        self.ports = {port: f"{CLIENT}:{port}" for port in ports}
        self.process = start(
            [sys.executable, str(PROGRAM), CLIENT, *ports],
            server.env,
            stdout=subprocess.PIPE,
        )
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(PATIENCE_S):
            self.close()
            raise RuntimeError("the recorder did not start")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == b"ready\n":
                self._ready.set()
                continue
            frame, time_s, port, data = line.decode().rstrip("\n").split("\t")
            event = Event(int(frame), float(time_s), port, bytes.fromhex(data))
            self.events.append(event)
            self._on[port].append(event)

    def on(self, port: str) -> list[Event]:
        """What reached `port` so far."""
        return self._on[port].copy()

    def onsets(self, port: str) -> list[Event]:
        """The note-ons that reached `port` so far."""
        return [event for event in self.on(port) if event.is_onset]

    def wait_for(self, condition: Callable[[], object], timeout_s: float, what: str) -> None:
        """Until `condition()` holds; TimeoutError with `what` otherwise.

        Conditions count what was heard so far: asked more often, they would take the processor from
        those who play.
        """
        wait_until(condition, timeout_s, what, pause_s=0.05)

    def close(self) -> None:
        end(self.process)
        self._reader.join(5)


def sounding(events: Iterable[Event]) -> set[tuple[int, int]]:
    """(channel, pitch) of the notes that `events` of one port start and do not end."""
    notes: dict[tuple[int, int], int] = {}
    for event in events:
        key = (event.channel, event.data[1]) if len(event.data) > 1 else (0, 0)
        if event.is_onset:
            notes[key] = notes.get(key, 0) + 1
        elif event.is_end:
            notes[key] = max(0, notes.get(key, 0) - 1)
    return {key for key, count in notes.items() if count}
