"""How far from their 16ths notes are sent: the owner's loop in real time, idle and under load.

    python benchmarks/emission_jitter.py [--seconds 30] [--tempo 120] [--watched]

A clock comes in cycles of 5.3 ms (MIDI through an audio server), a brain process commits every
16th, and the ports lie in memory. Measured is the distance of each send from the grid of the
clock's sender, on an idle machine and with every core kept busy by another process. `--watched`
repeats each with the screen drawn on a pseudo-terminal and the session recorded.
"""

import argparse
import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from busy import busy_cores

from schmubert.bridge.audience import Audience
from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.brain_process import BrainProcess
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.bytes import CLOCK, START
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Event, Moved, Play, Quit, Setup
from schmubert.bridge.protocol.pipe import brain_end
from schmubert.bridge.protocol.quantile import quantile
from schmubert.bridge.protocol.roles import input_part, output_part, rig

RIG = rig([input_part("DAW")], [output_part("Bass")], None)
SETUP = Setup(hears=(0,), plays=(1,))
CYCLE_S = 256 / 48000
LEAD_S = 2.0
STEADY_BEATS = 2
"""Beats after the start that are not measured: the clock is new."""


def be_brain() -> None:
    """Commit the beat after next, a note on each 16th."""
    owner = brain_end(socket.socket(fileno=0))
    while not owner.closed:
        for message in owner.hear():
            if isinstance(message, Quit):
                return
            if isinstance(message, Moved) and message.rolling:
                beat = float(int(message.at_beat + 0.01) + 1)
                events = []
                for step in range(4):
                    events.append(Event(beat + step / 4, 40, 90))
                    events.append(Event(beat + step / 4 + 0.2, 40, 0))
                owner.say(Play(message.passage, 1, beat, beat + 1.0, tuple(events)))
        time.sleep(0.002)


class CycledPorts(MemoryPorts):
    """Gives out each message at the end of the cycle it falls in, dated by the middle of that."""

    def poll(self) -> list[tuple[float, int, bytes]]:
        polled = []
        for at_s, port, message in super().poll():
            cycle = at_s // CYCLE_S
            polled.append(((cycle + 0.5) * CYCLE_S, port, message))
        return polled


@contextmanager
def watched() -> Iterator[Callable[[Record], None]]:
    """A screen on a terminal that somebody reads, and a recording."""
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.environ["TERM"] = "xterm-256color"
    kept = os.dup(2)
    os.dup2(slave, 2)
    with tempfile.TemporaryDirectory() as folder:
        audience = Audience(SETUP, RIG, Timing(), Path(folder), drawn=True)
        os.dup2(kept, 2)
        reader = multiprocessing.Process(target=drain, args=(master,), daemon=True)
        reader.start()
        try:
            assert audience.witness is not None
            yield audience.witness
        finally:
            audience.close()
            reader.kill()
            reader.join()
            for number in (master, slave, kept):
                os.close(number)


def drain(terminal: int) -> None:
    while os.read(terminal, 65536):
        pass


def measure(
    seconds: float, tempo_bpm: float, witness: Callable[[Record], None] | None = None
) -> tuple[list[float], str]:
    """Distances of sends from their 16ths in ms, and the loop's own report."""
    beats = int(seconds * tempo_bpm / 60.0)
    tick_s = 60.0 / 24.0 / tempo_bpm
    script = [(number * tick_s, 0, bytes((CLOCK,))) for number in range(24 * beats)]
    start = 24 * (int(LEAD_S / tick_s) // 24)
    script.append((start * tick_s - tick_s / 2, 0, bytes((START,))))
    ports = CycledPorts(script, starts_s=time.monotonic() + 0.5)
    assert ports.starts_s is not None
    first_beat_s = ports.starts_s + start * tick_s
    report = perform(
        ports,
        RIG,
        SETUP,
        Timing(),
        say=lambda _: None,
        witness=witness,
        until=lambda _: ports.finished,
        start_brain=lambda: BrainProcess(
            (sys.executable, str(Path(__file__).resolve()), "--brain")
        ),
    )
    step_s = 15.0 / tempo_bpm
    off_ms = []
    for at_s, _, message in ports.sent:
        since_s = at_s - first_beat_s
        if message[0] == 0x90 and since_s > STEADY_BEATS * 4 * step_s:
            off_ms.append((since_s - round(since_s / step_s) * step_s) * 1000.0)
    return off_ms, str(report)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--tempo", type=float, default=120.0)
    parser.add_argument("--watched", action="store_true", help="with screen and recording too")
    parser.add_argument("--brain", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.brain:
        be_brain()
        return
    cores = os.cpu_count() or 1
    print(f"{cores} cores, {options.tempo:g} BPM; |ms| from the 16th: p50 / p99 / max")
    runs = [("idle", 0, False), (f"{cores} cores busy", cores, False)]
    if options.watched:
        runs += [(f"{name}, watched", processes, True) for name, processes, _ in runs]
    for name, processes, seen in runs:
        with busy_cores([None] * processes), watched() if seen else nullcontext() as witness:
            off_ms, report = measure(options.seconds, options.tempo, witness)
        size = [abs(off) for off in off_ms]
        p50, p99 = (quantile(size, share) for share in (0.5, 0.99))
        print(f"{name}: {p50:.2f} / {p99:.2f} / {max(size):.2f}, {len(size)} notes ({report})")


if __name__ == "__main__":
    main()
