"""The keyboard of the terminal: its keys turn controls, one hit each, without Enter.

The terminal is given back as it was when this is closed, whatever ends the session.
"""

import contextlib
import os
import select
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.keys import HELP_KEY, Standing, keys_help
from schmubert.bridge.protocol.messages import Control, Settings

if TYPE_CHECKING:
    import termios
else:
    try:
        import termios
    except ImportError:  # a system without terminals as POSIX knows them
        termios = None

MOST_BYTES = 64
ESCAPE = 0x1B
LOCAL_FLAGS, CONTROL_CHARACTERS = 3, 6  # where `termios` keeps them


class Keyboard:
    """Reads keys of the terminal `fd` from now on; `say` gets the lines that tell of them.

    `tempo_bpm` is the band's own, None where others tell the time.
    OSError where it is no terminal, or not ours to read now.
    """

    def __init__(
        self, fd: int, settings: Settings, say: Callable[[str], None], tempo_bpm: float | None
    ) -> None:
        if termios is None or not os.isatty(fd) or not _is_ours(fd):
            raise OSError("no terminal to read keys from")
        self._fd, self._say = fd, say
        tempo = () if tempo_bpm is None else (Control("tempo", tempo_bpm),)
        self._standing = Standing((*tempo, *settings.turned), settings.mode)
        self._before: list[Any] | None = termios.tcgetattr(fd)
        attributes = termios.tcgetattr(fd)
        attributes[LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)  # Ctrl-C still ends
        attributes[CONTROL_CHARACTERS][termios.VMIN] = 0
        attributes[CONTROL_CHARACTERS][termios.VTIME] = 0
        termios.tcsetattr(fd, termios.TCSANOW, attributes)

    def turned(self) -> list[Control]:
        """What the keys turned since the last call; it never waits."""
        if self._before is None or not select.select([self._fd], [], [], 0.0)[0]:
            return []
        try:
            typed = os.read(self._fd, MOST_BYTES) if _is_ours(self._fd) else b""
        except OSError:  # the terminal is gone: play on without
            self._before = None
            return []
        if not typed or typed[0] == ESCAPE:  # arrows and the like
            return []
        found = []
        for text in typed.decode(errors="replace"):
            control = self._standing.typed(text)
            if control is not None:
                self._standing.turned(control)
                found.append(control)
            elif text == HELP_KEY:
                for line in keys_help():
                    self._say(line)
        return found

    def see(self, record: Record) -> None:
        """Something happened: a control may have been turned elsewhere."""
        if isinstance(record.what, Control):
            self._standing.turned(record.what)

    def close(self) -> None:
        """Give the terminal back as it was."""
        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._fd, termios.TCSANOW, before)


def keyboard(
    fd: int, settings: Settings, say: Callable[[str], None], tempo_bpm: float | None = None
) -> Keyboard | None:
    """The keyboard at `fd`, None where there is none to read."""
    try:
        return Keyboard(fd, settings, say, tempo_bpm)
    except OSError:
        return None


def _is_ours(fd: int) -> bool:
    """Whether this process is in front: one in the background that reads is stopped."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
