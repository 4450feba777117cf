"""A session -> a MIDI file: a track a role of the machine, and the player's own.

Every note stands at its true time. Bar lines follow the transport as it was heard, within
`GRID_S`. While it stood, bars are a little longer or shorter, so that the next start falls on a
bar line too. The file goes on in time through a loop or a jump, and a marker tells of it.

It is written while the session goes on: what waits for its tick is a minute's at the most.
"""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from itertools import count
from math import inf
from types import MappingProxyType

from schmubert.bridge.protocol.bytes import (
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    SUSTAIN_PEDAL,
    SYSTEM,
    begins_note,
    ends_note,
)
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Heard, Moved, Pedal
from schmubert.bridge.protocol.timeline import bar_and_beat
from schmubert.bridge.session.log import Session
from schmubert.bridge.session.tempo_map import TICKS_PER_QUARTER, Place, Places, Tempo, TempoMap
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.smf import (
    MARKER,
    PROGRAM_CHANGE,
    SET_TEMPO,
    TRACK_NAME,
    Event,
    TrackBody,
    event,
    meta,
    midi_file,
    signature_event,
)
from schmubert.engine.music.vocabulary import Track

PROGRAMS = MappingProxyType({Track.MELODY: 0, Track.BASS: 33, Track.CHORDS: 4})
"""A grand piano, a fingered bass, an electric piano."""
WRITTEN_AT_ONCE = 8
"""So many events at the most with each record, that nothing on stage waits for them."""


