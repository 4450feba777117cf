"""Who is connected to a socket: connections are counted, watched, and closed where they go too far.

ZeroMQ bounds a frame, and counts messages, but a message of frames without end is none yet: it
grows in memory until it is whole. Here a connection of TCP is closed when too many bytes came of it
that no message had which was read. How many came is known on Linux alone.
"""

import contextlib
import ctypes
import logging
import socket as tcp
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import zmq
from zmq.utils.monitor import recv_monitor_message

MOST_UNREAD_BYTES = 262_144
"""Bytes of a connection that no message read so far has: seven of the longest asks. In frames of no
length they are 10 MB of memory."""
ELSE_BYTES_PER_S = 64.0  # of a connection that are no messages: heartbeats
SHORT_FRAME_BYTES = 255
SHORT_HEAD_BYTES, LONG_HEAD_BYTES = 2, 9  # before a frame on the wire, in version 3 of ZMTP
CURVE_BYTES = 33  # what CURVE adds to a frame
LOOK_S = 0.010  # between two looks at what came; at most some 1 MB a millisecond can come
IDLE_MS = 200  # with nobody connected
SILENT_S = 10.0  # a bridge says hello every second
SETTLE_S = 0.2  # until what a closed connection had is free
HANDSHAKE_MS = 5000
SPARE_FILES = 64  # that an engine opens beside its connections
BYTES_RECEIVED = struct.Struct("=128xQ")  # in Linux' struct tcp_info

log = logging.getLogger(__name__)


@dataclass
class _Connection:
    opened_s: float
    spoke_s: float
    read: int = 0  # bytes of the messages that were read
    cut: bool = False


