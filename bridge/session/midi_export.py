"""A session -> a MIDI file: a track a role of the machine, and the player's own.

Every note stands at its true time. Bar lines follow the transport as it was heard, within
`GRID_S`. While it stood, bars are a little longer or shorter, so that the next start falls on a
bar line too. The file goes on in time through a loop or a jump, and a marker tells of it.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import NamedTuple

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
from schmubert.bridge.session.tempo_map import TICKS_PER_QUARTER, TempoMap, tempo_map
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.smf import (
    MARKER,
    PROGRAM_CHANGE,
    SET_TEMPO,
    TRACK_NAME,
    Event,
    event,
    meta,
    midi_file,
    signature_event,
    track_body,
)
from schmubert.engine.music.vocabulary import Track

PROGRAMS = MappingProxyType({Track.MELODY: 0, Track.BASS: 33, Track.CHORDS: 4})
"""A grand piano, a fingered bass, an electric piano."""


class Timed(NamedTuple):
    """A MIDI channel message at `at_s`."""

    at_s: float
    message: bytes


class MidiExport:
    """What a session sounded like: `see` it happen, then ask for its `midi`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._moved: list[Moved] = []
        self._heard: dict[int, list[Timed]] = {int(role): [] for role in session.rig.heard}
        self._latest: dict[tuple[int, int], Heard] = {}
        self._sent: dict[int, list[Timed]] = {int(role): [] for _, role, _ in session.rig.plays}
        self._role_at: dict[tuple[int, int], int] = {}
        for port, role, channel in session.rig.plays:
            if role not in self._role_at.values():  # a second place sounds the same
                self._role_at.setdefault((port, channel), int(role))
        self._ends_s = session.at_s

    def see(self, record: Record) -> None:
        """Take in what happened."""
        what = record.what
        self._ends_s = max(self._ends_s, record.at_s)
        if isinstance(what, Sent):
            status = what.message[0]
            role = self._role_at.get((what.port, status & 0x0F))
            if role is not None and status < SYSTEM:
                self._sent[role].append(Timed(record.at_s, what.message))
        elif isinstance(what, Moved):
            self._moved.append(what)
        elif isinstance(what, Heard):
            if self._latest.get((what.role, what.pitch)) == what:
                return  # a new brain is told what is held
            self._latest[what.role, what.pitch] = what
            message = bytes((NOTE_ON if what.velocity else NOTE_OFF, what.pitch, what.velocity))
            self._hear(what, message)
        elif isinstance(what, Pedal):
            self._hear(what, bytes((CONTROL_CHANGE, SUSTAIN_PEDAL, 127 if what.down else 0)))

    @property
    def seconds(self) -> float:
        """How long the session was."""
        return self._ends_s - self._session.at_s

    def onsets(self) -> tuple[int, int]:
        """Notes that the machine played, and those of the player."""
        return _onsets(self._sent.values()), _onsets(self._heard.values())

    def midi(self) -> bytes:
        """The MIDI file."""
        offset_s, meter = self._session.timing.offset_s, self._session.setup.meter
        parts = [*self._heard.items(), *self._sent.items()]
        firsts = [min(part)[0] for _, part in parts if part]
        grid = tempo_map(self._moved, offset_s, min(firsts, default=None), meter)
        told = _conductor(self._session.began, grid, self._moved, offset_s, meter)
        bodies = [track_body(told, 0)]
        end = grid.tick(self._ends_s)
        names = [(f"You: {_name(role)}", role) for role in self._heard]
        names += [(_name(role), role) for role in self._sent]
        free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
        for (name, role), (_, part) in zip(names, parts, strict=True):
            channel = DRUM_CHANNEL if role == Track.DRUMS else free.pop(0)
            bodies.append(_part(name, Track(role), channel, part, grid, end))
        return midi_file(TICKS_PER_QUARTER, bodies)

    def _hear(self, what: Heard | Pedal, message: bytes) -> None:
        if what.role in self._heard:
            at_s = what.at_s - self._session.timing.offset_s
            self._heard[what.role].append(Timed(at_s, message))


def _onsets(parts: Iterable[Sequence[Timed]]) -> int:
    return sum(begins_note(message) for part in parts for _, message in part)


def _name(role: int) -> str:
    return Track(role).name.capitalize()


def _conductor(
    began: str, grid: TempoMap, moved: Sequence[Moved], offset_s: float, meter: Meter
) -> list[Event]:
    """Tempo, metre and what the transport did."""
    events = [meta(0, TRACK_NAME, f"schmubert {began}".encode()), signature_event(0, meter)]
    events += [meta(tick, SET_TEMPO, us.to_bytes(3, "big")) for tick, us in grid.tempos]
    rolling, passage = False, None
    for one in moved:
        text = None
        if one.rolling and one.passage != passage:
            text = f"{'jump to' if rolling else 'start at'} {_place(one.at_beat, meter)}"
            passage = one.passage
        elif rolling and not one.rolling:
            text = f"stop at {_place(one.at_beat, meter)}"
        rolling = one.rolling
        if text is not None:
            tick = grid.tick(one.at_s - offset_s)
            events.append(meta(tick, MARKER, text.encode()))
    return sorted(events, key=lambda one: one.tick)


def _part(
    name: str, role: Track, channel: int, part: Sequence[Timed], grid: TempoMap, end: int
) -> bytes:
    """A track's body. What still sounds at its end is ended there."""
    events = [meta(0, TRACK_NAME, name.encode())]
    if role in PROGRAMS:
        events.append(event(0, PROGRAM_CHANGE | channel, PROGRAMS[role]))
    sounding: dict[int, None] = {}
    for at_s, message in sorted(part, key=lambda timed: timed.at_s):
        if begins_note(message):
            sounding[message[1]] = None
        elif ends_note(message):
            sounding.pop(message[1], None)
        status = message[0] & 0xF0 | channel
        events.append(event(grid.tick(at_s), status, *message[1:]))
    last = max(end, events[-1].tick)
    events += [event(last, NOTE_OFF | channel, pitch, 64) for pitch in sounding]
    return track_body(events, last)


def _place(beat: float, meter: Meter) -> str:
    bar, in_bar = bar_and_beat(beat, meter)
    return f"bar {bar}" if in_bar == 1 else f"bar {bar}, beat {in_bar}"
