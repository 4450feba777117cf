"""The transport -> MIDI clock for others: Start, Continue, Stop, Song Position, and clocks.

Pure: the loop that sends the notes sends these too. Clocks go on while the music stands, so that
a follower knows the tempo before beat 1 (MIDI 1.0 detailed specification, "System Real Time
Messages").
"""

from math import ceil, inf

from schmubert.bridge.clock.transport import Transport
from schmubert.bridge.protocol.bytes import (
    CLOCK,
    CLOCKS_PER_16TH,
    CONTINUE,
    LAST_POSITION,
    START,
    STOP,
    Send,
    song_position,
)
from schmubert.engine.music.meter import COMMON, Meter

NEAR = 1e-6


class ClockOut:
    """Sends the clock of a transport that counts beats of `meter` to output `port`.

    Every clock of a passage is sent, however late, and none twice, so that a follower who counts
    them stays right.
    """

    def __init__(self, port: int, meter: Meter = COMMON) -> None:
        self._port = port
        self._per_beat = meter.clocks
        self._passage = -1
        self._rolling = False
        self._clock: int | None = None
        """The number of the next clock on the transport's line; None before the first."""

    def due(self, now: float, transport: Transport) -> list[Send]:
        """What is to be sent by `now`."""
        line, sends = transport.timeline, self._told(transport)
        if self._clock is None:
            self._clock = ceil(line.beats(now) * self._per_beat - NEAR)
        while (at_s := line.seconds(self._clock / self._per_beat)) <= now:
            sends.append(Send(self._port, bytes((CLOCK,)), at_s))
            self._clock += 1
        return sends

    def next_s(self, transport: Transport) -> float:
        """When something is due next; at once before the first call of `due`."""
        if transport.rolling and transport.passage != self._passage:
            return transport.timeline.at_s
        if self._clock is None:
            return -inf
        return transport.timeline.seconds(self._clock / self._per_beat)

    def finish(self) -> list[Send]:
        """The end: whoever follows stops too."""
        return [self._message(STOP)] if self._rolling else []

    def _told(self, transport: Transport) -> list[Send]:
        """What tells of a start, a stop or a jump since the last call."""
        sends = []
        if transport.rolling and transport.passage != self._passage:
            self._passage = transport.passage
            sends = self._started(transport.timeline.at_beat)
        elif self._rolling and not transport.rolling:
            sends = [self._message(STOP)]
        self._rolling = transport.rolling
        return sends

    def _started(self, beat: float) -> list[Send]:
        sends = [self._message(STOP)] if self._rolling else []
        clock = ceil(beat * self._per_beat - NEAR)
        if clock <= 0:
            self._clock = 0
            return [*sends, self._message(START)]
        # a position is in 16ths: Continue waits for the next one
        sixteenth = ceil(clock / CLOCKS_PER_16TH)
        self._clock = sixteenth * CLOCKS_PER_16TH
        place = song_position(min(sixteenth, LAST_POSITION))
        return [*sends, Send(self._port, place), self._message(CONTINUE)]

    def _message(self, status: int) -> Send:
        return Send(self._port, bytes((status,)))
