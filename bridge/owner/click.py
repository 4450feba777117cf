"""A metronome: a stroke on each beat of the transport, the first of a bar higher.

Pure: the loop that sends the notes sends these too.
"""

from math import ceil, inf

from schmubert.bridge.clock.transport import Transport
from schmubert.bridge.owner.scheduler import LATEST_S
from schmubert.bridge.protocol.bytes import NOTE_ON, Send, note_off
from schmubert.bridge.protocol.timeline import NEARLY_BEATS
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import COMMON, Meter

DOWNBEAT, BEAT = 76, 77
"""High and low wood block of General MIDI: the band plays neither."""
LOUD, SOFT = 110, 80


class Click:
    """Strokes on output `port` for a transport in `meter`, each sent `offset_s` later."""

    def __init__(self, port: int, meter: Meter = COMMON, offset_s: float = 0.0) -> None:
        self._port, self._meter, self._offset_s = port, meter, offset_s
        self._passage = -1
        self._half = 0
        """The next half beat: a stroke begins on whole beats and ends on the others."""
        self._sounding: int | None = None

    def due(self, now: float, transport: Transport) -> list[Send]:
        """What is to be sent by `now`; a stroke that comes too late is left out."""
        if not transport.rolling:
            return self.finish()
        sends: list[Send] = []
        if transport.passage != self._passage:
            sends = self.finish()
            self._passage = transport.passage
            self._half = 2 * ceil(transport.timeline.at_beat - NEARLY_BEATS)
        while (at_s := self._at_s(transport)) <= now:
            beat, rest = divmod(self._half, 2)
            self._half += 1
            if rest:
                sends += self._end(at_s)
            elif now - at_s <= LATEST_S:
                sends += [*self._end(at_s), self._begin(beat, at_s)]
        return sends

    def next_s(self, transport: Transport) -> float:
        """When something is due next; infinity while the music stands."""
        if not transport.rolling:
            return inf
        if transport.passage != self._passage:
            return transport.timeline.at_s
        return self._at_s(transport)

    def finish(self) -> list[Send]:
        """End what sounds."""
        return self._end(None)

    def _at_s(self, transport: Transport) -> float:
        return transport.timeline.seconds(self._half / 2) + self._offset_s

    def _begin(self, beat: int, at_s: float) -> Send:
        first = beat % self._meter.beats == 0
        self._sounding = DOWNBEAT if first else BEAT
        velocity = LOUD if first else SOFT
        return Send(self._port, bytes((NOTE_ON | DRUM_CHANNEL, self._sounding, velocity)), at_s)

    def _end(self, at_s: float | None) -> list[Send]:
        pitch, self._sounding = self._sounding, None
        return [] if pitch is None else [Send(self._port, note_off(DRUM_CHANNEL, pitch), at_s)]
