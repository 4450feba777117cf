"""Messages over a stream socket, length before msgpack; neither end ever waits for the other."""

import contextlib
import socket
import sys
from typing import Any, Generic, TypeVar

import msgspec

from schmubert.bridge.protocol.messages import FromBrain, ToBrain

Heard_ = TypeVar("Heard_")
Said_ = TypeVar("Said_")

LENGTH_BYTES = 4
MOST_UNSENT = 1 << 20
"""Bytes that wait for a peer that does not read; then it counts as gone."""
READ_BYTES = 1 << 16


class Pipe(Generic[Said_, Heard_]):
    """One end of `connection`: says `Said_`, hears `Heard_` (told by `hears`)."""

    def __init__(self, connection: socket.socket, hears: Any) -> None:
        self.closed = False
        """The peer is gone, or reads no more."""
        self._connection = connection
        connection.setblocking(False)
        self._decoder: msgspec.msgpack.Decoder[Heard_] = msgspec.msgpack.Decoder(hears)
        self._encoder = msgspec.msgpack.Encoder()
        self._unsent = bytearray()
        self._unread = bytearray()

    def fileno(self) -> int:
        """The socket, for pollers."""
        return self._connection.fileno()

    def say(self, message: Said_) -> None:
        """Send `message` now, or as soon as the peer reads."""
        if self.closed:
            return
        frame = self._encoder.encode(message)
        self._unsent += len(frame).to_bytes(LENGTH_BYTES, "little") + frame
        self.flush()
        self.closed |= len(self._unsent) > MOST_UNSENT

    def flush(self) -> None:
        """Send what can be sent of what waits."""
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True

    def hear(self, most_bytes: int = sys.maxsize) -> list[Heard_]:
        """What has come, in order, and about `most_bytes` of it; ValueError for no message."""
        self.flush()
        try:
            while most_bytes > 0 and (chunk := self._connection.recv(READ_BYTES)):
                self._unread += chunk
                most_bytes -= len(chunk)
            self.closed |= most_bytes > 0
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True
        messages: list[Heard_] = []
        unread = self._unread
        while len(unread) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(unread[:LENGTH_BYTES], "little")
            if len(unread) < end:
                break
            try:
                messages.append(self._decoder.decode(unread[LENGTH_BYTES:end]))
            except msgspec.MsgspecError as error:
                raise ValueError(f"no message of the stage: {error}") from error
            finally:
                del unread[:end]
        return messages

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        with contextlib.suppress(OSError):
            self._connection.close()


def owner_end(connection: socket.socket) -> Pipe[ToBrain, FromBrain]:
    """The port owner's end of `connection`."""
    return Pipe(connection, FromBrain)


def brain_end(connection: socket.socket) -> Pipe[FromBrain, ToBrain]:
    """The brain's end of `connection`."""
    return Pipe(connection, ToBrain)
