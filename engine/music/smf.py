"""The bytes of a Standard MIDI File: chunks and events, nothing thrown away.

Files that play elsewhere are read as far as they go. `MidiFile.oddities` says what is odd, a line
each. What is not touched is written back byte for byte: an event keeps the bytes that it stands in.
Source: Standard MIDI Files 1.0 (RP-001) and RIFF RMID (RP-029).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from schmubert.engine.music.meter import USUAL_BPM, Meter
from schmubert.engine.music.vlq import LONGEST_WAIT, read_vlq, vlq

META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
TEXT, TRACK_NAME, MARKER, PORT, END_OF_TRACK = 0x01, 0x03, 0x06, 0x21, 0x2F
SET_TEMPO, TIME_SIGNATURE = 0x51, 0x58
MOST_TRACKS = 32_000
"""A header counts to 65,535: two files of so many tracks can be joined, and a band added."""
SYSTEM_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""How many data bytes the other system messages have: they have no place in a file."""
NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL_CHANGE, PROGRAM_CHANGE = 0x80, 0x90, 0xA0, 0xB0, 0xC0
MACBINARY_HEADER = 128


class NoMidiError(ValueError):
    """Bytes that hold no MIDI file at all; the message says why."""


class Event(NamedTuple):
    """An event at `tick`: `status` (with the channel), `kind` (a meta event's type), `data`.

    `data` is what follows the status: two bytes of a note, the payload of a meta or SysEx event.
    `delta` and `raw` are the bytes as they stand, running status left out there as in the file.
    """

    tick: int
    status: int
    kind: int
    data: bytes
    delta: bytes
    raw: bytes


@dataclass(frozen=True)
class Chunk:
    """A chunk by its four-byte `name`: `body` as it stands; `declared` is the length it claims."""

    name: bytes
    body: bytes
    declared: int

    @property
    def whole(self) -> bytes:
        """The chunk with its header; the length is the true one."""
        return self.name + len(self.body).to_bytes(4, "big") + self.body


@dataclass(frozen=True)
class MidiTrack:
    """An MTrk chunk: its `events`, the end-of-track (where there is one) last; `rest` follows it.

    `end` is the tick of the end-of-track, or of the last event where that is missing.
    """

    chunk: Chunk
    events: tuple[Event, ...]
    rest: bytes
    end: int
    complete: bool

    def edited(self, events: Iterable[Event]) -> "MidiTrack":
        """The track with these `events`, in order of time; the bytes of each stay where they can.

        A delta time is written anew where it has changed, a status where running status would
        give another one.
        """
        kept = tuple(events)
        body = TrackBody(kept).data + self.rest
        chunk = Chunk(self.chunk.name, bytes(body), len(body))
        end = kept[-1].tick if kept else 0
        return replace(self, chunk=chunk, events=kept, end=end)


@dataclass(frozen=True, eq=False)
class MidiFile:
    """A Standard MIDI File: `chunks` in order, those that are tracks also in `tracks`.

    `ticks_per_beat` counts a quarter note; where the file counts seconds (SMPTE) a beat lasts half
    a second. `trailing` are bytes after the last chunk that are none. `oddities` are a line each.
    """

    format: int
    ticks_per_beat: int
    header: bytes
    chunks: tuple[Chunk, ...]
    tracks: tuple[MidiTrack, ...]
    trailing: bytes
    oddities: tuple[str, ...]

    @property
    def in_seconds(self) -> bool:
        """Whether its ticks are parts of a second, not of a beat: no tempo changes them."""
        return bool(self.header[4] & 0x80)

    @cached_property
    def words(self) -> Sequence[Event]:
        """All its events but notes, track by track."""
        return [one for track in self.tracks for one in track.events if one.status >= KEY_PRESSURE]

    def with_tracks(self, added: Sequence[bytes]) -> bytes:
        """The file with `added` (bodies of MTrk chunks) behind its own chunks.

        All else stays byte for byte, but for what cannot stand: the count of tracks, type 0 with
        more than one, the length of a cut chunk and the end-of-track that it lacks.
        """
        bodies = {id(track.chunk): track for track in self.tracks}
        written = []
        for chunk in self.chunks:
            track = bodies.get(id(chunk))
            written.append(chunk if track is None else _ended(track))
        written += [Chunk(b"MTrk", body, len(body)) for body in added]
        count = sum(chunk.name == b"MTrk" for chunk in written)
        format_ = 1 if count > 1 else self.format
        header = format_.to_bytes(2, "big") + count.to_bytes(2, "big") + self.header[4:]
        return b"".join(
            [Chunk(b"MThd", header, len(header)).whole, *(c.whole for c in written), self.trailing]
        )

    def replaced(self, tracks: Sequence[MidiTrack]) -> "MidiFile":
        """The file with `tracks` in place of its own, one for one."""
        new = {id(old.chunk): track for old, track in zip(self.tracks, tracks, strict=True)}
        chunks = tuple(new[id(c)].chunk if id(c) in new else c for c in self.chunks)
        return replace(self, chunks=chunks, tracks=tuple(tracks))


