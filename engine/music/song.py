"""A MIDI file as plain data: `Song`, the one form that `columns`, `midifile` and `trios` read.

Two readers make it, and hear the same notes. A player's own file is read by `smf`, which keeps
every byte. Corpora are read by symusic (C++, under a millisecond a file) where it hears all that
is there. It does not hear a note that never ends: `benchmarks/two_readers.py` counts those.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.kits import (
    BANK_SELECT,
    drum_channels,
    unusual_banks,
    unusual_setup,
)
from schmubert.engine.music.meter import USUAL_BPM
from schmubert.engine.music.midi_ports import CHANNELS, by_port, ports_of
from schmubert.engine.music.packets import may_hold_packets
from schmubert.engine.music.smf import (
    KEY_PRESSURE,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM_CHANGE,
    SET_TEMPO,
    TIME_SIGNATURE,
    TRACK_NAME,
    MidiFile,
    MidiTrack,
    NoMidiError,
    read,
)
from schmubert.engine.music.texts import MOST_NAME, decoded

if TYPE_CHECKING:
    import symusic

LONGEST_RING = 32
"""So many quarters a last note may ring on after the last one has begun: eight bars of 4/4."""
MOST_UNIT = 6  # a time signature in 64ths; what says a smaller note says none
TEMPO_RANGE = (10.0, 1000.0)


class Unusable(ValueError):  # noqa: N818 - read aloud, it is what the file is
    """A MIDI file that gives no score; `reason` is one of a few words that can be counted."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason

    def of(self, path: str) -> "Unusable":
        """The same error with the file's name in front."""
        named = type(self).__new__(type(self))
        named.__dict__.update(self.__dict__)
        named.args = (f"{path}: {self}",)
        return named


class TimeSignature(NamedTuple):
    """A time signature from `tick` on: `beats` notes of which `unit` make a whole."""

    tick: int
    beats: int
    unit: int


class Tempo(NamedTuple):
    """A tempo from `tick` on."""

    tick: int
    bpm: float


@dataclass(frozen=True, eq=False)
class Part:
    """The notes of one instrument: `onsets`, `ends` in ticks and `pitches`, each int64 [notes].

    A part equals none but itself: two of a song may be called and play the same.
    `place` is where they are in a player's file: its MIDI track and channel, both from 0, the
    channels counted through all ports (`midi_ports`); `called` is the name as it stands there, in
    whatever encoding.
    """

    name: str
    program: int
    drums: bool
    onsets: NDArray[np.int64]
    ends: NDArray[np.int64]
    pitches: NDArray[np.int64]
    place: tuple[int, int] | None = None
    called: bytes = b""


@dataclass(frozen=True)
class Song:
    """What a MIDI file says; `end` is its last tick.

    `signatures` and `tempos` are in order of time.
    `oddities` are a line each: what is strange in the file, and how it was read all the same.
    """

    ticks_per_beat: int
    parts: tuple[Part, ...]
    signatures: tuple[TimeSignature, ...]
    tempos: tuple[Tempo, ...]
    end: int
    oddities: tuple[str, ...] = ()


def corpus_song(data: bytes) -> Song:
    """The song in the bytes of a MIDI file of a corpus; Unusable("damaged") where it is none.

    What symusic refuses or misreads is read as `player_song` does: wrapped and cut files, data
    bytes over 127, packets of SysEx, drums on other channels than the tenth. Else a part is a MIDI
    track's notes of one channel and program. Its `end` is that of the last note.
    """
    score = _by_symusic(data)
    if score is None:
        return player_song(data)
    parts = []
    for track in score.tracks:
        fields = track.notes.numpy()
        onsets = fields["time"].astype(np.int64)
        ends = onsets + fields["duration"].astype(np.int64)
        pitches = fields["pitch"].astype(np.int64)
        name = track.name[:MOST_NAME]
        parts.append(Part(name, track.program, track.is_drum, onsets, ends, pitches))
    signatures = (
        TimeSignature(m.time, m.numerator, m.denominator)
        for m in score.time_signatures
        if m.numerator and 0 < m.denominator <= 1 << MOST_UNIT
    )
    tempos = ((t.time, t.mspq) for t in score.tempos)
    end = max((int(part.ends.max()) for part in parts if len(part.ends)), default=0)
    return _song(score.ticks_per_quarter, parts, signatures, tempos, end)


