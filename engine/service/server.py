"""The engine process: one thread, one ROUTER socket, one denoiser, any number of players."""

import importlib.metadata
import logging
import socket as tcp
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zmq

from schmubert.engine.denoiser import (
    Model,
    answering,
    in_meter,
    plans_of,
    recipe_of,
    remembers,
)
from schmubert.engine.service.admission import Doorkeeper
from schmubert.engine.service.connections import HANDSHAKE_MS, Lookout, monitored, unmonitored
from schmubert.engine.service.job import Job
from schmubert.engine.service.jobs import Jobs, asked_by, stacked
from schmubert.engine.service.limits import LIMITS, Limits
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.shares import Rates
from schmubert.engine.service.wire import (
    MOST_FRAME_BYTES,
    WIRE_VERSION,
    Draft,
    Failed,
    Goodbye,
    Request,
    ToClient,
    Welcome,
    as_told,
    checked_address,
    decode_to_engine,
    encode,
)

MOST_READ = 64  # messages between two denoiser calls, so that a flood cannot stop the music
MOST_QUEUED = 100  # messages that wait to be sent to a client
MOST_RECEIVED = 0 if sys.platform == "linux" else 1000
"""Messages of a client that wait to be read; 0 is any number. Where a lookout counts bytes, they
are bounded by that: libzmq 4.3.5 aborts when a client that was not read any more sends a heartbeat
and hangs up."""
MOST_SENT_BYTES = 65_536  # that the system keeps for a client that does not read
KEEPALIVE_S, KEEPALIVE_TRIES = 2, 3  # a client that was cut off says no goodbye
TELLINGS_PER_S = 1.0  # how often a client is told that it sends too much
IDLE_MS = 200  # how soon an idle engine sees a signal
GOODBYE_MS = 500  # for what waits to be sent at the end, at most
FAREWELL_MS = 100  # for the clients to read it

log = logging.getLogger(__name__)


class AddressInUseError(OSError):
    """Another engine, or something else, listens at this address."""


def listen(address: str, doorkeeper: Doorkeeper | None = None) -> zmq.Socket[bytes]:
    """A ROUTER socket bound to `address`; with a `doorkeeper` only players reach it.

    Raises AddressInUseError, or ValueError where it is no address of this machine.
    """
    if address.startswith("ipc://") and _answers(address.removeprefix("ipc://")):
        # ZeroMQ would take the path over without a word
        raise AddressInUseError(f"{address} is in use: join that engine, or choose another --bind")
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    router = context.socket(zmq.ROUTER)
    bounded(router)
    if doorkeeper is not None:
        doorkeeper.guard(router)
    try:
        router.bind(checked_address(address))
    except (zmq.ZMQError, ValueError) as error:
        unmonitored(router)
        router.close(linger=0)
        if isinstance(error, zmq.ZMQError) and error.errno == zmq.EADDRINUSE:
            raise AddressInUseError(
                f"{address} is in use: join the engine there, or choose another --bind"
            ) from error
        raise ValueError(
            f"cannot listen at {address} ({error}): give --bind tcp://ADDRESS:PORT with an"
            " address of this machine, as tcp://127.0.0.1:28765"
        ) from error
    return router


def bounded(router: zmq.Socket[bytes]) -> None:
    """Let nobody take more of `router` than a client needs, and let it notice who is gone."""
    options = {
        zmq.LINGER: GOODBYE_MS,
        zmq.MAXMSGSIZE: MOST_FRAME_BYTES,
        zmq.RCVHWM: MOST_RECEIVED,
        zmq.SNDHWM: MOST_QUEUED,
        zmq.SNDBUF: MOST_SENT_BYTES,
        zmq.ROUTER_MANDATORY: 1,  # what cannot be sent is an error
        zmq.TCP_KEEPALIVE: 1,  # heartbeats of libzmq would do, but see MOST_RECEIVED
        zmq.TCP_KEEPALIVE_IDLE: KEEPALIVE_S,
        zmq.TCP_KEEPALIVE_INTVL: KEEPALIVE_S,
        zmq.TCP_KEEPALIVE_CNT: KEEPALIVE_TRIES,
        zmq.HANDSHAKE_IVL: HANDSHAKE_MS,
    }
    for option, value in options.items():
        router.setsockopt(option, value)
    monitored(router)


