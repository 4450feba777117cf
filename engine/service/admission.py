"""Who is let in by a key: the engine's side of it, and what a client learns of it.

CURVE tells each side that the other has the secret of a public key; which public keys are players'
the engine's ZeroMQ asks by ZAP, once a connection. Whoever does not pass reaches no line of ours.
"""

import logging
import struct
import threading
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import zmq

from schmubert.engine.service.keys import OTHERS_WRITE, PUBLIC, EngineKey, PlayerKey, public_key

EVENT = struct.Struct("=HI")  # number and value; pyzmq's reader of it would load asyncio
DOMAIN = "schmubert"
HANDSHAKE_MS = 5000
LOOK_MS = 100  # how soon the thread sees that it is to end
QUIET_S = 10.0  # between two lines on keys that are refused, so that nobody fills the log
FAILURES = 10
"""So many handshakes in a row that break off, within a second, are no accident: an engine that ends
breaks off one. One that wants keys may hang up on who has none before that can be read."""
WATCHED = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_DISCONNECTED
)

log = logging.getLogger(__name__)


class Players:
    """The public keys of players: all `.pub` files of a folder, or one file.

    A file that comes, changes or goes counts from the next connection on; who is connected stays.
    ValueError where `place` is not there, is no public key, or others can add to it.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._stamps: tuple[tuple[Path, int, int, int], ...] | None = None
        self._keys: frozenset[bytes] = frozenset()
        self._said_s = -QUIET_S
        if not place.exists():
            raise ValueError(f"{place}: there is no such folder or file of players' {PUBLIC} files")
        if place.is_file():
            public_key(place)
        elif place.stat().st_mode & OTHERS_WRITE:
            raise ValueError(f"others can add players to {place}: chmod o-w {place}")
        self._look()

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._keys)

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether `key`, in Z85, is a player's. The name is the one that pyzmq calls."""
        try:
            self._look()
        except OSError as error:
            log.warning("no players' keys: %s", error)
            return False
        known = key in self._keys
        if not known and time.monotonic() - self._said_s >= QUIET_S:
            self._said_s = time.monotonic()
            log.warning("refused: the key %s is not in %s", key.decode(), self._place)
        return known

    def _look(self) -> None:
        """Read the files again where one of them has changed."""
        files = sorted(self._place.glob(f"*{PUBLIC}")) if self._place.is_dir() else [self._place]
        found = [(path, path.stat()) for path in files]
        stamps = tuple((path, is_.st_mtime_ns, is_.st_size, is_.st_ino) for path, is_ in found)
        if stamps != self._stamps:
            self._keys = frozenset(_readable(files))
            self._stamps = stamps


def _readable(files: list[Path]) -> Iterator[bytes]:
    for path in files:
        try:
            yield public_key(path)
        except ValueError as error:
            log.warning("passed over: %s", error)


class Doorkeeper:
    """Lets `players` in who connect to the engine of `key`, and nobody else.

    It answers the questions of all sockets of the context, in a thread. It has to be there before
    a socket is bound and until that is closed: libzmq lets every key pass where nobody answers.
    """

    def __init__(self, key: EngineKey, players: Players) -> None:
        from zmq.auth import Authenticator  # clients need none

        self._key = key
        self._ends = threading.Event()
        self._authenticator = Authenticator(zmq.Context.instance())
        self._authenticator.configure_curve_callback(DOMAIN, players)
        self._authenticator.start()
        self._thread = threading.Thread(target=self._answer, name="doorkeeper", daemon=True)
        self._thread.start()

    def guard(self, socket: "zmq.Socket[bytes]") -> None:
        """Make `socket`, before it is bound, one that only players reach."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._key.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._key.secret)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, DOMAIN)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)

    def close(self) -> None:
        """Answer no more."""
        self._ends.set()
        self._thread.join()
        self._authenticator.stop()

    def _answer(self) -> None:
        zap = self._authenticator.zap_socket
        while not self._ends.is_set():
            if zap.poll(LOOK_MS):
                answer = self._authenticator.handle_zap_message(zap.recv_multipart())
                try:
                    answer.send(None)  # it awaits nothing, as `Players.callback` is a function
                except StopIteration:
                    continue


class Refusal(Enum):
    """Why a handshake fails: what is said of it is in `words`."""

    MECHANISM = "one side wants keys, the other has none"
    PLAYER = "the engine does not know the player's key"
    BROKEN_OFF = "the other side ends every handshake: it has another key than is expected, or none"
    STRANGE = "what answers speaks no ZeroMQ"


class Handshakes:
    """What becomes of a client's connections, as its `socket` tells; nothing waits.

    `look` often: ZeroMQ holds up everything once a thousand events wait.
    """

    def __init__(self, socket: "zmq.Socket[bytes]", has_key: bool) -> None:
        self._has_key = has_key
        self._socket = socket
        self._monitor = socket.get_monitor_socket(WATCHED)
        self._succeeded = False
        self._failures = 0  # in a row
        self._refusal: Refusal | None = None
        self._explained = False  # why the connection ends that is about to end
        self.given_up = False
        """Whether ZeroMQ does not try again by itself."""

    def look(self) -> None:
        """Take what has happened."""
        while self._monitor.poll(0):
            about, _ = self._monitor.recv_multipart()
            self._refusal = self._taken(*EVENT.unpack(about)) or self._refusal

    def refusal(self) -> Refusal | None:
        """Why the last connection came to nothing, once; None where all is well or not known."""
        self.look()
        found, self._refusal = self._refusal, None
        return found

    def _taken(self, event: int, value: int) -> Refusal | None:
        explained, self._explained = self._explained, event != zmq.EVENT_DISCONNECTED
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._succeeded, self.given_up, self._failures = True, False, 0
            self._explained, self._refusal = False, None
            return None
        if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            self.given_up = True
            return Refusal.PLAYER
        if event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
            self.given_up = True
            mismatch = value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
            return Refusal.MECHANISM if mismatch else Refusal.STRANGE
        if event == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            self._failures += 1
            return Refusal.BROKEN_OFF if self._failures == FAILURES else None
        succeeded, self._succeeded = self._succeeded, False
        if explained or succeeded or not self._has_key:
            return None
        self.given_up = True  # libzmq says no more of whoever is too old for keys
        return Refusal.STRANGE

    def close(self) -> None:
        """Watch no more; to be called before the socket is closed, and harmless after."""
        if not self._socket.closed:
            self._socket.disable_monitor()
        self._monitor.close()


def words(refusal: Refusal, address: str, key: PlayerKey | None) -> str:
    """What a player who is refused at `address` can do, in a line."""
    if refusal is Refusal.STRANGE:
        return f"what answers at {address} is no engine: give --engine the address of one"
    if key is None:
        wants = f"the engine at {address} wants a key"
        if refusal is Refusal.BROKEN_OFF:
            wants = f"what listens at {address} wants a key, or is no engine"
        return (
            f"{wants}: ask for its .pub file, make yours by schmubert keygen NAME --engine FILE,"
            " have NAME.pub put among its --players, and give --key NAME.key"
        )
    if refusal is Refusal.MECHANISM:
        return (
            f"the engine at {address} has no key, so nothing tells that it is the right one:"
            " start it with --key, or leave --key out here"
        )
    if refusal is Refusal.PLAYER:
        return (
            f"the engine at {address} does not know the key in {key.path}: have"
            f" {key.path.with_suffix(PUBLIC).name} put among its --players"
        )
    return (
        f"the engine at {address} is not the one that {key.path} is for, or has no key: ask for its"
        " .pub file, and make a key for it by schmubert keygen NAME --engine FILE"
    )
