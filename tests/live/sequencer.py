"""A sequencer that nobody here wrote: jack_transport, jack_midi_clock and jack_midiseq."""

import subprocess
import time
from collections.abc import Sequence

from tests.live.midi_server import PATIENCE_S, MidiServer, end, start, wait_until

CLOCK_PORT = "jack_midi_clock:mclk_out"
MELODY_PORT = "Seq:out"
CLOCKS_PER_STEP = 6
MELODY = ((0, 60, 12000), (24000, 64, 12000), (48000, 67, 12000), (72000, 72, 12000))
"""(start frame, pitch, length) of four quarters at 120 BPM and 48 kHz."""


class Sequencer:
    """The transport with its clock and a melody that loops; stands until `play`."""

    def __init__(
        self,
        server: MidiServer,
        tempo_bpm: float = 120.0,
        melody: Sequence[tuple[int, int, int]] = MELODY,
        loop_frames: int = 96000,
    ) -> None:
        self._server = server
        self._processes: list[subprocess.Popen[bytes]] = []
        self._transport = self._start("jack_transport", stdin=subprocess.PIPE)
        self.say("stop", "locate 0", "master", f"tempo {tempo_bpm:g}")
        self._start("jack_midi_clock", "-d", "0.5")
        notes = [str(number) for note in melody for number in note]
        self._start("jack_midiseq", "Seq", str(loop_frames), *notes)
        wait_until(
            lambda: {CLOCK_PORT, MELODY_PORT} <= set(server.ports()),
            PATIENCE_S,
            "the ports of the sequencer",
            pause_s=0.1,
        )

    def _start(self, *command: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        process = start(command, self._server.env, stdin, stderr=subprocess.DEVNULL)
        self._processes.append(process)
        return process

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    def say(self, *lines: str) -> None:
        """`lines` to jack_transport, one by one."""
        assert self._transport.stdin is not None
        for line in lines:
            self._transport.stdin.write(f"{line}\n".encode())
            self._transport.stdin.flush()
            time.sleep(0.05)  # it takes a line a period

    def play(self) -> None:
        self.say("play")

    def stop(self) -> None:
        self.say("stop")

    def locate(self, frame: int) -> None:
        self.say(f"locate {frame}")

    def close(self) -> None:
        for process in reversed(self._processes):
            end(process, grace_s=1.0)
