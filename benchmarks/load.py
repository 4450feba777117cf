"""How many players an engine serves in time, and what it says to the others.

    python benchmarks/load.py [--model FILE] [--seconds 12] [--players 1,4,16,64] [--threads 1]

A real engine process. Each player asks for a bar of bass and drums every beat at 120 BPM, and wants
it before the next beat: spread over the beat, or all together. Then once more beside a flood of
noise, greedy asks whose senders leave, readers that are slow and readers that never read. For each
row: the share of first drafts in time, of asks refused within the beat, of late ones, and of those
without any answer (the player's next ask took their place); Jain's index of what players got in
time (1: all the same); the first drafts' median and p99; the engine's memory and its share of a
core. `could` is what calls by themselves would allow, at the speed measured when it started.
Memory and processor time are read from Linux' /proc.
"""

import argparse
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path

import msgspec
import numpy as np
import zmq
from engine_at_work import BEAT_S, Engine, a_bar, started

from schmubert.engine.music.vocabulary import MASK
from schmubert.engine.service.client import Client
from schmubert.engine.service.wire import Draft, Failed, Request, encode, pack, pack_cells

SETTLE_S = 1.0  # after the last ask, for what is under way
FLOOD_PER_S = 5000
SPARE_PLAYERS = 16  # for the company


@dataclass
class Tally:
    """What became of the asks, by (player, seq)."""

    asked_s: dict[tuple[int, int], float] = field(default_factory=dict)
    first_s: dict[tuple[int, int], float] = field(default_factory=dict)
    refused_s: dict[tuple[int, int], float] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, player: int, message: object, now: float) -> None:
        """`message` came to `player`."""
        if isinstance(message, Draft):
            self.first_s.setdefault((player, message.seq), now)
        elif isinstance(message, Failed):
            self.reasons[message.reason] += 1
            self.refused_s.setdefault((player, message.seq), now)

    def within(self, came_s: dict[tuple[int, int], float]) -> set[tuple[int, int]]:
        """The asks to which something came within a beat."""
        return {key for key, at_s in came_s.items() if at_s <= self.asked_s[key] + BEAT_S}

    def row(self, players: int) -> str:
        """The figures of a row."""
        known = {key: at_s for key, at_s in self.refused_s.items() if key in self.asked_s}
        in_time, refused = self.within(self.first_s), self.within(known)
        answered = set(self.first_s) | set(known)
        silent = len(set(self.asked_s) - answered)
        late = len(answered - in_time - refused)
        had = np.bincount([player for player, _ in in_time], minlength=players)
        jain = had.sum() ** 2 / (players * (had**2).sum()) if had.any() else 0.0
        took_ms = [1000.0 * (at_s - self.asked_s[key]) for key, at_s in self.first_s.items()]
        middle, slow = np.percentile(took_ms, [50, 99]) if took_ms else (np.nan, np.nan)
        shares = (len(in_time), len(refused), late, silent)
        return (
            " ".join(f"{100.0 * share / len(self.asked_s):8.1f}%" for share in shares)
            + f" {jain:6.2f} {middle:7.0f} {slow:6.0f}"
        )


def play(engine: Engine, players: int, together: bool, seconds: float) -> Tally:
    """`players` ask every beat for `seconds`."""
    clients = [Client(engine.address) for _ in range(players)]
    asks = [a_bar(player, engine.about.tracks) for player in range(players)]
    tally, poller = Tally(), zmq.Poller()
    for client in clients:
        poller.register(client.socket, zmq.POLLIN)
    for client in clients:
        while not client.hello():
            client.socket.poll(20, zmq.POLLOUT)
    began_s = time.monotonic() + 0.5
    spread_s = 0.0 if together else BEAT_S / players
    due = sorted(
        (began_s + beat * BEAT_S + player * spread_s, player, beat)
        for beat in range(int(seconds / BEAT_S))
        for player in range(players)
    )
    ends_s = due[-1][0] + SETTLE_S
    while (now := time.monotonic()) < ends_s:
        while due and due[0][0] <= now:
            _, player, beat = due.pop(0)
            tally.asked_s[player, beat] = time.monotonic()
            clients[player].send(msgspec.structs.replace(asks[player], seq=beat))
        poller.poll(max(0.0, 1000.0 * ((due[0][0] if due else ends_s) - time.monotonic())))
        for player, client in enumerate(clients):
            for message in client.receive():
                tally.take(player, message, time.monotonic())
    for client in clients:
        client.close()
    return tally


# Company