def _by_symusic(data: bytes) -> "symusic.core.ScoreTick | None":
    """The file in `data` as symusic reads it; None where it does not read it as it is."""
    import symusic  # and with it a client of HTTP, which no process on stage needs

    if data.count(b"MTrk") != int.from_bytes(data[10:12], "big"):
        return None
    if may_hold_packets(data) or unusual_setup(data):
        return None
    try:
        score = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError, MemoryError, OverflowError):
        return None
    for track in score.tracks:
        controls = track.controls.numpy()
        banks = controls["value"][controls["number"] == BANK_SELECT]
        if unusual_banks(track.is_drum, banks.tolist()):
            return None
    return score


def player_song(data: bytes) -> Song:
    """The song in the bytes of a player's MIDI file, as `smf.read` reads it; Unusable for none.

    A part is a MIDI track's notes of one channel. A program holds for its channel, wherever it was
    set: a part has the one that most of its notes sound with. `end` is that of the last note, but
    for those that are no music any more (`_end_of`).
    """
    return song_of(opened(data))


@lru_cache(maxsize=1)
def opened(data: bytes) -> MidiFile:
    """The MIDI file in `data`, every byte kept; Unusable("damaged") where it is none.

    The latest one is remembered: a band is heard in, and then added to, one and the same file.
    """
    try:
        return read(data)
    except NoMidiError as error:
        raise Unusable("damaged", str(error)) from error


@lru_cache(maxsize=1)
def song_of(midi: MidiFile) -> Song:
    """The song that `midi` holds; the latest one is remembered, as in `opened`."""
    heard = [_listen(*one) for one in zip(midi.tracks, ports_of(midi), strict=True)]
    programs = _programs(midi)
    kits = drum_channels(midi)
    names = decoded([track.name for track in heard])
    metres = (one for one in midi.words if (one.status, one.kind) == (META, TIME_SIGNATURE))
    none = any(not signatures_in(one.tick, one.data) for one in metres)
    odd = (*midi.oddities, *["it says a time signature that is none: left out"] * none)
    parts = []
    for number, track in enumerate(heard):
        for channel, notes in sorted(track.notes.items()):
            onsets, ends, pitches = notes.T
            parts.append(
                Part(
                    names[number],
                    _program_of(programs.get(channel, []), onsets),
                    channel in kits,
                    onsets,
                    ends,
                    pitches,
                    (number, channel),
                    track.name,
                )
            )
    return _song(
        midi.ticks_per_beat,
        parts,
        [said for track in heard for said in track.signatures],
        [] if midi.in_seconds else [tempo for track in heard for tempo in track.tempos],
        _end_of(heard, kits, LONGEST_RING * midi.ticks_per_beat),
        odd,
    )


@dataclass
class _Heard:
    """What a MIDI track says: its `notes` [notes, 3] by channel, in order, as onset, end, pitch.

    `let_go` is by channel the last tick at which a note ends, or begins that is never let go.
    """

    name: bytes = b""
    notes: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    let_go: dict[int, int] = field(default_factory=dict)
    signatures: list[TimeSignature] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)


def _listen(track: MidiTrack, port: int) -> _Heard:
    heard = _Heard()
    first = port * CHANNELS
    strokes: dict[tuple[int, int], list[tuple[int, bool]]] = defaultdict(list)
    for tick, status, kind, data, _, _ in track.events:
        if NOTE_OFF <= status < KEY_PRESSURE:
            pitch, velocity = data
            strokes[first + (status & 0x0F), pitch].append(
                (tick, status >= NOTE_ON and velocity > 0)
            )
        elif status == META:
            if kind == TRACK_NAME:
                heard.name = heard.name or data
            elif kind == TIME_SIGNATURE:
                heard.signatures += signatures_in(tick, data)
            elif kind == SET_TEMPO and len(data) >= 3:
                heard.tempos.append((tick, int.from_bytes(data[:3], "big")))
    notes: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for (channel, pitch), of_key in strokes.items():
        found = _sounding(of_key, track.end)
        notes[channel] += [(onset, end, pitch) for onset, end in found]
        latest, held = of_key[-1]
        ends = (latest if held and onset == latest else end for onset, end in found)
        heard.let_go[channel] = max(heard.let_go.get(channel, 0), *ends, 0)
    heard.notes.update({channel: _ordered(found) for channel, found in notes.items() if found})
    return heard


