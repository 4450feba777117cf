"""The screen on a real terminal: a pseudo-terminal of the kernel."""

import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schmubert.bridge.protocol.events import Came, Record, Tick
from schmubert.bridge.protocol.messages import Moved, Say, Settings
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.screen.process import Screen

fcntl = pytest.importorskip("fcntl")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

ALTERNATE, NORMAL = "\x1b[?1049h", "\x1b[?1049l"
PATIENCE_S = 10.0
SIZE = ("COLUMNS", "LINES")


class Terminal:
    """What the screen draws on."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.shown = ""

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def wait_for(self, words: str) -> str:
        """All that was shown, once `words` were."""
        until_s = time.monotonic() + PATIENCE_S
        while words not in self.shown:
            assert time.monotonic() < until_s, f"no {words!r} in {self.shown[-2000:]!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                self.shown += os.read(self._master, 65536).decode(errors="replace")
        return self.shown


@contextmanager
def screen(term: str = "xterm") -> Iterator[tuple[Terminal, Pipe, subprocess.Popen[bytes]]]:
    ours, theirs = socket.socketpair()
    master, slave = pty.openpty()
    terminal = Terminal(master)
    terminal.resize(80, 24)
    process = subprocess.Popen(
        [sys.executable, "-m", "schmubert.bridge.screen.process"],
        stdin=theirs.fileno(),
        stdout=slave,
        stderr=slave,
        env={
            # where a shell, or what runs the tests, exports a size, that would hold for ever
            **{name: said for name, said in os.environ.items() if name not in SIZE},
            "TERM": term,
            "LANG": "C.UTF-8",
            "PYTHONIOENCODING": "utf-8",
        },
        start_new_session=True,
    )
    theirs.close()
    os.close(slave)
    pipe: Pipe = Pipe(ours, object)
    try:
        yield terminal, pipe, process
    finally:
        pipe.close()
        process.kill()
        process.wait()
        os.close(master)


def test_it_draws_follows_the_size_and_gives_the_terminal_back() -> None:
    with screen() as (terminal, pipe, process):
        pipe.say(Record(0.0, Settings(hears=(0,), plays=(1,))))
        pipe.say(Record(0.0, Moved(1, True, 8.0, time.monotonic(), 120.0)))
        pipe.say(Record(0.0, Say("bar 3: I listen")))
        shown = terminal.wait_for("bar 3: I listen")
        assert shown.index(ALTERNATE) < shown.index("bar 3")
        assert "─" * 80 in shown
        terminal.shown = ""
        terminal.resize(100, 30)
        assert "─" * 101 not in terminal.wait_for("─" * 100)
        pipe.close()
        terminal.wait_for(NORMAL)
        terminal.shown = terminal.shown[terminal.shown.rindex(NORMAL) :]
        terminal.wait_for("bar 3: I listen")
        assert process.wait(PATIENCE_S) == 0


def test_an_owner_that_is_killed_leaves_no_screen_behind() -> None:
    with screen() as (terminal, pipe, process):
        terminal.wait_for(ALTERNATE)
        pipe.close()  # what the kernel does for a killed process
        terminal.wait_for(NORMAL)
        assert process.wait(PATIENCE_S) == 0


HEARS = """
import sys, time
from pathlib import Path
from schmubert.bridge.protocol.events import Came, Record, Tick
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.process import connection
pipe, heard = Pipe(connection(), Record), []
Path(sys.argv[1]).touch()
while not pipe.closed:
    heard += [str(record.what) for record in pipe.hear()]
    time.sleep(0.005)
Path(sys.argv[1]).write_text("\\n".join(heard))
"""


def test_the_screen_gets_only_what_it_shows(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    drawn = Screen((sys.executable, "-c", HEARS, str(heard)))
    for what in (Tick(), Came(0.0, 0, b"\xf8"), Tick(2), Tick(2)):
        drawn.see(Record(0.0, what))
    drawn.say("x")
    until_s = time.monotonic() + PATIENCE_S
    while not heard.exists():  # one that has not begun is ended without a word
        assert time.monotonic() < until_s
        time.sleep(0.01)
    assert drawn.alive
    drawn.close()
    assert heard.read_text().splitlines() == [str(Tick(2)), str(Say("x"))]
