"""The only file that joins an Ableton Link session: by LinkPython-extern, which is optional."""

import time
from typing import Any

from schmubert.bridge.clock.link_clock import LinkState
from schmubert.engine.music.meter import CLOCKS_PER_QUARTER, COMMON, Meter

MICRO = 1e-6


class NoLinkError(RuntimeError):
    """The library for Ableton Link is not there; says how to install it."""


class JoinedSession:
    """This computer's peer in the Link session of the local network.

    `tempo_bpm` is what it has until a peer is met, whose tempo then holds; Link counts quarters.
    Its bars are those of `meter`. Raises NoLinkError.
    """

    def __init__(self, tempo_bpm: float, meter: Meter = COMMON) -> None:
        try:
            import link  # optional, and it opens sockets
        except ImportError as error:
            raise NoLinkError(
                "--sync link needs a library: pip install LinkPython-extern"
            ) from error
        self._quantum = meter.clocks_per_bar / CLOCKS_PER_QUARTER
        """The quarters of a bar: peers keep their beats alike modulo this."""
        self._link: Any = link.Link(tempo_bpm)
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    def at(self, now: float) -> LinkState:
        """The session at `now`, monotonic seconds."""
        state = self._link.captureSessionState()
        # Link counts by a clock of its own, which no NTP corrects
        ahead_s = self._link.clock().micros() * MICRO - time.monotonic()
        beat = state.beatAtTime(round((now + ahead_s) / MICRO), self._quantum)
        starts_s = state.timeForIsPlaying() * MICRO - ahead_s if state.isPlaying() else None
        return LinkState(state.tempo(), beat, starts_s)
