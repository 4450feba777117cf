"""The only file that asks a JACK server where its transport is, by the libjack of the ports."""

import ctypes
import math
import time
from typing import Any

from schmubert.bridge.clock.jack_clock import Bars, JackState
from schmubert.bridge.owner import jack_library
from schmubert.bridge.owner.midi_system import NoMidiError, quiet
from schmubert.bridge.owner.port_names import CLIENT

MICRO = 1e-6
STARTING, ROLLING = (2, 3), 1
"""States of the transport; 3 is starting with a network of servers."""
BARS_VALID = 0x10
AGAIN_S = 2.0
"""A server that ended is looked for so often: the ports, which see it go within a second, close
their clients first, since libjack would else close those twice."""
BRIEF_S = 0.0001


class _Position(ctypes.Structure):
    """jack_position_t as far as it is read, with room for the rest."""

    _fields_ = (
        ("unique_1", ctypes.c_uint64),
        ("usecs", ctypes.c_uint64),
        ("frame_rate", ctypes.c_uint32),
        ("frame", ctypes.c_uint32),
        ("valid", ctypes.c_uint32),
        ("bar", ctypes.c_int32),
        ("beat", ctypes.c_int32),
        ("tick", ctypes.c_int32),
        ("bar_start_tick", ctypes.c_double),
        ("beats_per_bar", ctypes.c_float),
        ("beat_type", ctypes.c_float),
        ("ticks_per_beat", ctypes.c_double),
        ("beats_per_minute", ctypes.c_double),
        ("rest", ctypes.c_uint8 * 128),
    )


_KINDS: jack_library.Kinds = {
    "jack_get_time": (ctypes.c_uint64, ()),
    "jack_transport_query": (ctypes.c_int, (ctypes.c_void_p, ctypes.POINTER(_Position))),
}


class JackServer:
    """A client that asks and plays nothing. Raises NoMidiError where no server answers."""

    def __init__(self) -> None:
        try:
            there = jack_library.reach_server()
            self._jack = jack_library.for_a_client(_KINDS)
        except OSError as error:
            raise NoMidiError(f"--sync jack needs JACK's library: {error}") from error
        self._shutdown = jack_library.SHUTDOWN(self._see_it_go)
        self._client: Any = None
        self._gone = False
        self._looks_s = -math.inf
        self._position = _Position()
        self._ahead_s = 0.0
        if there:
            self._open()
        if self._client is None:
            raise NoMidiError("--sync jack: no JACK server runs; start JACK or PipeWire first")

    def at(self, now: float) -> JackState | None:
        """The transport at the beginning of the server's cycle; None while no server is there."""
        if self._gone:
            self._jack.jack_client_close(self._client)
            self._client, self._gone, self._looks_s = None, False, now + AGAIN_S
        if self._client is None:
            if now < self._looks_s:
                return None
            self._looks_s = now + AGAIN_S
            self._open()
            if self._client is None:
                return None
        said = self._position
        state = self._jack.jack_transport_query(self._client, ctypes.byref(said))
        self._compare_clocks()
        song_s = said.frame / said.frame_rate if said.frame_rate else 0.0
        return JackState(
            said.usecs * MICRO - self._ahead_s,
            song_s,
            state == ROLLING,
            state in STARTING,
            _bars(said),
        )

    def _compare_clocks(self) -> None:
        """JACK counts by a clock of its own, which may begin elsewhere."""
        before_s = time.monotonic()
        jack_s = self._jack.jack_get_time() * MICRO
        after_s = time.monotonic()
        if after_s - before_s < BRIEF_S or not self._ahead_s:  # else others ran in between
            self._ahead_s = jack_s - (before_s + after_s) / 2.0

    def _open(self) -> None:
        with quiet():
            client = self._jack.jack_client_open(
                f"{CLIENT}transport".encode(), jack_library.NO_START_SERVER, None
            )
        if not client:
            return
        self._client = client
        self._jack.jack_on_shutdown(client, self._shutdown, None)
        self._jack.jack_activate(client)

    def _see_it_go(self, _: object) -> None:
        self._gone = True


def _bars(said: _Position) -> Bars | None:
    """What the timebase master says, if there is one and it makes sense."""
    if not said.valid & BARS_VALID or not said.beats_per_minute > 0.0 or not said.beat_type > 0.0:
        return None
    tick = said.tick / said.ticks_per_beat if said.ticks_per_beat > 0.0 else 0.0
    beats = (said.bar - 1) * said.beats_per_bar + (said.beat - 1) + tick
    quarters = 4.0 / said.beat_type
    return Bars(beats * quarters, said.beats_per_minute * quarters)