def _end_of(heard: Sequence[_Heard], kits: Collection[int], ring: int) -> int:
    """The tick at which the music of the tracks ends that were `heard`; those of `kits` are drums.

    How long a drum's note is means nothing, a note that is never let go has no end, and nothing
    rings for more than `ring` ticks after the last note has begun.
    """
    begins = [int(notes[-1, 0]) for track in heard for notes in track.notes.values()]
    ends = [track.let_go[channel] for track in heard for channel in track.notes.keys() - set(kits)]
    latest = max(begins, default=0)
    return max(latest, min(max(ends, default=0), latest + ring))


def signatures_in(tick: int, data: bytes) -> list[TimeSignature]:
    """The time signature that a meta event with `data` says; none where that is no metre."""
    said = len(data) >= 2 and data[0] > 0 and data[1] <= MOST_UNIT
    return [TimeSignature(tick, data[0], 1 << data[1])] if said else []


def _ordered(notes: Sequence[tuple[int, int, int]]) -> NDArray[np.int64]:
    """The `notes` [notes, 3], each (onset, end, pitch), by onset, then end, then pitch."""
    table = np.fromiter(chain.from_iterable(notes), np.int64, 3 * len(notes)).reshape(-1, 3)
    return table[np.lexsort(table.T[::-1])]


def _sounding(strokes: Sequence[tuple[int, bool]], end: int) -> list[tuple[int, int]]:
    """The notes, (onset, end), of a key that is struck, True, and let go at the ticks `strokes`.

    Letting go ends the note that was struck first, as sequencers write notes that overlap. Where a
    key is struck more often than it is let go, that would give each note the end of another. There,
    as synthesizers have it, a note lasts until its key is let go or struck again, or until `end`.
    """
    found = []
    held: deque[int] = deque()
    for tick, struck in strokes:
        if struck:
            held.append(tick)
        elif held:
            found.append((held.popleft(), tick))
    return _until_next(strokes, end) if held else found


def _until_next(strokes: Sequence[tuple[int, bool]], end: int) -> list[tuple[int, int]]:
    """The notes of a key, none of which sounds beyond the next stroke."""
    found = []
    held: list[int] = []
    for tick, struck in strokes:
        if held and not (struck and tick == held[-1]):
            found += [(onset, tick) for onset in held]
            held = []
        if struck:
            held.append(tick)
    return found + [(onset, end) for onset in held]


def _programs(midi: MidiFile) -> dict[int, list[tuple[int, int]]]:
    """The program changes of each channel, (tick, program), in the order in which they sound."""
    found: dict[int, list[tuple[int, int]]] = {}
    for port, of_port in by_port(midi).items():
        for event in of_port.words:
            if event.status & 0xF0 == PROGRAM_CHANGE:
                channel = port * CHANNELS + (event.status & 0x0F)
                found.setdefault(channel, []).append((event.tick, event.data[0]))
    return {channel: sorted(said, key=lambda one: one[0]) for channel, said in found.items()}


def _program_of(said: Sequence[tuple[int, int]], onsets: NDArray[np.int64]) -> int:
    """The program that most of the notes sound with; the first one where none is set in time."""
    if not said:
        return 0
    ticks = np.array([tick for tick, _ in said])
    rules = np.searchsorted(ticks, onsets, side="right") - 1
    programs = np.array([program for _, program in said])[rules.clip(min=0)]
    return int(np.bincount(programs, minlength=128).argmax())


def _song(
    ticks_per_beat: int,
    parts: Iterable[Part],
    signatures: Iterable[TimeSignature],
    tempos: Iterable[tuple[int, int]],
    end: int,
    oddities: tuple[str, ...] = (),
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
        tuple(sorted(signatures, key=lambda said: said.tick)),  # stable: the last of a tick rules
        tuple(Tempo(tick, 6e7 / us_per_beat) for tick, us_per_beat in ordered),
        end,
        oddities,
    )


def tempo_at(song: Song, tick: int) -> float:
    """The tempo in BPM at `tick`, 120 where none is said, within what a Score takes."""
    bpm = USUAL_BPM
    for tempo in song.tempos:
        if tempo.tick <= tick:
            bpm = tempo.bpm
    low, high = TEMPO_RANGE
    return min(max(bpm, low), high)


def read_bytes(source: Path | str | bytes) -> bytes:
    """The bytes of a MIDI file, or `source` itself if it is bytes; ValueError if unreadable."""
    if isinstance(source, bytes):
        return source
    if Path(source).is_dir():
        raise ValueError(f"{source} is a folder: name a MIDI file")
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {source}: {error.strerror}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
