"""The screen: a child process draws the session, so that drawing never holds up the music.

`python -m schmubert.bridge.screen.process` with a socket as standard input; `Screen` starts it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from schmubert.bridge.protocol.events import Came, Record, Tick
from schmubert.bridge.protocol.messages import Say
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.process import LEAVE_S, connection, end_child, start_child
from schmubert.engine.music.texts import escaped

FRAME_S = 1 / 8
NICE = 5  # below the engine, and far below the music


class Screen:
    """The owner's end: hands on what happens, and never waits."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        self._process, ours = start_child(
            command or (sys.executable, "-m", "schmubert.bridge.screen.process")
        )
        self._pipe: Pipe[Record, Any] = Pipe(ours, Any)
        self._dropped = 0
        self._lock = threading.Lock()  # what others print comes in a thread of its own

    @property
    def alive(self) -> bool:
        """False when nothing is drawn any more."""
        return not self._pipe.closed and self._process.poll() is None

    def see(self, record: Record) -> None:
        """Show what happened, if it is something to show."""
        what = record.what
        if isinstance(what, Came):
            return
        if isinstance(what, Tick):
            if what.dropped == self._dropped:
                return
            self._dropped = what.dropped
        with self._lock:
            self._pipe.say(record)

    def say(self, text: str) -> None:
        """Show a line."""
        self.see(Record(time.monotonic(), Say(escaped(text))))  # names of files may be no Unicode

    def close(self) -> None:
        """Give the terminal back as it was."""
        self._pipe.flush()
        self._pipe.close()
        end_child(self._process, LEAVE_S)  # a terminal may be held by Ctrl-S


def draw(pipe: Pipe[Any, Record]) -> None:
    """Draw what comes, until the owner hangs up; then leave its lines on the terminal."""
    from rich.console import Console
    from rich.live import Live

    from schmubert.bridge.screen.scene import Scene
    from schmubert.bridge.screen.view import ASCII, MARKS, view

    console = Console(stderr=True, highlight=False)
    marks = ASCII if console.options.ascii_only else MARKS
    scene = Scene()
    drawn: object = None
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while not pipe.closed:
            began_s = time.monotonic()
            news = pipe.hear()
            for record in news:
                scene.see(record)
            size = console.size
            if news or scene.rolling or size != drawn:
                drawn = size
                live.update(view(scene, began_s, size.width, size.height, marks), refresh=True)
            time.sleep(max(0.0, began_s + FRAME_S - time.monotonic()))
    for text in scene.said:
        console.print(text, markup=False, soft_wrap=True)


def main() -> None:
    """Be the screen of the owner at the other end of standard input."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the owner's end is the end
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICE)
    draw(Pipe(connection(), Record))


if __name__ == "__main__":
    main()
