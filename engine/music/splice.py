"""MIDI files moved, joined and cut as a whole: all other events stay as they are.

All functions take and return the bytes of MIDI files in 4/4, and raise Unusable where those are
none.
"""

from collections.abc import Sequence

import mido

from schmubert.engine.music.meter import BEATS_PER_BAR, STEPS_PER_BEAT, USUAL_BPM
from schmubert.engine.music.quantise import nearest_step
from schmubert.engine.music.song import DRUM_CHANNEL, bytes_of, open_midi

DEFAULT_TEMPO = round(60e6 / USUAL_BPM)  # microseconds a beat, until a file says another
DEFAULT_CONTROLS = ((121, 0), (7, 100), (10, 64))  # reset, volume and pan of General MIDI

NOTES = ("note_on", "note_off")

Events = list[tuple[int, mido.Message]]
"""The messages of a MIDI track with their ticks, the end-of-track last."""


def later(source: bytes, bars: int) -> bytes:
    """`source` with all its music `bars` bars later; what is set before it begins stays there."""
    midi = open_midi(source)
    shift = bars * BEATS_PER_BAR * midi.ticks_per_beat
    for track in midi.tracks:
        for message in track:
            if message.time or message.type in (*NOTES, "end_of_track"):
                message.time += shift
                break
    return bytes_of(midi)


def joined(first: bytes, second: bytes, at_bar: int, from_bar: int) -> bytes:
    """All of `first` up to bar `at_bar`, where bar `from_bar` of `second` falls, from there on.

    Bars count from 0, and ticks are those of `first`. At the join, tempo, programs and controllers
    are first set to what they are where a file begins, and then to what `second` sets before its
    `from_bar`. Events of `first` that come later are moved to the join.
    """
    midi, other = open_midi(first), open_midi(second)
    per_bar = BEATS_PER_BAR * midi.ticks_per_beat
    at = at_bar * per_bar
    midi.type = 1
    for number, track in enumerate(midi.tracks):
        events = _events(track)
        midi.tracks[number] = _track([(min(tick, at), message) for tick, message in events])
    before = at - from_bar * per_bar
    for number, track in enumerate(other.tracks):
        moved: Events = [] if number else [(at, message) for message in _defaults(other)]
        for tick, message in _events(track):
            scaled = round(tick * midi.ticks_per_beat / other.ticks_per_beat)
            moved.append((max(at, before + scaled), message))
        midi.tracks.append(_track(moved))
    return bytes_of(midi)


def without_notes(
    source: bytes, places: Sequence[tuple[int, int]], steps: range, hushed: int
) -> bytes:
    """`source` without the notes of `places` that begin in `steps`, the nearest 16ths from 0.

    `places` are (MIDI track, channel), from 0. Notes of these that begin before `steps` end at
    step `hushed` at the latest.
    """
    midi = open_midi(source)
    latest = round(hushed * midi.ticks_per_beat / STEPS_PER_BEAT)
    for number, channel in places:
        events = _events(midi.tracks[number])
        dropped: set[int] = set()
        sounding: dict[int, list[int]] = {}
        for index, (tick, message) in enumerate(events):
            if message.type not in NOTES or message.channel != channel:
                continue
            held = sounding.setdefault(message.note, [])
            if message.type == "note_on" and message.velocity:
                held.append(index)
                if nearest_step(tick, midi.ticks_per_beat) in steps:
                    dropped.add(index)
            elif held:
                onset = held.pop(0)
                if onset in dropped:
                    dropped.add(index)
                elif nearest_step(events[onset][0], midi.ticks_per_beat) < steps.start:
                    events[index] = min(tick, max(latest, events[onset][0])), message
        kept = [event for index, event in enumerate(events) if index not in dropped]
        midi.tracks[number] = _track(kept)
    return bytes_of(midi)


def _defaults(midi: mido.MidiFile) -> list[mido.Message]:
    """What holds where a file begins: the usual tempo, and the sound of the channels it uses."""
    notes = (message for track in midi.tracks for message in track if message.type == "note_on")
    channels = {message.channel for message in notes}
    defaults: list[mido.Message] = [mido.MetaMessage("set_tempo", tempo=DEFAULT_TEMPO)]
    for channel in sorted(channels):
        for control, value in DEFAULT_CONTROLS:
            message = mido.Message("control_change", channel=channel, control=control, value=value)
            defaults.append(message)
        if channel != DRUM_CHANNEL:
            defaults.append(mido.Message("program_change", channel=channel, program=0))
    return defaults


def _events(track: mido.MidiTrack) -> Events:
    tick, events = 0, []
    for message in track:
        tick += message.time
        events.append((tick, message))
    return events


def _track(events: Events) -> mido.MidiTrack:
    """`events` in order of time, those of one tick in their own, as a MIDI track."""
    track = mido.MidiTrack()
    now = 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track
