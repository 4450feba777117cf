"""Who watches a session: the screen or printed lines, and the recording if one was asked for."""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Setup
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.screen.lines import StatusLines
from schmubert.bridge.screen.process import Screen

if TYPE_CHECKING:
    from schmubert.bridge.session.recording import Recording

CAUGHT_S = 0.5


def show(text: str) -> None:
    """Print a line for the player."""
    print(text, file=sys.stderr, flush=True)


class _Caught:
    """Hands what anyone prints on stderr (children and libraries too) to `take`, line by line."""

    def __init__(self, take: Callable[[str], None]) -> None:
        sys.stderr.flush()
        self._terminal = os.dup(2)
        read, write = os.pipe()
        os.dup2(write, 2)
        os.close(write)
        self._take = take
        self._thread = threading.Thread(target=self._run, args=(read,), daemon=True)
        self._thread.start()

    def show(self, text: str) -> None:
        """Print a line where stderr led before."""
        os.write(self._terminal, text.encode(errors="replace") + b"\n")

    def close(self) -> None:
        """Stderr leads where it led before."""
        sys.stderr.flush()
        os.dup2(self._terminal, 2)
        self._thread.join(CAUGHT_S)  # a child that goes on may hold it open
        if not self._thread.is_alive():
            os.close(self._terminal)

    def _run(self, read: int) -> None:
        with os.fdopen(read, errors="replace") as lines:
            for line in lines:
                if line.strip():
                    self._take(line.rstrip())


class Audience:
    """Opens the screen if `drawn`, and a recording in `record` if that is a folder's name."""

    def __init__(
        self, setup: Setup, rig: Rig, timing: Timing, record: Path | None, drawn: bool
    ) -> None:
        self._screen: Screen | None = None
        self._recording: Recording | None = None
        self._caught: _Caught | None = None
        self._lines = StatusLines()
        if drawn:
            self._screen = Screen()
            self._screen.see(Record(time.monotonic(), setup))
            self._caught = _Caught(self.tell)
        if record is not None:
            from schmubert.bridge.session import recording

            session = recording.session_of(setup, rig, timing)
            self._recording = recording.Recording(record, session, self.tell)

    def tell(self, text: str) -> None:
        """A line that is none of the stage's own."""
        screen, caught = self._screen, self._caught
        if screen is not None and screen.alive:
            screen.say(text)
        elif caught is not None:
            caught.show(text)
        else:
            show(text)

    def say(self, text: str) -> None:
        """A line of the stage: the screen is a witness of it already."""
        if self._screen is None or not self._screen.alive:
            self.tell(text)

    @property
    def witness(self) -> Callable[[Record], None]:
        """Who is to see what happens."""
        return self._see

    def close(self) -> None:
        """The show is over: the terminal is as it was, and the recording complete."""
        caught, screen = self._caught, self._screen
        if caught is not None:
            caught.close()
        self._caught = self._screen = None
        if screen is not None:
            screen.close()
        if self._recording is not None:
            self._recording.close()

    def _see(self, seen: Record) -> None:
        if self._recording is not None:
            self._recording.see(seen)
        if self._screen is not None and self._screen.alive:
            self._screen.see(seen)
        else:
            line = self._lines.see(seen)
            if line is not None:
                self.tell(line)
