"""What a log may say: each record is checked before anything is made of it.

Whoever wrote the log, replay, export and playback then never meet a value that an owner cannot
have written.
"""

from collections.abc import Collection
from math import isfinite

from schmubert.bridge.protocol.bytes import is_message
from schmubert.bridge.protocol.controls import VARIATIONS, checked
from schmubert.bridge.protocol.events import Came, Record, Sent, Tick, Turned, Wrote
from schmubert.bridge.protocol.messages import (
    SECTIONS,
    Charted,
    Control,
    Heard,
    InSection,
    Kept,
    Moved,
    Patch,
    Pedal,
    Play,
    Plugged,
    Silence,
    chart_in,
)
from schmubert.bridge.protocol.roles import Rig
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import CHORD_TOKENS, TRIO, Track

PLAYED = (*TRIO, Track.CHORDS)
"""Who plays; chords are heard as anybody's harmony, of no part of their own."""
LONGEST_S = 86_400.0
"""After the beginning: a session is over by then."""
SLOWEST_BPM, FASTEST_BPM = 1.0, 2000.0
MOST_BEATS = 1e7
"""How far from beat 0 a beat may lie."""
MOST_CHORD = CHORD_TOKENS + 12 - 1
"""The last byte for a harmony: a root alone."""
PADS = tuple(f"variation-{letter}" for letter in VARIATIONS)
MOST_COUNTED = 1 << 53
"""Passages and notes too late, both counted from 0."""


def believe(record: Record, began_s: float, rig: Rig, meter: Meter = COMMON) -> None:
    """ValueError where `record` is none of a session on `rig`, in `meter`, begun at `began_s`."""
    what = record.what
    _within("time", record.at_s - began_s, -LONGEST_S, LONGEST_S)
    if isinstance(what, Moved):
        _within("time", what.at_s - began_s, -LONGEST_S, LONGEST_S)
        _within("tempo", what.tempo_bpm, SLOWEST_BPM, FASTEST_BPM)
        _within("beat", what.at_beat, -MOST_BEATS, MOST_BEATS)
        _within("passage", what.passage, 0, MOST_COUNTED)
    elif isinstance(what, Heard | Pedal):
        _within("time", what.at_s - began_s, -LONGEST_S, LONGEST_S)
        _one_of("role", what.role, TRIO)
        if isinstance(what, Heard):
            _note(what.pitch, what.velocity)
    elif isinstance(what, Came):
        _within("time", what.came_s - began_s, -LONGEST_S, LONGEST_S)
        _within("input", what.port, 0, len(rig.inputs) - 1)
    elif isinstance(what, Sent):
        _within("output", what.port, 0, len(rig.outputs) - 1)
        if not is_message(what.message):
            raise ValueError(f"{what.message.hex(' ') or 'nothing'} is no MIDI message")
    elif isinstance(what, Plugged | Patch):
        ports = rig.inputs if what.is_input else rig.outputs
        _within("port", what.port, 0, len(ports) - 1)
    elif isinstance(what, Play):
        _play(what)
    elif isinstance(what, Silence):
        _one_of("role", what.role, PLAYED)
    elif isinstance(what, Control):
        checked(what)
    elif isinstance(what, Turned):
        checked(what.control)
    elif isinstance(what, Charted | Wrote):
        chart_in(what.text if isinstance(what, Charted) else what.chart.text, meter)
    elif isinstance(what, InSection):
        _within("beat", what.from_beat, -MOST_BEATS, MOST_BEATS)
        _within("beat", what.to_beat, what.from_beat, MOST_BEATS)
        _within("chord", what.chord, 0, MOST_CHORD)
        if what.name not in SECTIONS:
            raise ValueError(f"{what.name!r} is no section")
        _variation(what.variation or PADS[0])
    elif isinstance(what, Kept):
        _variation(what.name)
    elif isinstance(what, Tick):
        _within("count", what.dropped, 0, MOST_COUNTED)


def _variation(name: str) -> None:
    if name not in PADS:
        raise ValueError(f"{name!r} is no variation")


def _play(play: Play) -> None:
    _one_of("role", play.role, PLAYED)
    _within("passage", play.passage, 0, MOST_COUNTED)
    for beat in (play.from_beat, play.to_beat, *(event.beat for event in play.events)):
        _within("beat", beat, -MOST_BEATS, MOST_BEATS)
    for event in play.events:
        _note(event.pitch, event.velocity)


def _note(pitch: int, velocity: int) -> None:
    _within("pitch", pitch, 0, 127)
    _within("velocity", velocity, 0, 127)


def _one_of(name: str, value: int, known: Collection[int]) -> None:
    if value not in known:
        raise ValueError(f"{name} {value} is none of {', '.join(map(str, map(int, known)))}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not (isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} {value:g} is outside {low:g}..{high:g}")
