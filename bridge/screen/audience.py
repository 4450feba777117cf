"""Who watches a session: a screen or printed lines, and others such as a recorder or a page."""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.screen.lines import StatusLines
from schmubert.engine.music.texts import escaped

CAUGHT_S = 0.5


def show(text: str) -> None:
    """Print a line for the player."""
    print(_plain(text), file=sys.stderr, flush=True)


def _plain(text: str) -> str:
    """`text` without what would move the cursor: ports have names that others chose."""
    return "\n".join(map(escaped, text.split("\n")))


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
        os.write(self._terminal, _plain(text).encode(errors="replace") + b"\n")

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


class Recorder(Protocol):
    """Keeps what happens until it is closed."""

    def see(self, record: Record, /) -> None:
        """Keep what happened."""

    def close(self) -> None:
        """Nothing more is to come."""


class Page(Protocol):
    """A screen: `alive` as long as it shows what it is told."""

    @property
    def alive(self) -> bool:
        """False when nothing is drawn any more."""

    def see(self, record: Record, /) -> None:
        """Show what happened."""

    def say(self, text: str, /) -> None:
        """Show a line."""

    def close(self) -> None:
        """Give the terminal back as it was."""


class Audience:
    """Who watches a session with `settings`: the `screen`, or printed lines where there is none."""

    def __init__(self, settings: Settings, screen: Page | None) -> None:
        self._screen = screen
        self._others: list[Recorder] = []
        self._caught: _Caught | None = None
        self._lines = StatusLines(settings.meter)
        begins = Record(time.monotonic(), settings)
        self._lines.see(begins)
        if screen is not None:
            screen.see(begins)
            self._caught = _Caught(self.tell)

    def keep(self, recorder: Recorder) -> None:
        """Let `recorder` see all that happens from now on, and close it in the end."""
        self._others.append(recorder)

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

    def see(self, record: Record) -> None:
        """Something happened."""
        for other in self._others:
            other.see(record)
        if self._screen is not None and self._screen.alive:
            self._screen.see(record)
        else:
            line = self._lines.see(record)
            if line is not None:
                self.tell(line)

    def close(self) -> None:
        """The show is over: the terminal is as it was, and the recording complete."""
        caught, screen = self._caught, self._screen
        if caught is not None:
            caught.close()
        self._caught = self._screen = None
        if screen is not None:
            screen.close()
        for other in self._others:
            other.close()
