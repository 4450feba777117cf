"""The client of an engine: a DEALER socket that never blocks, and how an engine is started."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import zmq

from schmubert.engine.networks.devices import Device
from schmubert.engine.service.admission import Handshakes, words
from schmubert.engine.service.keys import player_key
from schmubert.engine.service.wire import (
    MOST_FRAME_BYTES,
    Draft,
    Failed,
    Goodbye,
    Hello,
    Request,
    ToClient,
    ToEngine,
    checked_address,
    decode_to_client,
    encode,
)

MOST_SENT = 16  # messages that wait to be sent, and
MOST_RECEIVED = 256  # to be read; what comes beyond is lost
RECONNECT_MS, SLOWEST_RECONNECT_MS = 50, 1000
HEARTBEAT_MS, DEAD_AFTER_MS = 2000, 6000
UNSAID = 20
"""After so many hellos without a connection one is made anew: ZeroMQ makes none after a frame that
is too long."""
LAST_WORDS_MS = 20  # for a goodbye sent just before closing

EXIT_ADDRESS_IN_USE = 3
"""The exit code of an engine whose address is taken: of two that race, the loser."""


class Client:
    """Speaks to the engine at `address`, whether one is there or not.

    Nothing waits for the engine: what cannot be sent at once is not sent (and not sent later
    either: an engine that comes back gets no stale asks). Say `hello` every few seconds, as an
    engine may end when nobody does. `key` is the secret file of a player, where the engine wants
    one. ValueError where `address` or `key` is none.
    """

    def __init__(self, address: str, key: Path | None = None) -> None:
        self.address = address
        self._key = None if key is None else player_key(key)
        self._unsaid = 0  # hellos in a row that could not be sent
        self.malformed = 0
        """Frames received that were no message."""
        self.complaint = ""
        """What was wrong with the latest of them."""
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        options = {
            zmq.LINGER: LAST_WORDS_MS,
            zmq.IMMEDIATE: 1,  # queue nothing while there is no connection
            zmq.SNDHWM: MOST_SENT,
            zmq.RCVHWM: MOST_RECEIVED,
            zmq.MAXMSGSIZE: MOST_FRAME_BYTES,
            zmq.RECONNECT_IVL: RECONNECT_MS,
            zmq.RECONNECT_IVL_MAX: SLOWEST_RECONNECT_MS,
            zmq.HEARTBEAT_IVL: HEARTBEAT_MS,
            zmq.HEARTBEAT_TIMEOUT: DEAD_AFTER_MS,
        }
        for option, value in options.items():
            self._socket.setsockopt(option, value)
        if self._key is not None:
            self._socket.setsockopt(zmq.CURVE_SERVERKEY, self._key.engine)
            self._socket.setsockopt(zmq.CURVE_PUBLICKEY, self._key.public)
            self._socket.setsockopt(zmq.CURVE_SECRETKEY, self._key.secret)
        self._handshakes = Handshakes(self._socket, self._key is not None)
        try:
            self._socket.connect(checked_address(address))
        except (zmq.ZMQError, ValueError) as error:
            self.close()
            raise ValueError(
                f"{address} is no address of an engine ({error}): tcp://HOST:PORT is one"
            ) from error

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """The socket, for a `zmq.Poller`: readable when an answer came."""
        return self._socket

    @property
    def fd(self) -> int:
        """The file descriptor, for other pollers.

        It is edge-triggered: after each time it is readable, `receive` until that is empty.
        """
        fd: int = self._socket.getsockopt(zmq.FD)  # type: ignore[assignment]
        return fd

    def hello(self) -> bool:
        """Ask the engine who it is, and tell it that somebody is here; False as in `send`."""
        if self.send(Hello()):
            self._unsaid = 0
            return True
        self._unsaid += 1
        if self._unsaid % UNSAID == 0:
            self._connect_anew()
        return False

    def send(self, message: ToEngine) -> bool:
        """Send `message`; False, at once, where no engine is there or it does not read."""
        try:
            self._socket.send(encode(message), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def refused(self) -> str:
        """Why the engine does not let this client in, in a line; empty once it is said."""
        refusal = self._handshakes.refusal()
        return "" if refusal is None else words(refusal, self.address, self._key)

    def dial(self) -> None:
        """Connect again where ZeroMQ does not by itself, as after a refusal."""
        if self._handshakes.given_up:
            self._handshakes.given_up = False
            self._connect_anew()

    def _connect_anew(self) -> None:
        with contextlib.suppress(zmq.ZMQError):  # ZeroMQ has dropped the address already
            self._socket.disconnect(self.address)
        self._socket.connect(self.address)

    def receive(self) -> list[ToClient]:
        """What has come, in order; empty, at once, where nothing has."""
        messages: list[ToClient] = []
        self._handshakes.look()
        for _ in range(MOST_RECEIVED):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                if len(frames) != 1:
                    raise ValueError(f"{len(frames)} frames are no message")
                messages.append(decode_to_client(frames[0]))
            except ValueError as error:
                self.malformed += 1
                self.complaint = str(error)
        return messages

    def complete(self, ask: Request, timeout_s: float) -> Draft:
        """Send `ask` and wait for its last draft, `timeout_s` at most; for work without a stage.

        Where the time runs out the latest draft has to do. Raises TimeoutError when there is
        none, ValueError with the engine's reason, ConnectionError when the engine ends or lets
        nobody in.
        """
        until_s = time.monotonic() + timeout_s
        while not self.send(ask):
            if refusal := self.refused():
                raise ConnectionError(refusal)
            if time.monotonic() >= until_s:
                raise TimeoutError(f"no engine at {self.address}: start one with schmubert engine")
            self._socket.poll(20, zmq.POLLOUT)
        latest: Draft | None = None
        while (left_s := until_s - time.monotonic()) > 0:
            self._socket.poll(int(left_s * 1000.0) + 1)
            for message in self.receive():
                if isinstance(message, Draft) and message.seq == ask.seq:
                    latest = message
                    if message.last:
                        return message
                elif isinstance(message, Failed) and message.seq in (ask.seq, -1):
                    raise ValueError(f"the engine cannot do this: {message.reason}")
                elif isinstance(message, Goodbye):
                    raise ConnectionError(f"the engine at {self.address} has ended")
        if latest is None:
            raise TimeoutError(f"the engine at {self.address} gave no answer in {timeout_s:g} s")
        return latest

    def move(self, address: str) -> None:
        """Speak to the engine at `address` from now on; what the one before still says is lost."""
        self._socket.disconnect(self.address)
        self._socket.connect(checked_address(address))
        self.address = address

    def close(self) -> None:
        """Close the socket; what cannot be sent within 20 ms is dropped."""
        self._handshakes.close()
        self._socket.close()
        self._context.term()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def spawn_engine(
    address: str,
    log: Path,
    model: Path | None = None,
    device: Device = "auto",
    threads: int = 1,
    linger_s: float = 10.0,
) -> subprocess.Popen[bytes]:
    """Start an engine of its own at `address`; what it says is added to the file `log`.

    It is in its own session, so that a Ctrl-C in the terminal ends the bridge, not the engine
    under it, and ends by itself `linger_s` after its last client. It exits at once with
    `EXIT_ADDRESS_IN_USE` where an engine runs at `address` already: join that one. It works in
    the folder of `log`: Python would take modules from the player's own.
    """
    command = [sys.executable, "-m", "schmubert.engine", "--bind", address, "--device", device]
    command += ["--threads", str(threads), "--linger-s", f"{linger_s:g}"]
    if model is not None:
        command += ["--model", str(model.resolve())]
    detached = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows alone has it
    with log.open("ab") as lines:
        return subprocess.Popen(
            command,
            cwd=log.resolve().parent,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.STDOUT,
            start_new_session=os.name == "posix",
            creationflags=detached,
        )