def read(data: bytes) -> MidiFile:
    """The MIDI file in `data`, wrapped in RIFF or MacBinary or as it is; NoMidiError for none."""
    odd: list[str] = []
    inner = _unwrapped(data, odd)
    declared = int.from_bytes(inner[4:8], "big")
    header = inner[8 : 8 + declared]
    if len(header) < 6:
        raise NoMidiError("its header is cut off")
    format_, count, division = (int.from_bytes(header[k : k + 2], "big") for k in (0, 2, 4))
    chunks, trailing = _chunks(inner, 8 + declared, odd)
    found = [chunk for chunk in chunks if chunk.name == b"MTrk"]
    tracks = tuple(_track(chunk, number, odd) for number, chunk in enumerate(found, 1))
    if not tracks:
        raise NoMidiError("it holds no track")
    if len(tracks) > MOST_TRACKS:
        raise NoMidiError(f"it holds {len(tracks)} tracks; at most {MOST_TRACKS} can be read")
    if len(tracks) != count:
        odd.append(f"its header tells of {count} tracks, there are {len(tracks)}")
    if format_ > 1:
        odd.append(f"it is of type {format_}, read as of type 1: its tracks sound together")
    elif format_ == 0 and len(tracks) > 1:
        odd.append(f"it is of type 0 and has {len(tracks)} tracks: they sound together")
    return MidiFile(
        format_, _ticks_per_beat(division, odd), header, chunks, tracks, trailing, tuple(odd)
    )


def event(tick: int, *said: int) -> Event:
    """A channel message of our own: its bytes, the status first."""
    raw = bytes(said)
    return Event(tick, raw[0], 0, raw[1:], b"", raw)


def meta(tick: int, kind: int, data: bytes = b"") -> Event:
    """A meta event of our own."""
    return Event(tick, META, kind, data, b"", bytes([META, kind]) + vlq(len(data)) + data)


def signature_event(tick: int, meter: Meter) -> Event:
    """The time signature of `meter` from `tick` on; a metronome clicks its beats."""
    beats, unit = meter.signature
    return meta(tick, TIME_SIGNATURE, bytes([beats, unit.bit_length() - 1, meter.clocks, 8]))


class TrackBody:
    """The bytes of a track so far, which grow with every event.

    Empty texts stand in a wait that is longer than one between two events can be.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.data = bytearray()
        self.tick = self._running = 0
        for one in events:
            self.add(one)

    def add(self, one: Event, short: bool = False) -> None:
        """Put `one` behind the others. It keeps its own bytes where they still mean the same.

        A status that repeats is left out where it is to be `short`.
        """
        wait = one.tick - self.tick
        while wait > LONGEST_WAIT:
            self.data += vlq(LONGEST_WAIT) + meta(0, TEXT).raw
            wait -= LONGEST_WAIT
            self._running = 0
        same = bool(one.delta) and read_vlq(one.delta, 0)[0] == wait
        self.data += one.delta if same else vlq(wait)
        self.tick = one.tick
        if one.raw[0] < 0x80 and self._running != one.status:
            self.data.append(one.status)
        self.data += one.raw[1:] if short and one.raw[0] == self._running else one.raw
        if one.status < SYSEX or short:
            self._running = one.status if one.status < SYSEX else 0

    def ended(self, end: int) -> bytes:
        """All of it, with an end-of-track at tick `end`, or where the latest event is."""
        self.add(meta(max(end, self.tick), END_OF_TRACK))
        return bytes(self.data)


def track_body(events: Iterable[Event], end: int) -> bytes:
    """What an MTrk chunk holds: `events`, in order of time, and an end-of-track at tick `end`."""
    body = TrackBody()
    for one in events:
        if (one.status, one.kind) != (META, END_OF_TRACK):
            body.add(one, short=True)
    return body.ended(end)


def midi_file(ticks_per_beat: int, bodies: Sequence[bytes]) -> bytes:
    """A file of type 1 with the tracks of which `bodies` are the chunks' contents."""
    header = b"".join(number.to_bytes(2, "big") for number in (1, len(bodies), ticks_per_beat))
    chunks = [Chunk(b"MThd", header, 6), *(Chunk(b"MTrk", body, len(body)) for body in bodies)]
    return b"".join(chunk.whole for chunk in chunks)


def _unwrapped(data: bytes, odd: list[str]) -> bytes:
    """`data` from its MThd on, whatever it is wrapped in."""
    if data[:4] == b"MThd":
        return data
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        at = 12
        while at + 8 <= len(data):
            length = int.from_bytes(data[at + 4 : at + 8], "little")
            body = data[at + 8 : at + 8 + length]
            if data[at : at + 4] == b"data" and body[:4] == b"MThd":
                return body
            at += 8 + length + length % 2
    if data[MACBINARY_HEADER : MACBINARY_HEADER + 4] == b"MThd" and data[:1] == b"\0":
        length = int.from_bytes(data[83:87], "big")
        body = data[MACBINARY_HEADER:]
        return body[:length] if 14 <= length <= len(body) else body
    at = data.find(b"MThd")
    if at < 0:
        raise NoMidiError("it is no MIDI file" if data else "it is empty")
    odd.append(f"{at} bytes stand before its header")
    return data[at:]