def flood(address: str, _: tuple[int, ...], done: Event) -> None:
    """Noise, as much as passes."""
    with Client(address) as client:
        while not done.is_set():
            for _ in range(FLOOD_PER_S // 100):
                client.socket.send(b"noise", zmq.NOBLOCK) if client.socket.poll(
                    10, zmq.POLLOUT
                ) else None
            client.receive()
            time.sleep(0.01)


def greedy(address: str, tracks: tuple[int, ...], done: Event) -> None:
    """Asks for all of 64 bars in 64 calls, with no time, from senders that leave."""
    tokens = np.tile([MASK[track] for track in tracks], (1024, 1))
    targets = np.ones(tokens.shape, bool)
    ask = Request(0, pack(tokens), pack_cells(targets), 0.0, first_calls=64, most_calls=64)
    while not done.is_set():
        with Client(address) as client:
            while not client.send(ask) and not done.is_set():
                client.socket.poll(20, zmq.POLLOUT)
        done.wait(0.5)


def _readers(address: str, tracks: tuple[int, ...], done: Event, pause_s: float) -> None:
    """Four players that ask every beat and read one message in `pause_s`."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sockets = [context.socket(zmq.DEALER) for _ in range(4)]
    for socket in sockets:
        socket.setsockopt(zmq.RCVHWM, 1)
        socket.setsockopt(zmq.RCVBUF, 4096)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(address)
    ask, read_s = a_bar(99, tracks), time.monotonic()
    for beat in range(10**9):
        for socket in sockets:
            if socket.poll(0, zmq.POLLOUT):
                socket.send(encode(msgspec.structs.replace(ask, seq=beat)), zmq.NOBLOCK)
            if time.monotonic() - read_s > pause_s and socket.poll(0):
                socket.recv_multipart()
        if time.monotonic() - read_s > pause_s:
            read_s = time.monotonic()
        if done.wait(BEAT_S):
            break
    context.destroy(linger=0)


def slow_readers(address: str, tracks: tuple[int, ...], done: Event) -> None:
    """A message in two seconds."""
    _readers(address, tracks, done, 2.0)


def never_readers(address: str, tracks: tuple[int, ...], done: Event) -> None:
    """None."""
    _readers(address, tracks, done, 1e9)


COMPANY: dict[str, tuple[Callable[[str, tuple[int, ...], Event], None], ...]] = {
    "-": (),
    "flood": (flood,),
    "greedy": (greedy,),
    "slow": (slow_readers,),
    "never": (never_readers,),
    "all": (flood, greedy, slow_readers, never_readers),
}


def beside(engine: Engine, company: str, players: int, together: bool, seconds: float) -> Tally:
    """`play` beside `company`."""
    spawning = multiprocessing.get_context("spawn")
    done = spawning.Event()
    guests = [
        spawning.Process(target=guest, args=(engine.address, engine.about.tracks, done))
        for guest in COMPANY[company]
    ]
    for guest in guests:
        guest.start()
    try:
        return play(engine, players, together, seconds)
    finally:
        done.set()
        for guest in guests:
            guest.join(10)
            guest.kill()


def main() -> None:
    """Run the rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="the one that ships if not given")
    parser.add_argument("--seconds", type=float, default=12.0, help="a row")
    parser.add_argument("--players", default="1,4,16,64")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--company", default="flood,greedy,slow,never,all", help="or -")
    parser.add_argument("--beside", type=int, default=4, help="players beside the company")
    given = parser.parse_args()
    counts = [int(count) for count in given.players.split(",")]
    rows = [(count, how, "-") for count in counts for how in (False, True)]
    rows += [(given.beside, False, one) for one in given.company.split(",") if one != "-"]
    options = ["--threads", str(given.threads)]
    options += ["--most-players", str(max(*counts, given.beside) + SPARE_PLAYERS)]
    with started(given.model, options) as engine:
        print(f"{engine.about.model}, {engine.about.call_ms:.1f} ms a call when it started")
        print(
            f"{'players':>7} {'asks':>9} {'beside':>7} {'could':>6}  {'in time':>8} {'refused':>9}"
            f" {'late':>9} {'silent':>9} {'Jain':>6} {'p50 ms':>7} {'p99':>6} {'MB':>5} {'CPU':>5}"
        )
        first_s = engine.about.recipe.first_calls * engine.about.call_ms / 1000.0
        for players, together, company in rows:
            began_s, worked_s = time.monotonic(), engine.processor_s
            tally = beside(engine, company, players, together, given.seconds)
            busy = (engine.processor_s - worked_s) / (time.monotonic() - began_s)
            could = min(1.0, BEAT_S / (players * first_s))
            print(
                f"{players:7} {'together' if together else 'spread':>9} {company:>7}"
                f" {100.0 * could:5.0f}%  {tally.row(players)} {engine.memory_mb:5.0f}"
                f" {100.0 * busy:4.0f}%",
                flush=True,
            )
            for reason, count in sorted(tally.reasons.items()):
                print(f"{'':8}{count} x {reason}")


if __name__ == "__main__":
    main()
