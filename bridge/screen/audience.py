"""Who watches a session: a screen or printed lines, and others such as a recorder or a page."""

import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Protocol, runtime_checkable

from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.screen.lines import StatusLines
from schmubert.engine.music.texts import escaped

CAUGHT_S = 0.5
GONE = (errno.EPIPE, errno.EIO)
"""How writing fails where nobody reads any more: to a pipe, and to a terminal that was closed."""


def show(text: str) -> None:
    """Print a line for the player; one that cannot be printed is dropped."""
    plain = _plain(text)
    try:
        print(plain, file=sys.stderr, flush=True)
    except OSError as error:
        if error.errno in GONE:
            _lead_nowhere()
    except ValueError:  # it is closed
        pass


def _lead_nowhere() -> None:
    """From now on stderr takes lines as if somebody read them.

    Python keeps what it could not print. It would try again as it ends, and end with status 120.
    """
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stderr.fileno())
        finally:
            os.close(nowhere)
        sys.stderr.flush()


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
        """Print a line where stderr led before; one that cannot be printed is dropped."""
        with suppress(OSError):
            os.write(self._terminal, _plain(text).encode(errors="replace") + b"\n")

    def close(self) -> None:
        """Stderr leads where it led before."""
        with suppress(OSError, ValueError):
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


@runtime_checkable
class Listener(Protocol):
    """A recorder that is told lines, too, such as a page in a browser."""

    def say(self, text: str, /) -> None:
        """Take a line; it never waits."""


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
    """Who watches a session with `settings`: the `screen`, or printed lines where there is none.

    One that fails is shown no more, and a line says so; the others go on.
    """

    def __init__(self, settings: Settings, screen: Page | None) -> None:
        self._screen = screen
        self._others: list[Recorder] = []
        self._listeners: list[Listener] = []
        self._failed: dict[int, Exception] = {}
        """What went wrong, by the `id` of the watcher that is shown no more."""
        self._caught: _Caught | None = None
        self._lines = StatusLines(settings.meter)
        begins = Record(time.monotonic(), settings)
        self._lines.see(begins)
        if screen is not None:
            screen.see(begins)
            # to the screen alone: what a page prints of a line must not be its next line
            self._caught = _Caught(self._show)

    def keep(self, recorder: Recorder) -> None:
        """Let `recorder` see all that happens from now on, and close it in the end.

        One that is a `Listener` is told every line of `tell`, too.
        """
        self._others.append(recorder)
        if isinstance(recorder, Listener):
            self._listeners.append(recorder)

    def tell(self, text: str) -> None:
        """A line that is none of the stage's own: one that cannot be shown is dropped."""
        self._show(text)
        for listener in self._listeners:
            self._hand(listener, listener.say, text)

    def _show(self, text: str) -> None:
        """Show a line on the screen, or print it."""
        screen, caught = self._screen, self._caught
        if screen is not None and screen.alive:
            screen.say(text)
        elif caught is not None:
            caught.show(text)
        else:
            show(text)

    def say(self, text: str) -> None:
        """A line of the stage: the screen and pages are witnesses of it already."""
        if self._screen is None or not self._screen.alive:
            self._show(text)

    def see(self, record: Record) -> None:
        """Something happened; nothing that goes wrong with a watcher is raised before `close`."""
        for other in self._others:
            self._hand(other, other.see, record)
        self._hand(self._screen or self._lines, self._draw, record)

    def _draw(self, record: Record) -> None:
        """Show what happened on the screen, or print a line of figures where one is due."""
        if self._screen is not None and self._screen.alive:
            self._screen.see(record)
        else:
            line = self._lines.see(record)
            if line is not None:
                self._show(line)

    def _hand(self, watcher: object, take: Callable[[Any], None], what: Any) -> None:
        """Let `watcher` `take` what happened or was said, unless it failed before."""
        if id(watcher) in self._failed:
            return
        try:
            take(what)
        except Exception as error:
            self._failed[id(watcher)] = error
            self.tell(f"{type(watcher).__name__} ends here: {error!r}; the music goes on")

    def close(self) -> None:
        """The show is over: the terminal is as it was, and the recording complete.

        Each watcher is closed, whatever the others do. Then an error is raised: the first that a
        watcher failed with while it watched, else the last that came in closing.
        """
        screen = self._screen
        with ExitStack() as ending:  # what is entered last is done first
            ending.callback(self._raise_failure)
            for other in reversed(self._others):
                ending.callback(other.close)
            if screen is not None:
                ending.callback(screen.close)
            try:
                if self._caught is not None:
                    self._caught.close()
            finally:
                self._caught = self._screen = None

    def _raise_failure(self) -> None:
        for error in self._failed.values():
            raise error
