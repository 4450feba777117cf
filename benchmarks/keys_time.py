"""What keys cost: the time from an ask to its first and last draft, with CURVE and without.

    python benchmarks/keys_time.py [--model FILE] [--asks 300] [--window-bars 16]

Two engine processes on loopback, one with a key and one player, one open to this computer. They
are asked in turns for the same bar of bass, so that what else the machine does falls on both.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from reply_time import A_BAR, Reply, of_new_windows, replied, welcomed

from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.client import Client
from schmubert.engine.service.keys import make

WARM_UP = 10


def started(
    folder: Path, name: str, model: Path | None, words: list[str]
) -> tuple[str, Path, subprocess.Popen[bytes]]:
    """An engine at a free port: its address, its log, its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "schmubert.engine", "--bind", address, *words]
    command += [] if model is None else ["--model", str(model)]
    log = folder / f"{name}.log"
    with log.open("wb") as lines:
        return address, log, subprocess.Popen(command, stdout=lines, stderr=lines)


def column(seconds: list[float]) -> str:
    """p50, p90 and p99 in ms."""
    return "".join(f"{1000 * value:>9.2f}" for value in np.percentile(seconds, (50, 90, 99)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="the one that ships if not given")
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--window-bars", type=int, default=16)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, engine_pub = make(folder / "engine")
        key, player_pub = make(folder / "player", engine_pub)
        keyed = ["--key", str(folder / "engine.key"), "--players", str(player_pub)]
        clients: dict[str, Client] = {}
        for name, words, secret in (("without keys", [], None), ("with keys", keyed, key)):
            address, log, process = started(folder, name, given.model, words)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            clients[name] = stack.enter_context(Client(address, secret))
            about = welcomed(clients[name], process, log)
        known = tuple(Track(track) for track in about.tracks)
        replies: dict[str, list[Reply]] = {name: [] for name in clients}
        hellos: dict[str, list[float]] = {name: [] for name in clients}
        for request in of_new_windows(A_BAR, given.asks + WARM_UP, given.window_bars, known):
            for name in sorted(clients, reverse=bool(request.seq % 2)):
                hellos[name].append(welcome_s(clients[name]))
                replies[name].append(replied(clients[name], request)[0])
    print(f"{about.model} in {about.runtime}, {given.asks} asks of each in turns: {A_BAR.name}")
    print(f"\n{'ms':<44}{'p50':>9}{'p90':>9}{'p99':>9}")
    for name in clients:
        print(f"{f'{name}: hello to welcome':<44}{column(hellos[name][WARM_UP:])}")
    for part in ("first", "last"):
        for name in clients:
            taken = [getattr(reply, f"{part}_s") for reply in replies[name][WARM_UP:]]
            print(f"{f'{name}: ask to {part} draft':<44}{column(taken)}")
        paired = [
            getattr(one, f"{part}_s") - getattr(other, f"{part}_s")
            for one, other in zip(replies["with keys"], replies["without keys"], strict=True)
        ][WARM_UP:]
        print(
            f"{f'difference to {part} draft, median':<44}{1000 * statistics.median(paired):>9.2f}"
        )


def welcome_s(client: Client) -> float:
    """Seconds from a hello to its welcome, of an engine with nothing else to do."""
    began_s = time.perf_counter()
    client.hello()
    while not client.receive():
        client.socket.poll(1000)
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
