"""The only file that joins an Ableton Link session: by LinkPython-extern, which is optional."""

import time
from typing import Any

from schmubert.bridge.clock.link_clock import LinkState
from schmubert.bridge.protocol.timeline import BEATS_PER_BAR

MICRO = 1e-6


class NoLinkError(RuntimeError):
    """The library for Ableton Link is not there; says how to install it."""


class JoinedSession:
    """This computer's peer in the Link session of the local network.

    `tempo_bpm` is what it has until a peer is met, whose tempo then holds. Raises NoLinkError.
    """

    def __init__(self, tempo_bpm: float) -> None:
        try:
            import link  # optional, and it opens sockets
        except ImportError as error:
            raise NoLinkError(
                "--sync link needs a library: pip install LinkPython-extern"
            ) from error
        self._link: Any = link.Link(tempo_bpm)
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    def at(self, now: float) -> LinkState:
        """The session at `now`, monotonic seconds."""
        state = self._link.captureSessionState()
        # Link counts by a clock of its own, which no NTP corrects
        ahead_s = self._link.clock().micros() * MICRO - time.monotonic()
        # the quantum: peers keep their beats alike modulo this
        beat = state.beatAtTime(round((now + ahead_s) / MICRO), float(BEATS_PER_BAR))
        starts_s = state.timeForIsPlaying() * MICRO - ahead_s if state.isPlaying() else None
        return LinkState(state.tempo(), beat, starts_s)