class MidiExport:
    """What a session sounded like: `see` it happen, then ask once for its `midi`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._offset_s, self._meter = session.timing.offset_s, session.setup.meter
        self._conductor = _Part(f"schmubert {session.began}")
        self._conductor.body.add(signature_event(0, self._meter))
        free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
        heard = [int(role) for role in session.rig.heard]
        sent = dict.fromkeys(int(role) for _, role, _ in session.rig.plays)
        self._heard = {role: _part(f"You: {_name(role)}", role, free) for role in heard}
        self._sent = {role: _part(_name(role), role, free) for role in sent}
        self._role_at: dict[tuple[int, int], int] = {}
        for port, role, channel in session.rig.plays:
            if role not in self._role_at.values():  # a second place sounds the same
                self._role_at.setdefault((port, channel), int(role))
        self._latest: dict[tuple[int, int], Heard] = {}
        self._rolling, self._passage = False, -1
        self._places = Places(self._meter, self._offset_s)
        self._map: TempoMap | None = None
        self._waiting: list[tuple[float, int, _Part, Event]] = []
        self._numbers = count(1)
        self._ends_s = session.at_s

    def see(self, record: Record) -> None:
        """Take in what happened."""
        what = record.what
        self._ends_s = max(self._ends_s, record.at_s)
        if isinstance(what, Sent):
            status = what.message[0]
            role = self._role_at.get((what.port, status & 0x0F))
            if role is not None and status < SYSTEM:
                self._play(self._sent[role], record.at_s, what.message)
        elif isinstance(what, Moved):
            self._mark(what)
            self._reach(self._places.move(what))
        elif isinstance(what, Heard):
            if self._latest.get((what.role, what.pitch)) == what:
                return  # a new brain is told what is held
            self._latest[what.role, what.pitch] = what
            message = bytes((NOTE_ON if what.velocity else NOTE_OFF, what.pitch, what.velocity))
            self._hear(what, message)
        elif isinstance(what, Pedal):
            self._hear(what, bytes((CONTROL_CHANGE, SUSTAIN_PEDAL, 127 if what.down else 0)))
        self._reach(self._places.wait(record.at_s))
        if self._map is not None:
            self._write(self._map, self._map.settled_s, WRITTEN_AT_ONCE)

    @property
    def seconds(self) -> float:
        """How long the session was."""
        return self._ends_s - self._session.at_s

    def onsets(self) -> tuple[int, int]:
        """Notes that the machine played, and those of the player."""
        return _onsets(self._sent), _onsets(self._heard)

    def midi(self) -> bytes:
        """The MIDI file: nothing more is to come."""
        latest = self._places.latest or self._places.begin()
        grid = self._map or TempoMap(latest, self._meter)
        self._tell(grid, grid.finish(latest.bpm))
        self._write(grid, inf, len(self._waiting))
        end = grid.tick(self._ends_s)
        bodies = [part.ended(end) for part in [*self._heard.values(), *self._sent.values()]]
        return midi_file(TICKS_PER_QUARTER, [self._conductor.ended(0), *bodies])

    def _hear(self, what: Heard | Pedal, message: bytes) -> None:
        if what.role in self._heard:
            self._play(self._heard[what.role], what.at_s - self._offset_s, message)

    def _play(self, part: "_Part", at_s: float, message: bytes) -> None:
        self._places.sound(at_s)
        part.onsets += begins_note(message)
        self._wait(at_s, part, event(0, message[0] & 0xF0 | part.channel, *message[1:]))

    def _mark(self, one: Moved) -> None:
        """A marker where the transport starts, jumps or stops."""
        text = None
        if one.rolling and one.passage != self._passage:
            text = (
                f"{'jump to' if self._rolling else 'start at'} {_place(one.at_beat, self._meter)}"
            )
            self._passage = one.passage
        elif self._rolling and not one.rolling:
            text = f"stop at {_place(one.at_beat, self._meter)}"
        self._rolling = one.rolling
        if text is not None:
            self._wait(one.at_s - self._offset_s, self._conductor, meta(0, MARKER, text.encode()))

    def _wait(self, at_s: float, part: "_Part", one: Event) -> None:
        """`one` is written when the tick of `at_s` is known."""
        heappush(self._waiting, (at_s, next(self._numbers), part, one))

    def _reach(self, places: Iterable[Place]) -> None:
        for place in places:
            if self._map is None:
                self._map = TempoMap(place, self._meter)
            else:
                self._tell(self._map, self._map.reach(place))

    def _tell(self, grid: TempoMap, tempos: Iterable[Tempo]) -> None:
        """Tempos stand before all else of their time."""
        for one in tempos:
            said = meta(0, SET_TEMPO, one.us.to_bytes(3, "big"))
            heappush(self._waiting, (grid.seconds(one.clock), 0, self._conductor, said))

    def _write(self, grid: TempoMap, until_s: float, most: int) -> None:
        """Write what is due before `until_s`, `most` events at the most."""
        while most and self._waiting and self._waiting[0][0] <= until_s:
            at_s, _, part, one = heappop(self._waiting)
            grid.forget(at_s)
            part.write(one, grid.tick(at_s))
            most -= 1


class _Part:
    """A track of the file, which grows."""

    def __init__(self, name: str, channel: int = 0) -> None:
        self.body = TrackBody([meta(0, TRACK_NAME, name.encode())])
        self.channel = channel
        self.onsets = 0
        self._sounding: dict[int, None] = {}

    def write(self, one: Event, tick: int) -> None:
        """Put `one` at `tick`, or behind what is there already."""
        if begins_note(one.raw):
            self._sounding[one.raw[1]] = None
        elif ends_note(one.raw):
            self._sounding.pop(one.raw[1], None)
        self.body.add(one._replace(tick=max(tick, self.body.tick)), short=True)

    def ended(self, end: int) -> bytes:
        """The track's body. What still sounds at its end is ended there."""
        for pitch in dict(self._sounding):
            self.write(event(0, NOTE_OFF | self.channel, pitch, 64), end)
        return self.body.ended(end)


def _part(name: str, role: int, free: list[int]) -> _Part:
    """The track of `role`: that of drums, or one of the channels that are `free`."""
    channel = DRUM_CHANNEL if role == Track.DRUMS else free.pop(0)
    part = _Part(name, channel)
    program = PROGRAMS.get(Track(role))
    if program is not None:
        part.body.add(event(0, PROGRAM_CHANGE | channel, program))
    return part


def _onsets(parts: Mapping[int, _Part]) -> int:
    return sum(part.onsets for part in parts.values())


def _name(role: int) -> str:
    return Track(role).name.capitalize()


def _place(beat: float, meter: Meter) -> str:
    bar, in_bar = bar_and_beat(beat, meter)
    return f"bar {bar}" if in_bar == 1 else f"bar {bar}, beat {in_bar}"
