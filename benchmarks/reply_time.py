"""How long a player waits for the engine: from an ask to its first draft, and to its last.

    python benchmarks/reply_time.py [--model FILE] [--device auto] [--asks 200] [--window-bars 16]

A real engine process, asked over ZeroMQ as the bridge asks it: for one bar of bass (16 cells),
and for four bars of bass and drums (128 cells), at the end of a window whose melody is heard up
to there. The bass so far has no bar twice: where it has, the next is mostly one of these again,
which takes two calls, not six. The budget is ample, so that every draft is made: one in the first
calls of the model's recipe, and remade ones up to its most, as on stage.
Twice: on a machine left alone, and with another core kept busy, as by a DAW.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from busy import busy_cores

from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import MASK, TRIO, Track, onset_token
from schmubert.engine.service.client import Client, spawn_engine
from schmubert.engine.service.wire import Draft, Failed, Request, Welcome, pack, pack_cells

AMPLE_MS = 30_000.0
START_S = 120.0
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


class Task(NamedTuple):
    """What is asked for: `bars` at the end of the window, in `tracks`."""

    name: str
    bars: int
    tracks: tuple[Track, ...]


TASKS = (
    Task("1 bar of bass", 1, (Track.BASS,)),
    Task("4 bars of bass and drums", 4, (Track.BASS, Track.DRUMS)),
)


class Reply(NamedTuple):
    """Seconds from an ask to its first draft and to its last, and the calls of each."""

    first_s: float
    last_s: float
    first_calls: int
    last_calls: int


def ask(task: Task, seq: int, window_bars: int, known: tuple[Track, ...]) -> Request:
    """A melody in quarters, the past of the others as it may be, the end masked."""
    rng = np.random.default_rng(seq)
    tokens = np.zeros((window_bars * STEPS_PER_BAR, len(TRIO)), np.int64)
    beats = tokens[::4]
    tune = rng.choice(SCALE, len(beats))
    beats[:, Track.MELODY] = [onset_token(int(pitch)) for pitch in tune]
    beats[:, Track.BASS] = [onset_token(int(pitch) - 24) for pitch in tune]
    beats[:, Track.DRUMS] = 1
    coming = slice(-task.bars * STEPS_PER_BAR, None)
    tokens[coming] = MASK
    targets = np.zeros(tokens.shape, bool)
    targets[coming, list(task.tracks)] = True
    columns = list(known)
    return Request(
        seq, pack(tokens[:, columns]), pack_cells(targets[:, columns]), AMPLE_MS, seed=seq
    )


def replied(client: Client, request: Request) -> Reply:
    """Send `request` and time its drafts."""
    began_s = time.perf_counter()
    client.send(request)
    first: tuple[float, int] | None = None
    while True:
        if not client.socket.poll(int(AMPLE_MS)):
            raise SystemExit("the engine does not answer")
        for message in client.receive():
            now_s = time.perf_counter() - began_s
            if isinstance(message, Failed):
                raise SystemExit(f"the engine cannot do this: {message.reason}")
            if not isinstance(message, Draft) or message.seq != request.seq:
                continue
            first = first or (now_s, message.calls)
            if message.last:
                return Reply(first[0], now_s, first[1], message.calls)


def welcomed(client: Client, engine: "subprocess.Popen[bytes]", log: Path) -> Welcome:
    """Wait for the engine; SystemExit with its last words where it does not start."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and engine.poll() is None:
        client.hello()
        client.socket.poll(50)
        for message in client.receive():
            if isinstance(message, Welcome):
                return message
    raise SystemExit(f"the engine does not start: {log.read_text().strip()}")


def line(name: str, values_s: list[float]) -> str:
    """The table's columns for `values_s`, in ms."""
    ordered = sorted(values_s)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    figures = (statistics.median(ordered), p99, ordered[-1])
    return f"{name:<62}" + "".join(f"{1000 * figure:>9.1f}" for figure in figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="the one that ships if not given")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--asks", type=int, default=200)
    parser.add_argument("--window-bars", type=int, default=16)
    parser.add_argument("--pause-ms", type=float, default=50.0, help="between two asks")
    parser.add_argument("--port", type=int, default=28766)
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0, 1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "engine.log")
        address = f"tcp://127.0.0.1:{given.port}"
        engine = spawn_engine(address, log, given.model, given.device, given.threads)
        try:
            with Client(address) as client:
                about = welcomed(client, engine, log)
                known = tuple(Track(track) for track in about.tracks)
                print(
                    f"{about.model} in {about.runtime}, {about.call_ms:.1f} ms a call on 16 bars;"
                    f" {len(cores)} cores, load {os.getloadavg()[0]:.1f},"
                    f" {given.asks} asks each, windows of {given.window_bars} bars"
                )
                print(f"\n{'ms from ask to draft':<62}{'p50':>9}{'p99':>9}{'max':>9}")
                for busy, kept_busy in (("idle", []), ("other core busy", cores[-1:])):
                    with busy_cores(kept_busy):
                        for task in TASKS:
                            if not set(task.tracks) <= set(known):
                                continue
                            measure(task, client, known, given, busy)
        finally:
            engine.terminate()
            engine.wait()


def measure(
    task: Task, client: Client, known: tuple[Track, ...], given: argparse.Namespace, busy: str
) -> None:
    """Print the two lines of `task`."""
    replies = []
    for seq in range(given.asks + 5):
        reply = replied(client, ask(task, seq, given.window_bars, known))
        if seq >= 5:  # the first ones warm up
            replies.append(reply)
        time.sleep(given.pause_ms / 1000)
    first, last = replies[0].first_calls, replies[0].last_calls
    name = f"{task.name}, {busy}"
    print(line(f"{name}: first draft, {first} calls", [r.first_s for r in replies]))
    print(line(f"{name}: last draft, {last} calls", [r.last_s for r in replies]))


if __name__ == "__main__":
    main()