class Connections:
    """The connections of a socket by file descriptor; what is to be closed is decided here."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: dict[int, _Connection] = {}

    def __len__(self) -> int:
        return len(self._open)

    @property
    def watched(self) -> list[int]:
        """Those that are not closed yet, nor about to be."""
        return [fd for fd, connection in self._open.items() if not connection.cut]

    def opened(self, fd: int, now: float) -> int | None:
        """`fd` is connected; the one to close where they are too many.

        That is the one that was silent longest, if it was silent for long, else the newest.
        """
        self._open[fd] = _Connection(now, now)
        watched = self.watched
        if len(watched) <= self.most:
            return None
        oldest = min(watched, key=lambda one: self._open[one].spoke_s)
        return self._cut(oldest if now - self._open[oldest].spoke_s > SILENT_S else fd)

    def closed(self, fd: int) -> bool:
        """`fd` is not connected any more; whether it was closed from here."""
        connection = self._open.pop(fd, None)
        return connection is not None and connection.cut

    def heard(self, fd: int, size: int, now: float) -> None:
        """A message of `fd` was read; it had `size` bytes on the wire."""
        if fd in self._open:
            self._open[fd].read += size
            self._open[fd].spoke_s = now

    def looked(self, fd: int, received: int, now: float) -> int | None:
        """`received` bytes came of `fd` so far; `fd` where too many of them wait to be read."""
        connection = self._open[fd]
        # what had this number before may have been read a moment ago
        connection.read = min(connection.read, received)
        elses = ELSE_BYTES_PER_S * (now - connection.opened_s)
        return self._cut(fd) if received - connection.read - elses > MOST_UNREAD_BYTES else None

    def _cut(self, fd: int) -> int:
        self._open[fd].cut = True
        return fd


def monitored(socket: "zmq.Socket[bytes]") -> "zmq.Socket[bytes]":
    """Where it is told who connects to `socket` and who is gone; the same again once it is."""
    return socket.get_monitor_socket(
        zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | zmq.EVENT_ACCEPT_FAILED
    )


def unmonitored(socket: "zmq.Socket[bytes]") -> None:
    """Nobody is told of `socket` any more; to be called before it is closed.

    ZeroMQ holds a lock while it tells, and waits for ever where nobody is there to be told, or a
    thousand events wait; `disable_monitor` wants that lock, and drops the listener before it has
    it. So the listener stays here, and what waits is read.
    """
    monitor = monitored(socket)
    while monitor.poll(0):
        monitor.recv_multipart()
    socket.disable_monitor()
    monitor.close(linger=0)


class Lookout:
    """Watches the connections of `socket`, `most` at once, in a thread of its own.

    `socket` is to be `monitored` before it binds. Say `heard` of each message that was read; `gone`
    are the connections that ended meanwhile.
    """

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cut = 0
        """Connections closed from here."""
        self._socket = socket
        self._clock = clock
        self._connections = Connections(most)
        self._heard: deque[tuple[int, int]] = deque()
        self._secret = socket.getsockopt(zmq.MECHANISM) == zmq.CURVE
        self._gone: deque[int] = deque()
        self._sockets: dict[int, tcp.socket] = {}
        self._said: set[str] = set()
        self._settled_s: float | None = None
        self._closing = threading.Event()
        self._monitor = monitored(socket)
        self._thread = threading.Thread(target=self._watch, name="lookout", daemon=True)
        self._thread.start()

    def heard(self, fd: int, lengths: Iterable[int]) -> None:
        """A message of the connection `fd` was read, in frames of `lengths`."""
        self._heard.append((fd, sum(size_of(length, self._secret) for length in lengths)))

    def gone(self) -> list[int]:
        """The connections that ended since the last call."""
        return [self._gone.popleft() for _ in range(len(self._gone))]

    def close(self) -> None:
        """End the watch; the socket is closed by whoever opened it."""
        self._closing.set()
        self._thread.join()
        unmonitored(self._socket)

    def _watch(self) -> None:
        looked_s = 0.0
        while not self._closing.is_set():
            wait_ms = int(1000 * LOOK_S) if self._connections else IDLE_MS
            if self._monitor.poll(wait_ms):
                self._take(recv_monitor_message(self._monitor))
            now = self._clock()
            if now - looked_s >= LOOK_S:
                looked_s = now
                self._look(now)
        for connection in self._sockets.values():
            connection.detach()

    def _take(self, happened: Mapping[str, Any]) -> None:
        event, fd = happened["event"], int(happened["value"])
        if event == zmq.EVENT_ACCEPT_FAILED:
            self._say("a connection was refused: this system opens no more files for this engine")
        elif event == zmq.EVENT_DISCONNECTED:
            if self._connections.closed(fd):
                self._settled_s = self._clock() + SETTLE_S
            if fd in self._sockets:
                self._sockets.pop(fd).detach()
            self._gone.append(fd)
        else:
            # it may be gone already, or no connection of TCP
            with contextlib.suppress(OSError):
                self._sockets[fd] = tcp.socket(fileno=fd)
            over = self._connections.opened(fd, self._clock())
            if over is not None:
                self._say(f"more than {self._connections.most} connections: one is closed")
                self._end(over)

    def _look(self, now: float) -> None:
        for _ in range(len(self._heard)):
            fd, size = self._heard.popleft()
            self._connections.heard(fd, size, now)
        for fd in self._connections.watched:
            received = received_bytes(self._sockets.get(fd))
            if received is not None and self._connections.looked(fd, received, now) is not None:
                self._say("a connection sent more than any message has: it is closed")
                self._end(fd)
        if self._settled_s is not None and now > self._settled_s:
            self._settled_s = None
            give_memory_back()

    def _end(self, fd: int) -> None:
        """Close a connection for ZeroMQ to find it closed: the descriptor is its own."""
        self.cut += 1
        connection = self._sockets.get(fd)
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(tcp.SHUT_RDWR)

    def _say(self, text: str) -> None:
        """Once: who floods an engine is not to fill a disk with its log."""
        if text not in self._said:
            self._said.add(text)
            log.warning("%s", text)


def size_of(length: int, secret: bool) -> int:
    """The bytes on the wire of a frame of `length`, under CURVE if `secret`."""
    length += CURVE_BYTES if secret else 0
    return length + (SHORT_HEAD_BYTES if length <= SHORT_FRAME_BYTES else LONG_HEAD_BYTES)


def received_bytes(connection: tcp.socket | None) -> int | None:
    """How many bytes came of `connection` so far; None where the system does not say."""
    if connection is None or sys.platform != "linux":
        return None
    try:
        told = connection.getsockopt(tcp.IPPROTO_TCP, tcp.TCP_INFO, BYTES_RECEIVED.size)
    except OSError:  # a Unix socket, or closed by now
        return None
    return BYTES_RECEIVED.unpack(told)[0] if len(told) == BYTES_RECEIVED.size else None


def give_memory_back() -> None:
    """Give what is free back to the system, where the C library can (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def most_connections(wanted: int) -> int:
    """How many connections can be open at once, `wanted` at most.

    The process' limit of open files is raised as far as the system lets it.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    highest = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
        soft = highest
    return max(1, min(wanted, soft - SPARE_FILES))
