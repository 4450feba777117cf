"""A million bad messages of twelve kinds: every one gets a reason or is dropped, and nobody waits.

    python benchmarks/bad_messages.py [--messages 1000000] [--model FILE] [--most-messages 50]

A real engine process. First each kind is sent by itself, and has to be answered by a reason. Then
a good client asks for a bar every beat at 120 BPM, first alone and then while another process
sends bad messages, 48 at a time with a hello behind them, as fast as the hellos are answered; now
and then it connects and sends frames without end, or what is no ZeroMQ at all. The engine reads
`--most-messages` of a player in a second: by default here all of them, 50 as it comes. In the end:
how many were answered with a reason, whether the engine lives, how its memory grew since a tenth of
the messages was sent, and the good client's waits. Memory is read from Linux' /proc.
"""

import argparse
import math
import multiprocessing
import socket
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zmq
from engine_at_work import BEAT_S, Engine, Rude, a_bar, started

from schmubert.engine.service.client import Client
from schmubert.engine.service.wire import (
    MOST_FRAME_BYTES,
    Constraints,
    Draft,
    Failed,
    Grid,
    Hello,
    Welcome,
    encode,
)

QUIET_BEATS = 20
RUDE_EVERY = 20_000  # messages between two connections that are bad themselves
RUDE_BYTES = 20_000_000
AT_ONCE = 48  # messages without an answer: some 100 kB
LOST_S = 2.0  # what is not answered for so long was left unread
GOOD = a_bar(0, (0, 1, 2))


def changed(**changes: Any) -> list[bytes]:
    """A good ask but for `changes`, whatever their types."""
    return [encode(msgspec.structs.replace(GOOD, **changes))]


def _fields(**changes: Any) -> list[bytes]:
    """A good ask as plain data, but for `changes`."""
    plain = msgspec.msgpack.decode(encode(GOOD))
    return [msgspec.msgpack.encode({**plain, **changes})]


KINDS: dict[str, Callable[[np.random.Generator], list[bytes]]] = {
    "noise": lambda rng: [rng.bytes(int(rng.integers(1, 2000)))],
    "nothing": lambda _: [b""],
    "several frames": lambda rng: [encode(Hello())] * int(rng.integers(2, 50)),
    "cut off": lambda rng: [encode(GOOD)[: int(rng.integers(1, 1500))]],
    "wrong types": lambda rng: _fields(**{str(rng.choice(["seq", "budget_ms", "tokens"])): ["?"]}),
    "nested": lambda rng: [b"\x91" * int(rng.integers(2000, 20_000))],
    "another version": lambda rng: [encode(Hello(int(rng.integers(6, 10**6))))],
    "more than it has": lambda rng: [b"\xc6\xff\xff\xff\xff" + rng.bytes(100)],
    "no numbers": lambda rng: changed(budget_ms=float(rng.choice([math.nan, math.inf, -1.0]))),
    "wrong sizes": lambda rng: changed(tokens=Grid(int(rng.integers(2**40)), 3, rng.bytes(60))),
    "too much work": lambda rng: changed(first_calls=int(rng.integers(65, 10**9)), budget_ms=0.0),
    "wrong wishes": lambda rng: changed(constraints=Constraints({int(rng.integers(4, 999)): 2.0})),
}
"""Twelve kinds, as the frames of a message."""


def reasons(engine: Engine) -> dict[str, str]:
    """What the engine says to one message of each kind."""
    rng, told = np.random.default_rng(1), {}
    for name, kind in KINDS.items():
        with Client(engine.address) as client:
            while not client.hello():
                client.socket.poll(20, zmq.POLLOUT)
            client.socket.send_multipart(kind(rng))
            until_s = time.monotonic() + 10.0
            while name not in told and time.monotonic() < until_s:
                client.socket.poll(100)
                for message in client.receive():
                    if isinstance(message, Failed):
                        told[name] = message.reason
    return told


