"""The brain as a child process of the port owner."""

import sys
import time
from collections.abc import Sequence
from typing import Protocol

from schmubert.bridge.owner.vigil import Heartbeat
from schmubert.bridge.protocol.messages import FromBrain, Ping, Pong, Quit, Settings, ToBrain
from schmubert.bridge.protocol.pipe import owner_end
from schmubert.bridge.protocol.process import LEAVE_S, end_child, start_child


class BrainError(RuntimeError):
    """No brain ever worked: several died one after the other before they did anything."""


class Brain(Protocol):
    """Whoever decides what to play; no call waits."""

    @property
    def alive(self) -> bool:
        """False when it has ended, or reads no more."""

    @property
    def hangs(self) -> bool:
        """Whether it lives, but has not answered for too long."""

    def tell(self, message: ToBrain) -> None:
        """Pass `message` on."""

    def listen(self) -> Sequence[FromBrain]:
        """What it decided since; call it often, since this also asks whether it is there."""

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
        self._heartbeat: Heartbeat | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False when it has ended, or reads no more."""
        return not self._pipe.closed and self._process.poll() is None

    @property
    def hangs(self) -> bool:
        """Whether it lives, but has not answered for too long, since it was told the settings."""
        return self._heartbeat is not None and self._heartbeat.stopped

    def tell(self, message: ToBrain) -> None:
        """Pass `message` on."""
        self._pipe.say(message)
        if isinstance(message, Settings):
            self._heartbeat = Heartbeat(time.monotonic())

    def listen(self) -> list[FromBrain]:
        """What it decided since; call it often, since this also asks whether it is there."""
        heard = self._pipe.hear()
        heartbeat = self._heartbeat
        if heartbeat is None:
            return heard
        if heartbeat.beat(time.monotonic()):
            self._pipe.say(Ping())
        if any(isinstance(message, Pong) for message in heard):
            heartbeat.answered()
        return heard

    def close(self, patience_s: float = LEAVE_S) -> None:
        """Ask it to end; end it by force after `patience_s`."""
        self._pipe.say(Quit())
        self._pipe.close()
        end_child(self._process, patience_s)
