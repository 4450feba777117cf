"""The transport -> MIDI clock for others: Start, Continue, Stop, Song Position and 24 a beat.

Pure: the loop that sends the notes sends these too. Clocks go on while the music stands, so that
whoever follows knows the tempo before beat 1 (MIDI 1.0 detailed specification, "System Real Time
Messages").
"""

from math import ceil, inf

from schmubert.bridge.clock import (
    CLOCK,
    CLOCKS_PER_BEAT,
    CONTINUE,
    SONG_POSITION,
    START,
    STOP,
    Transport,
)
from schmubert.bridge.ledger import Send
from schmubert.bridge.timeline import Timeline

CLOCKS_PER_16TH = 6
LAST_POSITION = 0x3FFF
NEAR = 1e-6


class ClockOut:
    """Sends the clock of a transport to output `port`.

    Every clock of a passage is sent, however late, and none twice: who counts them stays right.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._passage = -1
        self._rolling = False
        self._line: Timeline | None = None
        """What the clocks lie on while the music stands."""
        self._clock = 0  # the number of the next clock, in the passage or since it stood

    def due(self, now: float, transport: Transport) -> list[Send]:
        """What is to be sent by `now`."""
        sends = self._told(now, transport)
        line = self._line or transport.timeline
        while (at_s := line.seconds(self._clock / CLOCKS_PER_BEAT)) <= now:
            sends.append(Send(self._port, bytes((CLOCK,)), at_s))
            self._clock += 1
        return sends

    def next_s(self, transport: Transport) -> float:
        """When something is due next."""
        if transport.rolling and transport.passage != self._passage:
            return transport.timeline.at_s
        if self._line is None and not self._rolling:
            return -inf
        line = self._line or transport.timeline
        return line.seconds(self._clock / CLOCKS_PER_BEAT)

    def finish(self) -> list[Send]:
        """The end: whoever follows stops too."""
        return [self._message(STOP)] if self._rolling else []

    def _told(self, now: float, transport: Transport) -> list[Send]:
        """Start, stop or jump, where the transport did since."""
        sends = []
        if transport.rolling and transport.passage != self._passage:
            self._passage, self._line = transport.passage, None
            sends = self._started(transport.timeline.at_beat)
        elif self._rolling and not transport.rolling:
            sends = [self._message(STOP)]
        if not transport.rolling and (self._rolling or self._line is None):
            self._line, self._clock = Timeline(0.0, now, transport.timeline.tempo_bpm), 1
        self._rolling = transport.rolling
        return sends

    def _started(self, beat: float) -> list[Send]:
        sends = [self._message(STOP)] if self._rolling else []
        self._clock = ceil(beat * CLOCKS_PER_BEAT - NEAR)
        if self._clock <= 0:
            return [*sends, self._message(START)]
        # a position is in 16ths: Continue waits for the next one
        sixteenth = ceil(self._clock / CLOCKS_PER_16TH)
        self._clock = sixteenth * CLOCKS_PER_16TH
        place = min(sixteenth, LAST_POSITION)
        return [
            *sends,
            self._message(SONG_POSITION, place & 0x7F, place >> 7),
            self._message(CONTINUE),
        ]

    def _message(self, *message: int) -> Send:
        return Send(self._port, bytes(message))