def send(address: str, messages: int, sent: Any, answered: Any, done: Event) -> None:
    """Send `messages` bad ones; count what was sent, and what was answered with a reason."""
    rng = np.random.default_rng(2)
    kinds = list(KINDS.values())
    ready = [[kind(rng) for _ in range(200)] for kind in kinds]
    with Client(address) as client:
        while not client.hello():
            client.socket.poll(20, zmq.POLLOUT)
        for first in range(0, messages, AT_ONCE):
            if done.is_set():
                break
            if first % RUDE_EVERY < AT_ONCE:
                be_rude(address, first // RUDE_EVERY)
            for number in range(first, min(first + AT_ONCE, messages)):
                frames = ready[number % len(kinds)][number // len(kinds) % 200]
                while not client.socket.poll(1000, zmq.POLLOUT) and not done.is_set():
                    pass
                client.socket.send_multipart(frames)
                sent.value = number + 1
            while not client.hello() and not done.is_set():
                client.socket.poll(1000, zmq.POLLOUT)
            until_s = time.monotonic() + LOST_S
            greeted = False
            while not greeted and time.monotonic() < until_s:
                client.socket.poll(100)
                for message in client.receive():
                    answered.value += isinstance(message, Failed)
                    greeted |= isinstance(message, Welcome)


def be_rude(address: str, time_of_it: int) -> None:
    """Connect and send frames without end, long or short ones, a long one, or no ZeroMQ."""
    try:
        if time_of_it % 4 == 3:
            host, _, port = address.removeprefix("tcp://").rpartition(":")
            with socket.create_connection((host, int(port)), timeout=5.0) as stranger:
                stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
            return
        rude = Rude(address)
        length = (60_000, 0, 2 * MOST_FRAME_BYTES)[time_of_it % 4]
        rude.frames_without_end(length, RUDE_BYTES)
        rude.close()
    except OSError:  # it was cut off, as it should be
        pass


def waits_s(engine: Engine, going_on: Callable[[int], bool]) -> list[float]:
    """How long a good client waits for first drafts; infinity where none comes within a beat."""
    took: list[float] = []
    with Client(engine.address) as client:
        while not client.hello():
            client.socket.poll(20, zmq.POLLOUT)
        beat_s, seq = time.monotonic(), 0
        while going_on(seq):
            seq += 1
            client.send(msgspec.structs.replace(GOOD, seq=seq))
            asked_s, first_s = time.monotonic(), math.inf
            beat_s += BEAT_S
            while (left_s := beat_s - time.monotonic()) > 0.0:
                client.socket.poll(1000.0 * left_s)
                drafts = [one for one in client.receive() if isinstance(one, Draft)]
                if first_s == math.inf and any(draft.seq == seq for draft in drafts):
                    first_s = time.monotonic() - asked_s
            took.append(first_s)
    return took


def main() -> None:
    """Send them, and print what became of the engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="the one that ships if not given")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--most-messages", type=float, default=10_000.0)
    given = parser.parse_args()
    with started(given.model, ["--most-messages", f"{given.most_messages:g}"]) as engine:
        told = reasons(engine)
        for name in KINDS:
            print(f"{name:>16}: {told.get(name, 'NO ANSWER')}")
        quiet = waits_s(engine, lambda seq: seq < QUIET_BEATS)
        report(engine, given.messages, quiet)


def report(engine: Engine, messages: int, quiet: list[float]) -> None:
    """Flood the engine; print its memory and the waits of a good client beside the flood."""
    spawning = multiprocessing.get_context("spawn")
    done, sent, answered = spawning.Event(), spawning.Value("q", 0), spawning.Value("q", 0)
    sender = spawning.Process(target=send, args=(engine.address, messages, sent, answered, done))
    sender.start()
    began_s, memory = time.monotonic(), []

    def going_on(_: int) -> bool:
        if sent.value >= messages / 10:
            memory.append(engine.memory_mb)
        return sender.is_alive() and engine.process.poll() is None

    try:
        beside = waits_s(engine, going_on)
        took_s = time.monotonic() - began_s
    finally:
        done.set()
        sender.join(10)
        sender.kill()
    time.sleep(1.0)
    if engine.process.poll() is not None:
        raise SystemExit(f"the engine died: {engine.said}")
    before, after = memory[0], engine.memory_mb
    print(
        f"{sent.value} messages in {took_s:.0f} s, {answered.value} answered with a reason, the"
        " others asks with a newer one right behind them; the engine lives"
    )
    print(
        f"memory {before:.1f} MB after a tenth, {max(memory):.1f} MB at most, {after:.1f} MB in the"
        f" end: {100.0 * (after / before - 1.0):+.1f}%"
    )
    for name, waits in (("quiet", quiet), ("beside them", beside)):
        p50, p99 = 1000.0 * np.percentile(waits, [50, 99], method="higher")
        in_time = 100.0 * np.mean(np.isfinite(waits))
        print(
            f"{name:>11}: {len(waits)} asks, {in_time:.1f}% in time, {p50:.0f} ms (p99 {p99:.0f})"
        )


if __name__ == "__main__":
    main()