def is_private(address: str) -> bool:
    """Whether only this computer reaches `address`."""
    return address.startswith(("ipc://", "tcp://127.", "tcp://[::1]"))


def _answers(path: str) -> bool:
    """Whether somebody listens at the Unix socket `path`, though it may take nobody in any more."""
    if not Path(path).exists():
        return False
    try:
        with tcp.socket(tcp.AF_UNIX, tcp.SOCK_STREAM) as probe:
            probe.setblocking(False)  # one that hangs has a full queue, and would keep us waiting
            probe.connect(path)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):  # nobody, or a system without Unix sockets
        return False
    return True


def welcome(model: Model, call_ms: float) -> Welcome:
    """What an engine with `model` says of itself."""
    try:
        release = importlib.metadata.version("schmubert")
    except importlib.metadata.PackageNotFoundError:
        release = "unknown"
    tracks = tuple(int(track) for track in model.tracks)
    plans = tuple(int(plan) for plan in plans_of(model))
    named, runtime, recipe = (release, model.name, tracks), model.runtime, recipe_of(model)
    return Welcome(WIRE_VERSION, *named, runtime, call_ms, model.meters, plans, recipe)


@dataclass
class Served:
    """What an engine did in its life, for the log."""

    asks: int = 0
    drafts: int = 0
    replaced: int = 0
    refused: int = 0
    unread: int = 0


@dataclass
class Player:
    """Who asks: when it last spoke, and over which connection."""

    spoke_s: float
    connection: int


