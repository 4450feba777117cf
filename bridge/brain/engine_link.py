"""The brain's engine is found or started, and replaced when it dies or hangs. Nothing here waits.

An engine that hangs keeps its address. One that was started here is killed; where somebody else
started it, one of our own serves at another address.
"""

import socket
import subprocess
import tempfile
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TypeAlias, cast

import zmq

from schmubert.bridge.protocol.messages import GiveUp, Say
from schmubert.engine.networks.devices import Device
from schmubert.engine.service.client import EXIT_ADDRESS_IN_USE, Client, spawn_engine
from schmubert.engine.service.wire import (
    DEFAULT_ADDRESS,
    WIRE_VERSION,
    Failed,
    Goodbye,
    Request,
    ToClient,
    Welcome,
)

FIND_S = 0.3
"""How long an engine that runs already has to answer before one is started."""
HELLO_S, EAGER_HELLO_S = 1.0, 0.1
SILENT_S = 3.0  # an engine that answers no hello for so long is lost
LONGEST_TURN_S = 0.5
"""Between two looks: what passes beyond it, as in a computer that sleeps, makes none silent."""
SLOW_START_S = 60.0
JOIN_S = 5.0  # for the engine that was there first to answer
LEAST_PAUSE_S, MOST_PAUSE_S = 2.0, 30.0
DIAL_S = 2.0  # between two tries where the engine lets nobody in
LOCAL = ("tcp://127.", "tcp://localhost:", "tcp://[::1]:", "ipc://")
LOOPBACK = "127.0.0.1"

Answer: TypeAlias = ToClient | Say | GiveUp
Start: TypeAlias = Callable[[str, Path, Path | None, Device], "subprocess.Popen[bytes]"]


