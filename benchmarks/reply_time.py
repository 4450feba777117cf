"""How long a player waits for the engine: from an ask to its first draft, and to its last.

    python benchmarks/reply_time.py [--model FILE] [--device auto] [--asks 200] [--window-bars 16]

A real engine process, asked over ZeroMQ, one ask of each kind in turn. As a bridge asks on stage,
beat after beat of one tune, of which each ask has heard a beat more: for the bass of this bar and
two ahead, from the next beat on. And about windows that it has never seen: for one bar of bass (16
cells), and for four bars of bass and drums (128 cells), at the end of a window whose melody is
heard up to there. The bass has no bar twice: where it has, the next is mostly one of these again,
which takes two calls, not six. The budget is ample, so that every draft is made: one in the first
calls of the model's recipe, and remade ones up to its most, as on stage.
Twice: on a machine left alone, and with another core kept busy, as by a DAW.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from busy import busy_cores

from schmubert.engine.diffusion.horizon import horizon_at
from schmubert.engine.music.meter import BEATS_PER_BAR, STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO, Track, onset_token
from schmubert.engine.service.client import Client, spawn_engine
from schmubert.engine.service.wire import (
    UNKNOWN_FORM,
    Constraints,
    Draft,
    Failed,
    Request,
    Welcome,
    pack,
    pack_cells,
)

AMPLE_MS = 30_000.0
START_S = 120.0
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


class Task(NamedTuple):
    """What is asked for: `bars` at the end of the window, in `tracks`; none: the next beat.

    One that is `seeded` is answered of its own window alone.
    """

    name: str
    bars: int
    tracks: tuple[Track, ...]
    seeded: bool = True


A_BAR = Task("1 bar of bass", 1, (Track.BASS,))
TASKS = (
    Task("the next beat of bass", 0, (Track.BASS,), False),
    Task("the same of its window alone", 0, (Track.BASS,)),
    A_BAR,
    Task("4 bars of bass and drums", 4, (Track.BASS, Track.DRUMS)),
)
WARM_UP_ASKS = 5
Asks: TypeAlias = Generator[Request, Draft, None]
"""What is asked, one ask after the last draft of the one before."""


class Reply(NamedTuple):
    """Seconds from an ask to its first draft and to its last, and the calls of each."""

    first_s: float
    last_s: float
    first_calls: int
    last_calls: int


def tune(bars: int, seed: int) -> Tokens:
    """A melody in quarters [steps, 3], and others beside it as they may be."""
    tokens = np.zeros((bars * STEPS_PER_BAR, len(TRIO)), np.int64)
    beats = tokens[::STEPS_PER_BEAT]
    pitches = np.random.default_rng(seed).choice(SCALE, len(beats))
    beats[:, Track.MELODY] = [onset_token(int(pitch)) for pitch in pitches]
    beats[:, Track.BASS] = [onset_token(int(pitch) - 24) for pitch in pitches]
    beats[:, Track.DRUMS] = 1
    return tokens


def of_new_windows(task: Task, asks: int, window_bars: int, known: tuple[Track, ...]) -> Asks:
    """Each of another tune, the end of which is masked: the same ask for the same number."""
    coming, columns = slice(-task.bars * STEPS_PER_BAR, None), list(known)
    for seq in range(asks):
        tokens = tune(window_bars, seq)
        tokens[coming] = MASK
        targets = np.zeros(tokens.shape, bool)
        targets[coming, list(task.tracks)] = True
        cells = pack(tokens[:, columns]), pack_cells(targets[:, columns])
        yield Request(seq, *cells, AMPLE_MS, seed=seq)


def of_next_beats(task: Task, asks: int, window_bars: int, known: tuple[Track, ...]) -> Asks:
    """Beat after beat of one tune, heard up to a cell before the beat that is asked for.

    The forms that the last draft was drawn with stay until the next bar line.
    """
    columns, begins = list(known), window_bars * STEPS_PER_BAR
    tape = tune(window_bars + asks // BEATS_PER_BAR + 4, 0)
    heard = [track for track in TRIO if track not in task.tracks]
    forms = b""
    for seq in range(asks):
        step = begins + seq * STEPS_PER_BEAT
        played = dict.fromkeys(task.tracks, step)
        about = horizon_at(tape, step - 1, heard, played, window_bars=window_bars)
        cells = pack(about.tokens[:, columns]), pack_cells(about.targets[:, columns])
        begun = Constraints(forms=forms if step % STEPS_PER_BAR else b"")
        seed = seq if task.seeded else None
        draft = yield Request(seq, *cells, AMPLE_MS, seed=seed, constraints=begun)
        before = (step - about.first_step) // STEPS_PER_BAR * len(TRIO)
        # a model without plans says none
        forms = draft.forms and bytes([UNKNOWN_FORM] * before) + draft.forms[before:]


def replied(client: Client, request: Request) -> tuple[Reply, Draft]:
    """Send `request` and time its drafts; the last one."""
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
                return Reply(first[0], now_s, first[1], message.calls), message


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


def connected(address: str, engine: "subprocess.Popen[bytes]", log: Path) -> Client:
    """A client more, who may ask at once."""
    client = Client(address)
    welcomed(client, engine, log)
    return client


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
        connect = partial(connected, address, engine, log)
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
                tasks = [task for task in TASKS if set(task.tracks) <= set(known)]
                for busy, kept_busy in (("idle", []), ("other core busy", cores[-1:])):
                    with busy_cores(kept_busy):
                        for task, replies in measured(tasks, connect, known, given).items():
                            tell(f"{task.name}, {busy}", replies)
        finally:
            engine.terminate()
            engine.wait()


def measured(
    tasks: Sequence[Task],
    connect: Callable[[], Client],
    known: tuple[Track, ...],
    given: argparse.Namespace,
) -> dict[Task, list[Reply]]:
    """The replies to the asks of each task: one of each in turn, as machines change their pace.

    Each task has a client of its own, as if it were a player.
    """
    replies: dict[Task, list[Reply]] = {task: [] for task in tasks}
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect()) for _ in tasks]
        count = given.asks + WARM_UP_ASKS
        asks = [
            (of_new_windows if task.bars else of_next_beats)(task, count, given.window_bars, known)
            for task in tasks
        ]
        requests = [next(each) for each in asks]
        for seq in range(count):
            for number, (task, client) in enumerate(zip(tasks, clients, strict=True)):
                reply, draft = replied(client, requests[number])
                if seq >= WARM_UP_ASKS:
                    replies[task].append(reply)
                if seq + 1 < count:
                    requests[number] = asks[number].send(draft)
                time.sleep(given.pause_ms / 1000)
    return replies


def tell(name: str, replies: Sequence[Reply]) -> None:
    """Print the two lines of a task."""
    first, last = replies[0].first_calls, replies[0].last_calls
    print(line(f"{name}: first draft, {first} calls", [r.first_s for r in replies]))
    print(line(f"{name}: last draft, {last} calls", [r.last_s for r in replies]), flush=True)


if __name__ == "__main__":
    main()
