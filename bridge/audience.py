"""Who watches a session: the screen or printed lines, and the recording if one was asked for."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from schmubert.bridge.live import Timing
from schmubert.bridge.roles import Rig
from schmubert.bridge.screen import Screen
from schmubert.bridge.stage import Setup
from schmubert.bridge.witness import Seen

if TYPE_CHECKING:
    from schmubert.bridge.recording import Recording


def show(text: str) -> None:
    """Print a line for the player."""
    print(text, file=sys.stderr, flush=True)


class Audience:
    """Opens the screen if `drawn`, and a recording in `record` if that is a folder's name."""

    def __init__(
        self, setup: Setup, rig: Rig, timing: Timing, record: Path | None, drawn: bool
    ) -> None:
        self._screen: Screen | None = None
        self._recording: Recording | None = None
        if drawn:
            self._screen = Screen()
            self._screen.see(Seen(time.monotonic(), setup))
        if record is not None:
            from schmubert.bridge import recording

            session = recording.session_of(setup, rig, timing)
            self._recording = recording.Recording(record, session, self.tell)

    @property
    def _drawn(self) -> bool:
        return self._screen is not None and self._screen.alive

    def tell(self, text: str) -> None:
        """A line that is none of the stage's own."""
        if self._screen is not None and self._screen.alive:
            self._screen.say(text)
        else:
            show(text)

    def say(self, text: str) -> None:
        """A line of the stage: the screen is a witness of it already."""
        if not self._drawn:
            show(text)

    @property
    def witness(self) -> Callable[[Seen], None] | None:
        """Who is to see what happens, if anyone is."""
        if self._screen is None and self._recording is None:
            return None
        return self._see

    def close(self) -> None:
        """The show is over: the terminal is as it was, and the recording complete."""
        screen, self._screen = self._screen, None
        if screen is not None:
            screen.close()
        if self._recording is not None:
            self._recording.close()

    def __enter__(self) -> "Audience":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _see(self, seen: Seen) -> None:
        if self._recording is not None:
            self._recording.see(seen)
        if self._screen is not None:
            self._screen.see(seen)
