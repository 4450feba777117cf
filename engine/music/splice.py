"""MIDI files moved, joined and cut as a whole: all other events stay as they are, byte for byte.

All functions take and return the bytes of MIDI files, and raise Unusable where those are none.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.channels import Channels
from schmubert.engine.music.meter import COMMON, USUAL_BPM
from schmubert.engine.music.midi_ports import CHANNELS, port_event, ports_of
from schmubert.engine.music.smf import (
    END_OF_TRACK,
    META,
    NOTE_OFF,
    NOTE_ON,
    SET_TEMPO,
    TIME_SIGNATURE,
    Event,
    MidiFile,
    MidiTrack,
    meta,
    signature_event,
    track_body,
)
from schmubert.engine.music.song import Unusable, opened, song_of
from schmubert.engine.music.vlq import LONGEST_WAIT

DEFAULT_TEMPO = round(60e6 / USUAL_BPM)  # microseconds a beat, until a file says another
MOST_TICKS = 256 * LONGEST_WAIT
"""A song of all the bars that are read has a hundredth of them, in the finest ticks there are."""


def later(source: bytes, ticks: int, at: int = 0) -> bytes:
    """`source` with all that is at tick `at` or later moved by so many `ticks`.

    What is set at tick 0 before the music begins stays there.
    """
    midi = opened(source)
    tracks = []
    for track in midi.tracks:
        moves = (one.tick >= at and _is_music(one) for one in track.events)
        first = next((k for k, one in enumerate(moves) if one), len(track.events))
        moved = [Event(one.tick + ticks, *one[1:]) for one in track.events[first:]]
        tracks.append(track.edited([*track.events[:first], *moved]))
    return midi.replaced(tracks).with_tracks([])


def _is_music(one: Event) -> bool:
    is_end = one.status == META and one.kind == END_OF_TRACK
    return one.tick > 0 or is_end or one.status & 0xF0 in (NOTE_ON, NOTE_OFF)


def joined(first: bytes, second: bytes, at: int, from_tick: int) -> bytes:
    """All of `first` up to its tick `at`, where tick `from_tick` of `second` falls, from there on.

    Ticks of what is written are those of `first`. At the join, tempo, metre, sounds and controllers
    are first set to what they are where a file begins, and then to what `second` sets before its
    `from_tick`. Events of `first` that come later are moved to the join. Where `second` counts in
    seconds, what it says of tempos counts no more than before. Unusable where it goes on for longer
    than a file can, or needs tempos that `first`, which counts in seconds, cannot have.
    """
    midi, other = opened(first), opened(second)
    if midi.in_seconds and not other.in_seconds and {*_tempos(other)} - {DEFAULT_TEMPO}:
        raise Unusable(
            "time in seconds",
            "it has no tempos, as the song after it has: save it in beats, not in SMPTE",
        )
    untimed = other.in_seconds and not midi.in_seconds
    cut = [
        track.edited(one if one.tick <= at else one._replace(tick=at) for one in track.events)
        for track in midi.tracks
    ]
    scale = midi.ticks_per_beat / other.ticks_per_beat
    before = at - round(from_tick * scale)
    if before + max(track.end for track in other.tracks) * scale > MOST_TICKS:
        raise Unusable("too long", "something stands far behind its last note")
    bodies = []
    ports, set_back = ports_of(other), _set_back(midi, other, at)
    for number, (port, track) in enumerate(zip(ports, other.tracks, strict=True)):
        moved = port_event(port * CHANNELS)
        moved += [] if number else _defaults(midi, other, at, from_tick)
        moved += set_back.pop(port, [])
        for one in track.events:
            moved.append(_whole(one, max(at, before + round(one.tick * scale))))
            if untimed and (one.status, one.kind) == (META, SET_TEMPO):
                moved.append(_usual_tempo(moved[-1].tick))
        bodies.append(track_body(moved, moved[-1].tick if moved else at))
    return midi.replaced(cut).with_tracks(bodies)


def _whole(one: Event, tick: int) -> Event:
    """`one` at `tick`, with the status that running status may have left out."""
    raw = one.raw if one.raw[0] >= 0x80 else bytes([one.status]) + one.raw
    return Event(tick, one.status, one.kind, one.data, b"", raw)


def without_notes(
    source: bytes, places: Sequence[tuple[int, int]], steps: range, hushed: int | None, grid: Grid
) -> bytes:
    """`source` without the notes of `places` that begin in `steps` of `grid`, the nearest cells.

    `places` are (MIDI track, channel), as `Part.place` has them. Notes of these that begin before
    `steps` end at step `hushed` at the latest, if it says one. What is not on `grid` stays.
    """
    if not steps:
        return source
    midi = opened(source)
    latest = None if hushed is None else int(grid.ticks(np.array([hushed]))[0])
    tracks = list(midi.tracks)
    for number, channel in places:
        tracks[number] = _without(tracks[number], grid, channel, steps, latest)
    return midi.replaced(tracks).with_tracks([])


def _without(
    track: MidiTrack, grid: Grid, channel: int, steps: range, latest: int | None
) -> MidiTrack:
    """`track` without what `channel` begins in `steps`; its earlier notes end by tick `latest`."""
    channel %= CHANNELS
    events = list(track.events)
    places = grid.onset_steps(np.array([one.tick for one in events], np.int64)).tolist()
    start = int(grid.ticks(np.array([steps.start]))[0])
    dropped: set[int] = set()
    sounding: dict[int, list[int]] = {}
    for index, one in enumerate(events):
        if one.status not in (NOTE_ON | channel, NOTE_OFF | channel):
            continue
        held = sounding.setdefault(one.data[0], [])
        if one.status == NOTE_ON | channel and one.data[1]:
            held.append(index)
            if places[index] in steps:
                dropped.add(index)
        elif held:
            onset = held.pop(0)
            if onset in dropped:
                dropped.add(index)
            elif latest is not None and events[onset].tick < start:
                end = min(one.tick, max(latest, events[onset].tick))
                events[index] = one._replace(tick=end)
    kept = (one for index, one in enumerate(events) if index not in dropped)
    return track.edited(_in_order(kept))


def _in_order(events: Iterable[Event]) -> list[Event]:
    """`events` in order of time, those of one tick in their own, the end-of-track last."""
    return sorted(events, key=lambda one: one.tick)


def _defaults(before: MidiFile, after: MidiFile, tick: int, from_tick: int) -> list[Event]:
    """The tempo that holds where a file begins.

    Its metre too, where `before` has said one and `after` says none before its `from_tick`.
    """
    defaults = [_usual_tempo(tick)]
    if _signatures(before) and not any(said <= from_tick for said in _signatures(after)):
        defaults.append(signature_event(tick, COMMON))
    return defaults


def _set_back(before: MidiFile, after: MidiFile, tick: int) -> dict[int, list[Event]]:
    """What lets the channels on which `after` plays sound as where a file begins, by port."""
    said = Channels(before)
    found: dict[int, list[Event]] = {}
    for channel in sorted({part.place[1] for part in song_of(after).parts if part.place}):
        found.setdefault(channel // CHANNELS, []).extend(said.set_back(channel, tick))
    return found


def _usual_tempo(tick: int) -> Event:
    """The tempo that holds where a file says none."""
    return meta(tick, SET_TEMPO, DEFAULT_TEMPO.to_bytes(3, "big"))


def _tempos(midi: MidiFile) -> list[int]:
    """The tempos that it says, in microseconds a beat."""
    said = (one.data for one in midi.words if (one.status, one.kind) == (META, SET_TEMPO))
    return [int.from_bytes(data[:3], "big") for data in said if len(data) >= 3]


def _signatures(midi: MidiFile) -> list[int]:
    """The ticks of its time signatures."""
    return [one.tick for one in midi.words if (one.status, one.kind) == (META, TIME_SIGNATURE)]