def _chunks(data: bytes, at: int, odd: list[str]) -> tuple[tuple[Chunk, ...], bytes]:
    """The chunks of `data` from `at` on, and the bytes at the end that are none."""
    found: list[Chunk] = []
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        if not all(0x20 <= byte < 0x7F for byte in name):
            again = data.find(b"MTrk", at)
            if again < 0:
                break
            odd.append(f"{again - at} bytes between its chunks are none")
            at = again
            continue
        body = data[at + 8 : at + 8 + length]
        again = -1
        if name == b"MTrk" and not _chunk_begins(data, at + 8 + length):
            again = data.find(b"MTrk", at + 8)
        if again >= 0:
            odd.append("a track's length is wrong: it is taken to end where the next begins")
            body = data[at + 8 : again]
        elif len(body) < length:
            what = "last track" if name == b"MTrk" else f"chunk {name.decode('ascii')!r}"
            odd.append(f"its {what} is cut: {length - len(body)} bytes are missing")
        found.append(Chunk(name, body, length))
        at += 8 + len(body)
    trailing = data[at:]
    if trailing:
        odd.append(f"{len(trailing)} bytes after its last track are no chunk")
    return tuple(found), trailing


def _chunk_begins(data: bytes, at: int) -> bool:
    """Whether a chunk may begin at `at`, or `data` ends there, or only few bytes are left."""
    left = len(data) - at
    return 0 <= left < 8 or (left > 0 and all(0x20 <= byte < 0x7F for byte in data[at : at + 4]))


def _ticks_per_beat(division: int, odd: list[str]) -> int:
    if division & 0x8000:
        frames, ticks = 256 - (division >> 8), division & 0xFF
        odd.append("its time is in seconds: a beat is taken to last half of one")
        return max(1, round((29.97 if frames == 29 else frames) * ticks * 60.0 / USUAL_BPM))
    if not division:
        raise NoMidiError("it says how long nothing is: 0 ticks a beat")
    return division


def _track(chunk: Chunk, number: int, odd: list[str]) -> MidiTrack:
    """The events of the track in `chunk`, up to its end or to where it can be read no further."""
    body = chunk.body
    events: list[Event] = []
    at, tick, running, size = 0, 0, 0, len(body)
    strange: set[str] = set()
    complete = False
    while at < size:
        start = at
        try:
            wait = body[at]
            if wait < 0x80:
                at += 1
            else:
                wait, at = read_vlq(body, at)
            first = at
            status = body[at]
            if status >= 0x80:
                at += 1
            else:
                status = running
                if not status:
                    raise ValueError("a data byte without a status")
            kind = 0
            if status < SYSEX:
                running = status
                first_data = at
                at += 1 if PROGRAM_CHANGE <= status < 0xE0 else 2
                if at > size:
                    raise IndexError
                data = body[first_data:at]
                if not data.isascii():
                    strange.add("has a data byte over 127")
                    data = bytes(min(byte, 0x7F) for byte in data)
            elif status in (META, SYSEX, ESCAPE):
                if status == META:
                    kind = body[at]
                    at += 1
                length, at = read_vlq(body, at)
                data = body[at : at + length]
                if len(data) < length:
                    raise IndexError
                at += length
            else:
                strange.add(f"holds {status:02X}, a message that has no place in a file")
                count = SYSTEM_DATA.get(status, 0)
                data = body[at : at + count]
                at += count
        except (ValueError, IndexError) as error:
            why = str(error) if isinstance(error, ValueError) else "its last event is cut"
            odd.append(f"track {number} is read up to tick {tick}: {why}")
            at = start
            break
        tick += wait
        said = (tick, status, kind, data, body[start:first], body[first:at])
        events.append(tuple.__new__(Event, said))  # two thirds of the time of Event(*said)
        if kind == END_OF_TRACK:
            complete = True
            break
    rest = body[at:]
    if complete and rest:
        odd.append(f"{len(rest)} bytes follow the end of track {number}")
    elif not complete and at >= size:
        odd.append(f"track {number} has no end-of-track")
    odd += [f"track {number} {words}" for words in sorted(strange)]
    return MidiTrack(chunk, tuple(events), rest, tick, complete)


def _ended(track: MidiTrack) -> Chunk:
    """The chunk of `track`, with the end-of-track that it may lack."""
    if track.complete:
        return track.chunk
    whole = track.chunk.body[: len(track.chunk.body) - len(track.rest)]
    return Chunk(track.chunk.name, whole + b"\x00\xff\x2f\x00", 0)
