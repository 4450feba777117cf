"""Tracks of a score added to a MIDI file, so that they are heard as what they are.

All events of the file stay byte for byte. What is added stands in chunks of its own, behind those
of the file: what it says at a tick comes after what the file says there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.channels import Channels
from schmubert.engine.music.loudness import OwnNotes, as_loud, fade_out
from schmubert.engine.music.meter import STRAIGHT, Meter, meter_of, same_bars
from schmubert.engine.music.midi_ports import CHANNELS, port_event
from schmubert.engine.music.midifile import write_file
from schmubert.engine.music.neighbours import After, Before, Tempos
from schmubert.engine.music.score import Score
from schmubert.engine.music.seats import Seat, free_seat, resting_seat
from schmubert.engine.music.smf import (
    META,
    NOTE_ON,
    TIME_SIGNATURE,
    TRACK_NAME,
    Event,
    MidiFile,
    meta,
    signature_event,
    track_body,
)
from schmubert.engine.music.song import (
    Part,
    TimeSignature,
    opened,
    read_bytes,
    signatures_in,
)
from schmubert.engine.music.strokes import (
    NAMES,
    Stroke,
    note_events,
    strokes,
)
from schmubert.engine.music.vocabulary import Track

COMMON_SIGNATURE = b"\x04\x02\x18\x08"  # what holds where a file says none

Places = Mapping[Track, Sequence[tuple[int, int]]]
"""Where in a file the tracks play: (MIDI track, channel), as `Part.place` has them."""


@dataclass(frozen=True)
class Added:
    """A MIDI file with tracks added; `told` is a line for each channel that had to be shared.

    `struck` is how many notes each track got, or how many chords.
    """

    midi: bytes
    told: tuple[str, ...] = ()
    struck: Mapping[Track, int] = field(default_factory=dict)


def add_tracks(
    source: Path | str,
    score: Score,
    tracks: Sequence[Track],
    path: Path | str,
    grid: Grid | None = None,
    *,
    force: bool = False,
) -> None:
    """Write `path`: the MIDI file `source` `with_tracks`; FileExists unless `force`."""
    write_file(path, with_tracks(read_bytes(source), score, tracks, grid).midi, force=force)


def with_tracks(
    source: bytes, score: Score, tracks: Sequence[Track], grid: Grid | None = None
) -> Added:
    """`source` with `tracks` of `score`, each with a sound of its own.

    The bars of `score` lie in `source` as `grid` says, or in a row from its tick 0 on. A track gets
    a channel that the file leaves alone; else one without notes, set up anew after each word of the
    file on it; else it shares one. It is named "Bass", or "Bass 2" if there is one already.
    """
    return _with(source, score, tracks, {}, grid)


def with_remade(
    source: bytes,
    score: Score,
    tracks: Sequence[Track],
    places: Places,
    grid: Grid | None = None,
    whole: bytes | None = None,
) -> Added:
    """`source` with `tracks` of `score` on the channels that they have at `places`, as these sound.

    `whole` is the file with the notes that were taken out of `source`, if any were: it tells how
    loud these were. A track that has no place gets one as in `with_tracks`, where `grid` is told of
    too.
    """
    return _with(source, score, tracks, places, grid, whole=whole)


def with_next(
    source: bytes,
    score: Score,
    tracks: Sequence[Track],
    places: Places,
    bars: range,
    grid: Grid | None = None,
) -> Added:
    """`source` with `tracks` of `score`, which play in `bars` of it after what `places` play.

    They are heard on the channels of these, as loud and as fast as the file was before its ending;
    what has none there gets one that is free, or rests in these bars.
    What sounds on for want of an end, or by a pedal, ends where they begin. Bars in another metre
    than that are written so. For `grid` see `with_tracks`.
    """
    return _with(source, score, tracks, places, grid, After, bars)


def with_previous(
    source: bytes,
    score: Score,
    tracks: Sequence[Track],
    places: Places,
    bars: range,
    grid: Grid | None = None,
) -> Added:
    """`source` with `tracks` of `score`, which play in `bars` of it before what `places` play.

    They are heard on the channels of these, as loud and as fast as the file begins. Bars in another
    metre than that are written so. For `grid` see `with_tracks`.
    """
    return _with(source, score, tracks, places, grid, Before, bars)


def _with(
    source: bytes,
    score: Score,
    tracks: Sequence[Track],
    places: Places,
    grid: Grid | None,
    beside: type[After | Before] | None = None,
    bars: range = range(0),
    whole: bytes | None = None,
) -> Added:
    midi = opened(source)
    grid = grid or Grid.even(score.meter, score.bars, midi.ticks_per_beat)
    channels = Channels(midi)
    before = channels if whole is None else Channels(opened(whole))
    fade = None if beside else fade_out(before, midi.ticks_per_beat)
    names = _names(midi)
    own = {track: _channel_of(channels, places[track]) for track in tracks if places.get(track)}
    taken = set(own.values())
    free = [channel for channel in channels.free() if channel not in taken]
    end = int(grid.ends.max(initial=0))
    bodies: list[bytes] = []
    told: list[str] = []
    counts: dict[Track, int] = {}
    start, stop = (int(grid.starts[bars.start]), int(grid.ends[bars.stop - 1])) if bars else (0, 0)
    tempos = Tempos(midi)
    manner = None if beside is None else beside(channels, tempos, start, stop - start, len(bars))
    released = {} if manner is None else manner.released(midi)
    for track in tracks:
        channel = own.get(track)
        if channel is None:
            known = channels.before(start) if beside is After else channels
            seat = None
            if beside and (track is Track.DRUMS or not free):
                barred = taken if track is Track.DRUMS else taken | channels.kits
                seat = resting_seat(known, barred, track, start, stop)
            seat = seat or free_seat(known, free, track, end, fade)
            taken.add(seat.channel)
        elif manner is None:
            seat = Seat(channel, (*before.early(channel),))
        else:
            seat = Seat(channel, (*manner.set_up(channel),))
        begun = [meta(0, TRACK_NAME, _name(track, names)), *port_event(seat.channel)]
        begun += released.pop(seat.channel // CHANNELS, [])
        if manner is not None and not bodies:
            begun += tempos.kept(manner.tempo(), start, stop)
            begun += _signed(midi, channels, score.meter, start, stop)
        struck = strokes(score, track, grid)
        if seat.channel not in channels.kits:
            struck = _apart(struck, channels.of(seat.channel), midi.ticks_per_beat)
        begun += seat.set_up
        onsets = [stroke.onset for stroke in struck]
        counts[track] = len({*onsets} if track is Track.CHORDS else onsets)
        if channel is not None:
            begun += channels.unbent(channel, onsets, end)
        if beside is None and (channel is not None or seat.channel in channels.noted):
            own_notes = OwnNotes(before, seat.channel)
            begun += as_loud(own_notes, channels.of(seat.channel), onsets, end, fade)
        said = [*begun, *note_events(struck, seat.channel)]
        bodies.append(track_body(sorted(said, key=lambda one: one.tick), end))
        if seat.told:
            told.append(f"the added {track.name.lower()} {seat.told}")
    for port, ended in released.items():
        bodies.append(track_body([*port_event(port * CHANNELS), *ended], end))
    return Added(midi.with_tracks(bodies), tuple(told), counts)


def _signed(midi: MidiFile, channels: Channels, meter: Meter, start: int, stop: int) -> list[Event]:
    """The time signatures that let bars of `meter` begin at tick `start`, and what comes after
    `stop` be as it was; nothing where that is so already."""
    events = [
        one
        for one in midi.words
        if one.status == META and one.kind == TIME_SIGNATURE and signatures_in(one.tick, one.data)
    ]
    said = sorted(events, key=lambda one: one.tick)
    rules = TimeSignature(0, 4, 4)
    for one in said:
        if one.tick <= start:
            (rules,) = signatures_in(one.tick, one.data)
    bar = Fraction(4 * rules.beats * midi.ticks_per_beat, rules.unit)
    off = abs(start - rules.tick - round((start - rules.tick) / bar) * bar)
    on_line = 2 * STRAIGHT * off <= midi.ticks_per_beat
    if same_bars(meter_of(rules.beats, rules.unit), meter) and on_line:
        return []
    signed = [signature_event(start, meter)]
    if any((part.onsets >= stop).any() for part in channels.parts):
        again = [one.data for one in said if one.tick <= stop]
        signed.append(meta(stop, TIME_SIGNATURE, again[-1] if again else COMMON_SIGNATURE))
    return signed


def _names(midi: MidiFile) -> set[bytes]:
    """The names of its tracks in which anything is struck."""
    return {
        one.data
        for track in midi.tracks
        if any(one.status & 0xF0 == NOTE_ON and one.data[1] for one in track.events)
        for one in track.events
        if (one.status, one.kind) == (META, TRACK_NAME)
    }


def _name(track: Track, names: set[bytes]) -> bytes:
    """A name for `track` that is not among `names`, to which it is added."""
    name, number = NAMES[track].encode(), 2
    while name in names:
        name, number = f"{NAMES[track]} {number}".encode(), number + 1
    names.add(name)
    return name


def _channel_of(channels: Channels, places: Sequence[tuple[int, int]]) -> int:
    """The channel on which `places` play most."""
    notes: dict[int, int] = {}
    for part in channels.parts:
        if part.place is not None and part.place in places:
            notes[part.place[1]] = notes.get(part.place[1], 0) + len(part.onsets)
    return max(notes, key=lambda channel: notes[channel]) if notes else places[0][1]


def _apart(struck: Sequence[Stroke], parts: Sequence[Part], ticks_per_beat: int) -> list[Stroke]:
    """`struck` kept apart from the notes of one pitch that `parts` play on the same channel.

    Otherwise the end of one would end the other. What begins while the same note still sounds
    begins after it, if that is within a 16th, or not at all.
    """

    @cache
    def played(pitch: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        chosen = ((part, part.pitches == pitch) for part in parts)
        return [(part.onsets[same], part.ends[same]) for part, same in chosen]

    found = []
    for stroke in struck:
        onset, end = stroke.onset, stroke.end
        for onsets, ends in played(stroke.pitch):
            held = ends[(onsets <= stroke.onset) & (ends > stroke.onset)]
            later = onsets[(onsets > stroke.onset) & (onsets <= stroke.end)]
            onset = max(onset, *held.tolist()) if len(held) else onset
            end = min(end, int(later.min()) - 1) if len(later) else end
        if onset < end and STRAIGHT * (onset - stroke.onset) <= ticks_per_beat:
            found.append(stroke._replace(onset=onset, end=end))
    return found
