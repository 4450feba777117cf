"""The brain as a child process of the port owner."""

import sys
from collections.abc import Sequence
from typing import Protocol

from schmubert.bridge.protocol.messages import FromBrain, Quit, ToBrain
from schmubert.bridge.protocol.pipe import owner_end
from schmubert.bridge.protocol.process import LEAVE_S, end_child, start_child


class BrainError(RuntimeError):
    """The brain died several times in a row."""


class Brain(Protocol):
    """Whoever decides what to play; no call waits."""

    @property
    def alive(self) -> bool:
        """False when it has ended, or reads no more."""

    def tell(self, message: ToBrain) -> None:
        """Pass `message` on."""

    def listen(self) -> Sequence[FromBrain]:
        """What it decided since."""

    def close(self, patience_s: float = LEAVE_S) -> None:
        """End it, by force after `patience_s`."""


class BrainProcess:
    """The brain as a child process, in a session of its own: Ctrl-C ends only the owner."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        self._process, ours = start_child(
            # started by its name, never imported: the owner of the ports loads none of it
            command or (sys.executable, "-m", "schmubert.bridge.brain.process")
        )
        self._pipe = owner_end(ours)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False when it has ended, or reads no more."""
        return not self._pipe.closed and self._process.poll() is None

    def tell(self, message: ToBrain) -> None:
        """Pass `message` on."""
        self._pipe.say(message)

    def listen(self) -> list[FromBrain]:
        """What it decided since."""
        return self._pipe.hear()

    def close(self, patience_s: float = LEAVE_S) -> None:
        """Ask it to end; end it by force after `patience_s`."""
        self._pipe.say(Quit())
        self._pipe.close()
        end_child(self._process, patience_s)