class Server:
    """Answers the clients of `router` with `model`; between two calls it reads what came.

    `listening_s` is the instant at which `router` was bound. Nobody gets more than `limits`;
    `lookout` tells whose connection ended, where there is one.
    """

    def __init__(
        self,
        router: zmq.Socket[bytes],
        model: Model,
        pace: Pace,
        about: Welcome,
        listening_s: float,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits = LIMITS,
        lookout: Lookout | None = None,
    ) -> None:
        self._limits = limits
        self._lookout = lookout
        self._rates = Rates(limits.messages_per_s, limits.connections)
        self._tellings = Rates(TELLINGS_PER_S, limits.connections)
        self._router = router
        self._model = model
        self._about = about
        self._clock = clock
        rng, meters, plans = np.random.default_rng(), model.meters, plans_of(model)
        manner = recipe_of(model), remembers(model)
        self._jobs = Jobs(model.tracks, pace, rng, meters, plans, limits, *manner)
        self._clients: dict[bytes, Player] = {}  # by routing id
        self._alive_s = clock()  # the last sign of life from anybody
        self._empty_s = listening_s  # the last instant at which no message was waiting
        self._complaint = ""  # of the model, the last
        self.served = Served()

    def serve(self, stopping: Callable[[], bool], linger_s: float | None = None) -> None:
        """Serve until `stopping`, or until `linger_s` after the last sign of life; say goodbye."""
        while not stopping():
            self._read()
            self._work()
            silent_s = self._clock() - self._alive_s
            if linger_s is not None and silent_s > linger_s:
                break
        for client in list(self._clients):
            self._send(client, Goodbye())
        if self._clients:  # a connection that closes takes along what its client has not read
            self._router.poll(FAREWELL_MS)

    def _read(self) -> None:
        """Take what is waiting; with nothing to do, wait a moment for something.

        A message that came during a denoiser call came after the call began: it counts as
        received then, so that no promise made from receipt is broken.
        """
        received_s = self._empty_s
        if not self._jobs and not self._router.poll(0):
            if not self._router.poll(IDLE_MS):
                return
            received_s = self._clock()
        for connection in self._lookout.gone() if self._lookout is not None else ():
            self._hung_up(connection)
        requests: dict[bytes, Request] = {}  # the newest of each client
        for _ in range(MOST_READ):
            try:
                frames = self._router.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                self._empty_s = self._clock()
                break
            self._receive(frames, requests)
        for client, request in requests.items():
            self._take(client, request, received_s)

    def _receive(self, frames: list[zmq.Frame], requests: dict[bytes, Request]) -> None:
        """Answer a message; requests are put down in `requests`, a newer one over an older."""
        client, now = frames[0].bytes, self._clock()
        connection = _connection(frames[-1])
        if self._lookout is not None:
            self._lookout.heard(connection, (len(frame.bytes) for frame in frames[1:]))
        if not self._rates.allows(client, now):
            self.served.unread += 1
            if self._tellings.allows(client, now):
                most = f"{self._limits.messages_per_s:g} messages a second"
                self._refuse(client, -1, f"more than {most} are left unread")
            return
        try:
            if len(frames) != 2:
                raise ValueError(f"a message is one frame, not {len(frames) - 1}")
            message = decode_to_engine(frames[1].bytes)
        except ValueError as error:
            self._refuse(client, -1, str(error))
            return
        if isinstance(message, Goodbye):
            requests.pop(client, None)
            self._forget(client)
            return
        if not self._admit(client, requests):
            seq = message.seq if isinstance(message, Request) else -1
            full = f"this engine has its {self._limits.most_players} players already"
            self._refuse(client, seq, full)
            return
        self._clients[client] = Player(now, connection)
        self._alive_s = now
        if isinstance(message, Request):
            self.served.asks += 1
            self.served.replaced += client in requests or client in self._jobs
            requests[client] = message
        else:
            self._send(client, as_told(self._about, message.version))

    def _hung_up(self, connection: int) -> None:
        """`connection` ended: another may have its number already, and speak since."""
        over = [one for one, player in self._clients.items() if player.connection == connection]
        if over:
            self._forget(min(over, key=lambda client: self._clients[client].spoke_s))

    def _forget(self, client: bytes) -> None:
        """`client` is gone, and with it what it asked."""
        self._jobs.forget(client)
        self._clients.pop(client, None)

    def _admit(self, client: bytes, requests: Mapping[bytes, Request]) -> bool:
        """Whether there is room for `client`: whoever has been silent longest makes room."""
        if client in self._clients or len(self._clients) < self._limits.most_players:
            return True
        idle = [
            known for known in self._clients if known not in self._jobs and known not in requests
        ]
        if not idle:
            return False
        self._forget(min(idle, key=lambda known: self._clients[known].spoke_s))
        return True

    def _take(self, client: bytes, request: Request, received_s: float) -> None:
        try:
            drafts = self._jobs.take(client, request, received_s, self._clock())
        except ValueError as error:
            self._refuse(client, request.seq, str(error))
            return
        for draft in drafts:
            self._send(client, draft)

    def _work(self) -> None:
        """One denoiser call on what is most urgent, and the drafts that come of it."""
        now = self._clock()
        for client, seq, reason in self._jobs.refuse(now):
            self._refuse(client, seq, reason)
        for client, closing in self._jobs.give_up(now):
            self._send(client, closing)
        batch = self._jobs.batch(now)
        if not batch:
            return
        try:
            jobs = list(batch.values())
            in_it = in_meter(self._model, jobs[0].window.meter)
            logits = answering(in_it, *asked_by(jobs))(stacked(jobs))
            ended_s = self._clock()
            drafts = self._jobs.advance(batch, logits, ended_s - now, ended_s)
        except Exception as error:  # whatever a runtime raises: the others play on
            self._lose(batch, error)
            return
        finally:
            self._alive_s = self._clock()
        for client, draft in drafts:
            self._send(client, draft)

    def _lose(self, batch: Mapping[bytes, Job], error: Exception) -> None:
        """Tell the clients of `batch` that the model failed on it; log it once."""
        reason = f"the model failed: {(str(error).strip() or repr(error)).splitlines()[0]}"
        if reason != self._complaint:
            log.error("%s", reason)
            self._complaint = reason
        for client, job in batch.items():
            self._jobs.drop(client)
            self._refuse(client, job.request.seq, reason)

    def _refuse(self, client: bytes, seq: int, reason: str) -> None:
        self.served.refused += 1
        self._send(client, Failed(seq, reason))

    def _send(self, client: bytes, message: ToClient) -> None:
        """Send without ever waiting: who does not read, or is gone, gets no more work done."""
        self.served.drafts += isinstance(message, Draft)
        try:
            self._router.send_multipart([client, encode(message)], zmq.NOBLOCK)
        except zmq.Again:
            self._jobs.drop(client)
        except zmq.ZMQError as error:
            log.info("a message was lost: %s", error)
            self._forget(client)


def _connection(frame: zmq.Frame) -> int:
    """The file descriptor over which `frame` came; -1 where it is unknown."""
    try:
        return int(frame.get(zmq.SRCFD))
    except (zmq.ZMQError, ValueError):
        return -1
