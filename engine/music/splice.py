"""MIDI files moved, joined and cut as a whole: all other events stay as they are, byte for byte.

All functions take and return the bytes of MIDI files in 4/4, and raise Unusable where those are
none.
"""

from collections.abc import Iterable, Sequence

from schmubert.engine.music.channels import PAN, RESET_CONTROLLERS, VOLUME
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.meter import BEATS_PER_BAR, STEPS_PER_BEAT, USUAL_BPM
from schmubert.engine.music.quantise import nearest_step
from schmubert.engine.music.smf import (
    CONTROL_CHANGE,
    END_OF_TRACK,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM_CHANGE,
    Event,
    MidiFile,
    MidiTrack,
    event,
    meta,
    track_body,
)
from schmubert.engine.music.song import SET_TEMPO, opened

DEFAULT_TEMPO = round(60e6 / USUAL_BPM)  # microseconds a beat, until a file says another
DEFAULT_CONTROLS = ((RESET_CONTROLLERS, 0), (VOLUME, 100), (PAN, 64))  # of General MIDI


def later(source: bytes, bars: int) -> bytes:
    """`source` with all its music `bars` bars later; what is set before it begins stays there."""
    midi = opened(source)
    shift = bars * BEATS_PER_BAR * midi.ticks_per_beat
    tracks = []
    for track in midi.tracks:
        first = next((k for k, one in enumerate(track.events) if _is_music(one)), len(track.events))
        moved = [one._replace(tick=one.tick + shift) for one in track.events[first:]]
        tracks.append(track.edited([*track.events[:first], *moved]))
    return midi.replaced(tracks).with_tracks([])


def _is_music(one: Event) -> bool:
    is_end = one.status == META and one.kind == END_OF_TRACK
    return one.tick > 0 or is_end or one.status & 0xF0 in (NOTE_ON, NOTE_OFF)


def joined(first: bytes, second: bytes, at_bar: int, from_bar: int) -> bytes:
    """All of `first` up to bar `at_bar`, where bar `from_bar` of `second` falls, from there on.

    Bars count from 0, and ticks are those of `first`. At the join, tempo, programs and controllers
    are first set to what they are where a file begins, and then to what `second` sets before its
    `from_bar`. Events of `first` that come later are moved to the join.
    """
    midi, other = opened(first), opened(second)
    at = at_bar * BEATS_PER_BAR * midi.ticks_per_beat
    cut = [
        track.edited(one._replace(tick=min(one.tick, at)) for one in track.events)
        for track in midi.tracks
    ]
    before = at - from_bar * BEATS_PER_BAR * midi.ticks_per_beat
    bodies = []
    for number, track in enumerate(other.tracks):
        moved = [] if number else _defaults(other, at)
        for one in track.events:
            scaled = round(one.tick * midi.ticks_per_beat / other.ticks_per_beat)
            moved.append(_whole(one, max(at, before + scaled)))
        bodies.append(track_body(moved, moved[-1].tick if moved else at))
    return midi.replaced(cut).with_tracks(bodies)


def _whole(one: Event, tick: int) -> Event:
    """`one` at `tick`, with the status that running status may have left out."""
    raw = one.raw if one.raw[0] >= 0x80 else bytes([one.status]) + one.raw
    return one._replace(tick=tick, delta=b"", raw=raw)


def without_notes(
    source: bytes, places: Sequence[tuple[int, int]], steps: range, hushed: int
) -> bytes:
    """`source` without the notes of `places` that begin in `steps`, the nearest 16ths from 0.

    `places` are (MIDI track, channel), from 0. Notes of these that begin before `steps` end at
    step `hushed` at the latest.
    """
    midi = opened(source)
    latest = round(hushed * midi.ticks_per_beat / STEPS_PER_BEAT)
    tracks = list(midi.tracks)
    for number, channel in places:
        tracks[number] = _without(tracks[number], midi, channel, steps, latest)
    return midi.replaced(tracks).with_tracks([])


def _without(
    track: MidiTrack, midi: MidiFile, channel: int, steps: range, latest: int
) -> MidiTrack:
    """`track` without the notes of `channel` that begin in `steps`; earlier ones end early."""
    events = list(track.events)
    dropped: set[int] = set()
    sounding: dict[int, list[int]] = {}
    for index, one in enumerate(events):
        if one.status not in (NOTE_ON | channel, NOTE_OFF | channel):
            continue
        held = sounding.setdefault(one.data[0], [])
        if one.status == NOTE_ON | channel and one.data[1]:
            held.append(index)
            if nearest_step(one.tick, midi.ticks_per_beat) in steps:
                dropped.add(index)
        elif held:
            onset = held.pop(0)
            if onset in dropped:
                dropped.add(index)
            elif nearest_step(events[onset].tick, midi.ticks_per_beat) < steps.start:
                end = min(one.tick, max(latest, events[onset].tick))
                events[index] = one._replace(tick=end)
    kept = (one for index, one in enumerate(events) if index not in dropped)
    return track.edited(_in_order(kept))


def _in_order(events: Iterable[Event]) -> list[Event]:
    """`events` in order of time, those of one tick in their own, the end-of-track last."""
    return sorted(events, key=lambda one: one.tick)


def _defaults(midi: MidiFile, tick: int) -> list[Event]:
    """What holds where a file begins: the usual tempo, and the sound of the channels it uses."""
    channels = {
        one.status & 0x0F
        for track in midi.tracks
        for one in track.events
        if one.status & 0xF0 == NOTE_ON
    }
    defaults = [meta(tick, SET_TEMPO, DEFAULT_TEMPO.to_bytes(3, "big"))]
    for channel in sorted(channels):
        for control, value in DEFAULT_CONTROLS:
            defaults.append(event(tick, CONTROL_CHANGE | channel, control, value))
        if channel != DRUM_CHANNEL:
            defaults.append(event(tick, PROGRAM_CHANGE | channel, 0))
    return defaults
