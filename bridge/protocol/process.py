"""A child process in a session of its own, with a socket to its parent as standard input."""

import socket
import subprocess
import sys
from collections.abc import Sequence

LEAVE_S = 1.5
"""How long a child may take to leave by itself, once it was asked to."""


def start_child(command: Sequence[str]) -> "tuple[subprocess.Popen[bytes], socket.socket]":
    """Start `command`; Ctrl-C does not reach it. Returns the parent's end of the socket too."""
    ours, theirs = socket.socketpair()
    if sys.platform == "win32":
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )
        assert process.stdin is not None
        process.stdin.write(theirs.share(process.pid).hex().encode() + b"\n")
        process.stdin.flush()
    else:
        process = subprocess.Popen(command, stdin=theirs.fileno(), start_new_session=True)
    theirs.close()
    return process, ours


def end_child(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    """Wait until `process` has ended; after `patience_s`, end it by force."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def connection() -> socket.socket:
    """The child's end of the socket."""
    if sys.platform == "win32":
        return socket.fromshare(bytes.fromhex(sys.stdin.readline()))
    return socket.socket(fileno=0)