def free_address() -> str:
    """An address of this computer that nobody uses."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return f"tcp://{LOOPBACK}:{one.getsockname()[1]}"


class EngineLink:
    """Keeps an engine at `address` answering; for one on another computer it can only wait.

    So it is for one that wants a `key`, a player's secret file. ValueError where the address or the
    key is none.
    """

    def __init__(
        self,
        address: str | None,
        model: str | None,
        device: str,
        now: float,
        client: Client | None = None,
        start: Start = spawn_engine,
        key: str | None = None,
        elsewhere: Callable[[], str] = free_address,
    ) -> None:
        if key is not None and address is None:
            raise ValueError("--key is for an engine that runs already: add --engine ADDRESS")
        self.address = address or DEFAULT_ADDRESS
        self._client = client or Client(self.address, None if key is None else Path(key))
        self._starts = key is None and self.address.startswith(LOCAL)
        self._model = None if model is None else Path(model)
        self._device = cast(Device, device)
        self._start, self._elsewhere = start, elsewhere
        self._folder = tempfile.TemporaryDirectory(prefix="schmubert-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name, "engine.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._there = False  # it has answered, and since then not been silent
        self._was_there = False
        self._heard_s = self._looked_s = now
        self._hello_s = now
        self._unsent = 0
        self._start_s = now + FIND_S
        self._started_s = now
        self._pause_s = LEAST_PAUSE_S
        self._said_waiting = False
        self._in_use = False  # somebody is at the address, who has not answered yet
        self._why = ""  # an engine is started, if there is more to say of that
        self._malformed = 0
        self._spoken = 0  # bytes in the log that engines before the latest left there
        self._refusal = ""
        self._dial_s = inf

    @property
    def socket(self) -> "zmq.Socket[bytes]":
        """The socket, for a poller."""
        return self._client.socket

    def go_on(self) -> None:
        """A show is under way, of which a brain that ended had an engine: nothing is given up."""
        self._was_there = True

    def ask(self, request: Request) -> None:
        """Send `request`; without an engine it is lost, and the conductor does without."""
        self._client.send(request)

    def receive(self, now: float) -> list[Answer]:
        """What the engine said since the last call, and what became of it. Call it often."""
        answers: list[Answer] = []
        self._heard_s += max(0.0, now - self._looked_s - LONGEST_TURN_S)
        self._looked_s = now
        for message in self._client.receive():
            self._heard_s = now
            answers += self._take(message)
        answers += self._complaints()
        if refusal := self._client.refused():
            answers += self._turned_away(refusal, now)
        if now >= self._dial_s:
            self._dial_s = inf
            self._client.dial()
        if now >= self._hello_s:
            self._hello_s = now + (HELLO_S if self._there else EAGER_HELLO_S)
            self._unsent = 0 if self._client.hello() else self._unsent + 1
        if self._there and self._is_lost(now):
            self._there, self._said_waiting = False, False
            self._start_s = now
            answers.append(Goodbye())
            if self._hangs:
                self._leave_hanging()
        if not self._there:
            answers += self._tend(now)
        return answers

    def another(self, model: str) -> str:
        """What the player can do where the engine plays `model`, and not the one that is wanted."""
        return (
            f"the engine at {self.address} plays {model}: for another model, end it or give"
            " --engine another address, as tcp://127.0.0.1:28766"
        )

    def close(self) -> None:
        """Say goodbye. An engine that was started here ends by itself when nobody is left."""
        self._client.send(Goodbye())
        self._client.close()
        self._folder.cleanup()

    def _take(self, message: ToClient) -> list[Answer]:
        if isinstance(message, Welcome):
            if message.version != WIRE_VERSION:
                return [
                    GiveUp(
                        f"the engine at {self.address} speaks version {message.version} of the"
                        f" wire, this bridge {WIRE_VERSION}: install the same schmubert on both"
                        " sides"
                    )
                ]
            new = not self._there
            self._there = self._was_there = True
            self._refusal = ""
            self._pause_s, self._unsent, self._in_use = LEAST_PAUSE_S, 0, False
            if not new:
                return [message]
            about = f"{message.model} in {message.runtime}, {message.call_ms:.1f} ms a call"
            says = [Say(f"engine at {self.address}: {about}")]
            if self._model is not None and self._model.stem != message.model:
                says.append(Say(self.another(message.model)))
            return [message, *says]
        if isinstance(message, Failed) and message.seq < 0 and not self._was_there:
            return [GiveUp(f"the engine at {self.address}: {message.reason}")]
        return [message]

    def _complaints(self) -> list[Answer]:
        """A line where an engine begins to say what no engine says; such messages are dropped."""
        before, self._malformed = self._malformed, self._client.malformed
        if before or not self._malformed:
            return []
        return [Say(f"the engine at {self.address} makes no sense: {self._client.complaint}")]

    @property
    def _hangs(self) -> bool:
        """Whether the engine is there, but does nothing."""
        return self._unsent <= 1 and (self._process is None or self._process.poll() is None)

    def _leave_hanging(self) -> None:
        """An engine of our own that hangs is killed; another's keeps its address, we move."""
        self._why = f"the engine at {self.address} hangs: "
        if self._process is not None:
            self._process.kill()
        elif self._starts:
            self._move()

    def _move(self) -> None:
        self._client.move(self._elsewhere())
        self.address = self._client.address
        self._in_use, self._unsent = False, 0

    def _turned_away(self, refusal: str, now: float) -> list[Answer]:
        """What to make of an engine that lets nobody in; one that did may do so again."""
        if not self._was_there:
            return [GiveUp(refusal)]
        self._dial_s = now + DIAL_S
        known, self._refusal = self._refusal, refusal
        return [] if refusal == known else [Say(refusal)]

    def _is_lost(self, now: float) -> bool:
        return (
            (self._process is not None and self._process.poll() is not None)
            or self._unsent > 1
            or now - self._heard_s > SILENT_S
        )

    def _tend(self, now: float) -> list[Answer]:
        """Look after an engine that does not answer yet, or does not answer any more."""
        if not self._starts:
            if self._said_waiting or now < self._start_s:
                return []
            self._said_waiting = True
            return [Say(f"waiting for the engine at {self.address}")]
        if self._process is not None:
            return self._watch(self._process, now)
        if now < self._start_s:
            return []
        if self._in_use:
            self._why = f"what is at {self.address} does not answer: "
            self._move()
        self._spoken = self._log.stat().st_size if self._log.exists() else 0
        self._process = self._start(self.address, self._log, self._model, self._device)
        self._started_s = now
        why, self._why = self._why, ""
        if self._was_there or why:
            return [Say(f"{why}starting another engine at {self.address}")]
        return [Say(f"no engine at {self.address}: starting one")]

    def _watch(self, process: "subprocess.Popen[bytes]", now: float) -> list[Answer]:
        """Tell a start that takes its time from one that failed, and from an engine that died."""
        code = process.poll()
        if code is None:
            if max(self._started_s, self._heard_s) + SLOW_START_S < now:
                process.kill()
            return []
        self._process = None
        if code == EXIT_ADDRESS_IN_USE:
            self._in_use, self._start_s = True, now + JOIN_S
            return []
        if self._heard_s > self._started_s:  # it has worked; when it dies again, less eagerly
            self._start_s = max(now, self._started_s + LEAST_PAUSE_S)
            return []
        reason = self._last_words() or f"it ended with code {code}"
        if not self._was_there:
            self._start_s = inf
            return [GiveUp(reason)]
        self._start_s = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, MOST_PAUSE_S)
        return [Say(f"the engine does not start ({reason})")]

    def _last_words(self) -> str:
        try:
            said = self._log.read_bytes()[self._spoken :].decode(errors="replace")
        except OSError:
            return ""
        words = [line.strip() for line in said.split("\n") if line.strip()]
        return words[-1].removeprefix("Error: ") if words else ""
