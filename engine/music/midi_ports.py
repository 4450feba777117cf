"""MIDI ports (FF 21): each has sixteen channels of its own, which are other instruments.

Channels are counted through all ports: 0 to 15 are those of port 0, 16 to 31 those of port 1.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from schmubert.engine.music.smf import (
    META,
    NOTE_ON,
    PORT,
    Event,
    MidiFile,
    MidiTrack,
    event,
    meta,
)

CHANNELS = 16


@lru_cache(maxsize=2)
def ports_of(midi: MidiFile) -> tuple[int, ...]:
    """The port of each track: what it says last before its first note, else port 0.

    A track without notes that says none is on the first port that has notes.
    """
    if not any((one.status, one.kind) == (META, PORT) for one in midi.words):
        return (0,) * len(midi.tracks)
    said = [_said(track) for track in midi.tracks]
    plays = [_plays(track) for track in midi.tracks]
    first = min((port or 0 for port, one in zip(said, plays, strict=True) if one), default=0)
    return tuple(
        (0 if one else first) if port is None else port
        for port, one in zip(said, plays, strict=True)
    )


def by_port(midi: MidiFile) -> Mapping[int, MidiFile]:
    """`midi` with the tracks of one port alone, for each port that it has, in order."""
    ports = ports_of(midi)
    if len({*ports}) == 1:
        return {ports[0]: midi}
    tracks = [*zip(ports, midi.tracks, strict=True)]
    return {
        port: replace(midi, tracks=tuple(track for on, track in tracks if on == port))
        for port in sorted({*ports})
    }


def port_event(channel: int) -> list[Event]:
    """What puts a track on the port of `channel`: nothing where that is port 0."""
    port = channel // CHANNELS
    return [meta(0, PORT, bytes([port]))] if port else []


def message(tick: int, kind: int, channel: int, *data: int) -> Event:
    """A message of one `kind` for `channel`, in a track on its port."""
    return event(tick, kind | channel % CHANNELS, *data)


def _said(track: MidiTrack) -> int | None:
    """The port that it said last before its first note, else the first one said at that tick."""
    said = first = None
    for one in track.events:
        if first is not None and (said is not None or one.tick > first):
            return said
        if first is None and _begins_note(one):
            first = one.tick
        if (one.status, one.kind) == (META, PORT) and one.data:
            said = one.data[0]
    return said


def _plays(track: MidiTrack) -> bool:
    return any(_begins_note(one) for one in track.events)


def _begins_note(one: Event) -> bool:
    return one.status & 0xF0 == NOTE_ON and one.data[1] > 0
