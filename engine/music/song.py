"""A MIDI file as plain data: `Song`, the one form that `quantise`, `midifile` and `trios` read.

Two readers make it. Corpora are read by symusic (C++, under a millisecond a file), which drops
MIDI channels and the end-of-track; a player's own file is read by mido, which keeps both.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np
import symusic
from numpy.typing import NDArray

DRUM_CHANNEL = 9  # channel 10, counted from zero


class Unusable(ValueError):  # noqa: N818 - read aloud, it is what the file is
    """A MIDI file that gives no score; `reason` is one of a few words that can be counted."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason

    def of(self, path: str) -> "Unusable":
        """The same error with the file's name in front."""
        named = Unusable(self.reason)
        named.args = (f"{path}: {self}",)
        return named


class Meter(NamedTuple):
    """A time signature from `tick` on."""

    tick: int
    beats: int
    unit: int


class Tempo(NamedTuple):
    """A tempo from `tick` on."""

    tick: int
    bpm: float


@dataclass(frozen=True)
class Part:
    """The notes of one instrument: `onsets`, `ends` in ticks and `pitches`, each int64 [notes].

    `place` is where they are in a player's file: its MIDI track and channel, both from 0.
    """

    name: str
    program: int
    drums: bool
    onsets: NDArray[np.int64]
    ends: NDArray[np.int64]
    pitches: NDArray[np.int64]
    place: tuple[int, int] | None = None


@dataclass(frozen=True)
class Song:
    """What a MIDI file says; `end` is its last tick, `meters` and `tempos` are in order of time."""

    ticks_per_beat: int
    parts: tuple[Part, ...]
    meters: tuple[Meter, ...]
    tempos: tuple[Tempo, ...]
    end: int


def corpus_song(data: bytes) -> Song:
    """The song in the bytes of a MIDI file, read by symusic; Unusable("damaged") where it is none.

    A part is a MIDI track's notes of one channel and program. Its `end` is that of the last note.
    """
    try:
        score = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError, MemoryError, OverflowError) as error:
        raise Unusable("damaged", _one_line(error)) from error
    parts = []
    for track in score.tracks:
        fields = track.notes.numpy()
        onsets = fields["time"].astype(np.int64)
        ends = onsets + fields["duration"].astype(np.int64)
        pitches = fields["pitch"].astype(np.int64)
        parts.append(Part(track.name, track.program, track.is_drum, onsets, ends, pitches))
    meters = (Meter(m.time, m.numerator, m.denominator) for m in score.time_signatures)
    tempos = ((t.time, t.mspq) for t in score.tempos)
    end = max((int(part.ends.max()) for part in parts if len(part.ends)), default=0)
    return _song(score.ticks_per_quarter, parts, meters, tempos, end)


def player_song(data: bytes) -> Song:
    """The song in the bytes of a MIDI file, read by mido; Unusable("damaged") where it is none.

    A part is a MIDI track's notes of one channel, whatever its program changes; its program is the
    first one set. `end` is the last end-of-track, so silence at the end counts.
    """
    try:
        midi = open_midi(data)
        parts: list[Part] = []
        meters: list[Meter] = []
        tempos: list[tuple[int, int]] = []
        end = 0
        for number, track in enumerate(midi.tracks):
            heard, tick = _listen(track, meters, tempos)
            parts += [replace(part, place=(number, channel)) for channel, part in heard.items()]
            end = max(end, tick)
    except (ValueError, LookupError, TypeError, OverflowError, MemoryError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("damaged", _one_line(error)) from error
    return _song(midi.ticks_per_beat, parts, meters, tempos, end)


def open_midi(data: bytes) -> mido.MidiFile:
    """mido's view of the bytes of a MIDI file, every event kept; Unusable where it is none."""
    try:
        midi = mido.MidiFile(file=io.BytesIO(data))
    except (OSError, EOFError, ValueError, LookupError, TypeError, mido.KeySignatureError) as error:
        raise Unusable("damaged", _one_line(error)) from error
    if midi.type not in (0, 1, 2):
        raise Unusable("damaged", f"its type is {midi.type}")
    if midi.type == 2:
        raise Unusable("type 2", "a file of independent sequences; save it as type 0 or 1")
    if not 0 < midi.ticks_per_beat < 0x8000:
        raise Unusable("SMPTE time", "its time is in seconds, not in beats")
    return midi


def bytes_of(midi: mido.MidiFile) -> bytes:
    """`midi` as the bytes of a MIDI file: what `open_midi` reads."""
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()


def _listen(
    track: mido.MidiTrack, meters: list[Meter], tempos: list[tuple[int, int]]
) -> tuple[dict[int, Part], int]:
    """The parts of a MIDI track by channel, and its last tick; meters and tempos are added."""
    tick = 0
    name = ""
    programs: dict[int, int] = {}
    sounding: dict[tuple[int, int], list[int]] = {}
    notes: dict[int, list[tuple[int, int, int]]] = {}
    for message in track:
        tick += message.time
        kind = message.type
        if kind in ("note_on", "note_off"):
            held = sounding.setdefault((message.channel, message.note), [])
            if kind == "note_on" and message.velocity:
                held.append(tick)
            elif held:
                notes.setdefault(message.channel, []).append((held.pop(0), tick, message.note))
        elif kind == "program_change":
            programs.setdefault(message.channel, message.program)
        elif kind == "track_name":
            name = name or message.name
        elif kind == "time_signature":
            meters.append(Meter(tick, message.numerator, message.denominator))
        elif kind == "set_tempo":
            tempos.append((tick, message.tempo))
    for (channel, pitch), held in sounding.items():
        notes.setdefault(channel, []).extend((onset, tick, pitch) for onset in held)
    parts = {}
    for channel in sorted(notes):
        onsets, ends, pitches = np.array(sorted(notes[channel]), np.int64).T
        drums = channel == DRUM_CHANNEL
        parts[channel] = Part(name, programs.get(channel, 0), drums, onsets, ends, pitches)
    return parts, tick


def _song(
    ticks_per_beat: int,
    parts: Iterable[Part],
    meters: Iterable[Meter],
    tempos: Iterable[tuple[int, int]],
    end: int,
) -> Song:
    if ticks_per_beat <= 0:
        raise Unusable("damaged", f"{ticks_per_beat} ticks a beat")
    heard = tuple(part for part in parts if len(part.onsets))
    if any(int(part.onsets.min()) < 0 or (part.ends < part.onsets).any() for part in heard):
        raise Unusable("damaged", "notes before the start")  # ticks past 2**31
    ordered = sorted((tick, us_per_beat) for tick, us_per_beat in tempos if us_per_beat > 0)
    return Song(
        ticks_per_beat,
        heard,
        tuple(sorted(meters, key=lambda meter: meter.tick)),  # stable: the last of a tick rules
        tuple(Tempo(tick, 6e7 / us_per_beat) for tick, us_per_beat in ordered),
        end,
    )


def read_bytes(source: Path | str | bytes) -> bytes:
    """The bytes of a MIDI file, or `source` itself if it is bytes; ValueError if unreadable."""
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {source}: {error.strerror}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
