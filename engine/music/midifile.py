"""A player's MIDI file to a Score and back: which part plays what, and how a score is written.

`quantise.py` says how notes get onto the grid. A player's file has to be in 4/4 throughout. It is
read from tick 0 to its end-of-track, so that silence at the end survives. Existing files are not
overwritten unless `force` is given.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import mido
import numpy as np

from schmubert.engine.music.meter import MOST_SONG_BARS, STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.quantise import (
    FOUR_FOUR,
    drum_column,
    drum_map_named,
    nearest_step,
    pitched_column,
    spans,
    tempo_at,
)
from schmubert.engine.music.score import Note, Score, drum_hits, notes
from schmubert.engine.music.song import (
    DRUM_CHANNEL,
    Part,
    Song,
    Unusable,
    bytes_of,
    open_midi,
    player_song,
    read_bytes,
)
from schmubert.engine.music.velocity import WRITTEN
from schmubert.engine.music.vocabulary import DRUM_PITCH, PITCHED, TRIO, Drum, Track

TICKS_PER_BEAT = 480
NAMES = MappingProxyType({Track.MELODY: "Melody", Track.BASS: "Bass", Track.DRUMS: "Drums"})
PROGRAM = MappingProxyType({Track.MELODY: 0, Track.BASS: 33})  # grand piano, fingered bass
CHANNEL = MappingProxyType({Track.MELODY: 0, Track.BASS: 1, Track.DRUMS: DRUM_CHANNEL})

# how the role of a part is recognised: by words in its name first, then by its program
WORDS = MappingProxyType(
    {
        Track.BASS: re.compile(r"bass(?!oon)", re.IGNORECASE),
        Track.MELODY: re.compile(r"melod|lead|vocal|voice|sing|solo|tune", re.IGNORECASE),
    }
)
PROGRAMS = MappingProxyType({Track.MELODY: range(32), Track.BASS: range(32, 40)})


class FileExists(FileExistsError):  # noqa: N818 - named like the builtin that it is
    """A file that would have been overwritten."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists: choose another name, or write over it (--force, in Python force=True)"
        )


@dataclass(frozen=True)
class Reading:
    """A player's file as a score, and for each role found the name of the part that plays it.

    `places` says where the notes of each role are in the file: MIDI tracks and channels, from 0.
    """

    score: Score
    roles: Mapping[Track, str]
    places: Mapping[Track, tuple[tuple[int, int], ...]]


def read_score(
    source: Path | str | bytes,
    choice: Mapping[Track, str | int] | None = None,
    drum_map: str = "general-midi",
) -> Reading:
    """The score in a player's MIDI file (a path, or its bytes), from tick 0 to its end-of-track.

    A track without a part is silent, and not in `roles`. A part is found by `choice` (its name, or
    its number among the pitched parts from 1 on), else by a word in its name ("bass"; "melody",
    "lead", "vocal", ...), else by its program. For the melody any other pitched part will do. Of
    several parts it is the highest of those that play in at least half as many bars as the busiest.
    Unusable, with one line that says what is wrong; ValueError where `choice` names the drums, or
    there is no `drum_map` of that name.
    """
    if choice and Track.DRUMS in choice:
        raise ValueError("the drums cannot be chosen: they are all of channel 10")
    try:
        song = player_song(read_bytes(source))
        return _read_song(song, choice or {}, drum_map_named(drum_map))
    except Unusable as error:
        raise error if isinstance(source, bytes) else error.of(str(source)) from error


def _read_song(
    song: Song, choice: Mapping[Track, str | int], drum_map: Mapping[int, Drum]
) -> Reading:
    for meter in (span.meter for span in spans(song) if span.start < max(1, song.end)):
        if meter[1:] != FOUR_FOUR:
            at = f"its time signature is {meter.beats}/{meter.unit}"
            where = f" from beat {meter.tick // song.ticks_per_beat + 1} on" if meter.tick else ""
            raise Unusable("not 4/4", f"{at}{where}; only 4/4 can be played")
    per_beat = song.ticks_per_beat
    last_onset = max((int(part.onsets.max()) for part in song.parts), default=-per_beat)
    steps = max(nearest_step(song.end, per_beat), nearest_step(last_onset, per_beat) + 1)
    bars = -(-int(steps) // STEPS_PER_BAR)
    if bars <= 0:
        raise Unusable("empty", "it holds neither notes nor bars")
    if bars > MOST_SONG_BARS:
        raise Unusable("too long", f"{bars} bars; at most {MOST_SONG_BARS} can be read")
    tokens = np.zeros((bars * STEPS_PER_BAR, len(TRIO)), np.int64)
    roles, playing = {}, {}
    for track, part in _cast(song, choice).items():
        tokens[:, track] = pitched_column(part, per_beat, 0, bars)
        roles[track] = part.name or f"program {part.program}"
        playing[track] = [part]
    kit = [part for part in song.parts if part.drums]
    tokens[:, Track.DRUMS] = drum_column(kit, per_beat, 0, bars, drum_map)
    if tokens[:, Track.DRUMS].any():
        roles[Track.DRUMS] = kit[0].name or "channel 10"
        playing[Track.DRUMS] = kit
    places = {
        track: tuple(part.place for part in parts if part.place is not None)
        for track, parts in playing.items()
    }
    score = Score(tokens, tempo_at(song, 0))
    return Reading(score, MappingProxyType(roles), MappingProxyType(places))


def _cast(song: Song, choice: Mapping[Track, str | int]) -> dict[Track, Part]:
    """Which pitched part plays the bass, and which the melody."""
    free = [part for part in song.parts if not part.drums]
    cast = {track: _chosen(free, choice[track]) for track in PITCHED if track in choice}
    for track in (Track.BASS, Track.MELODY):
        rest = [part for part in free if all(part is not taken for taken in cast.values())]
        if track in cast:
            continue
        named = [part for part in free if WORDS[track].search(part.name)]
        # a name on every part is the song's, as in files of type 0, and tells nothing
        told = rest if len(named) < len(free) or len(free) == 1 else []
        ways = [
            [part for part in told if WORDS[track].search(part.name)],
            [part for part in rest if part.program in PROGRAMS[track]],
            rest if track is Track.MELODY else [],
        ]
        for candidates in ways:
            if candidates:
                cast[track] = _leading(candidates, song.ticks_per_beat)
                break
    return cast


def _chosen(parts: Sequence[Part], wanted: str | int) -> Part:
    if isinstance(wanted, int):
        if 1 <= wanted <= len(parts):
            return parts[wanted - 1]
    else:
        for part in parts:
            if part.name.strip().lower() == wanted.strip().lower():
                return part
    there = ", ".join(f"{number} {part.name!r}" for number, part in enumerate(parts, 1))
    raise Unusable("no such track", f"no pitched track {wanted!r}; there are {there or 'none'}")


def _leading(parts: Sequence[Part], ticks_per_beat: int) -> Part:
    """The highest of the parts that play in at least half as many bars as the busiest."""
    bars = [len(np.unique(part.onsets // (4 * ticks_per_beat))) for part in parts]
    busy = [part for part, count in zip(parts, bars, strict=True) if 2 * count >= max(bars)]
    return max(busy, key=lambda part: float(part.pitches.mean()))


def write_score(
    score: Score, path: Path | str, *, tracks: Sequence[Track] = TRIO, force: bool = False
) -> None:
    """Write `tracks` of `score` as a MIDI file of type 1; FileExists unless `force`.

    Masked cells are written as silence.
    """
    write_file(path, midi_bytes(score, tracks), force=force)


def midi_bytes(score: Score, tracks: Sequence[Track] = TRIO) -> bytes:
    """`score` as a MIDI file: tempo and metre, then a named MIDI track for each of `tracks`."""
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    conductor = mido.MidiTrack()
    us_per_beat = round(6e7 / score.tempo_bpm)
    conductor.append(mido.MetaMessage("set_tempo", tempo=us_per_beat))
    conductor.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    end = score.steps * TICKS_PER_BEAT // STEPS_PER_BEAT
    conductor.append(mido.MetaMessage("end_of_track", time=end))
    midi.tracks.append(conductor)
    for track in tracks:
        midi.tracks.append(_midi_track(score, track, NAMES[track], CHANNEL[track], TICKS_PER_BEAT))
    return bytes_of(midi)


def add_tracks(
    source: Path | str,
    score: Score,
    tracks: Sequence[Track],
    path: Path | str,
    *,
    force: bool = False,
) -> None:
    """Write `path`: every event of the MIDI file `source`, and a MIDI track for each of `tracks`.

    `score` starts at tick 0 of the file. Ticks per beat stay; a file of type 0 becomes one of
    type 1. Pitched tracks get a channel that the file leaves free, named "Bass", or "Bass 2" if
    there is one already. FileExists unless `force`; Unusable where no channel is free.
    """
    write_file(path, with_tracks(read_bytes(source), score, tracks), force=force)


def with_tracks(source: bytes, score: Score, tracks: Sequence[Track]) -> bytes:
    """The bytes of a MIDI file with `tracks` of `score` added, as `add_tracks` does it."""
    midi = open_midi(source)
    midi.type = 1
    names = {track.name for track in midi.tracks}
    free = _free_channels(midi)
    for track in tracks:
        name, number = NAMES[track], 2
        while name in names:
            name, number = f"{NAMES[track]} {number}", number + 1
        names.add(name)
        if track is Track.DRUMS:
            channel = DRUM_CHANNEL
        elif free:
            channel = CHANNEL[track] if CHANNEL[track] in free else free[0]
            free.remove(channel)
        else:
            raise Unusable("no free channel", f"none of 16 channels is left for the {name}")
        midi.tracks.append(_midi_track(score, track, name, channel, midi.ticks_per_beat))
    return bytes_of(midi)


def write_file(path: Path | str, data: bytes, *, force: bool = False) -> None:
    """Write `data` to `path` whole or not at all; FileExists if it exists, unless `force`."""
    path = Path(path)
    if path.exists() and not force:
        raise FileExists(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ValueError(f"cannot write {path}: {error.strerror}") from error


def _free_channels(midi: mido.MidiFile) -> list[int]:
    """The pitched channels without notes, those without any message first."""
    noted: set[int] = set()
    touched: set[int] = set()
    for track in midi.tracks:
        for message in track:
            if not message.is_meta and hasattr(message, "channel"):
                touched.add(message.channel)
                if message.type == "note_on" and message.velocity:
                    noted.add(message.channel)
    free = [k for k in range(16) if k not in noted and k != DRUM_CHANNEL]
    return sorted(free, key=lambda channel: channel in touched)


def _midi_track(
    score: Score, track: Track, name: str, channel: int, ticks_per_beat: int
) -> mido.MidiTrack:
    """`track` of `score` as a MIDI track that ends where the score does."""
    if track in PITCHED:
        played = notes(score.tokens, track)
    else:
        played = [Note(step, 1, DRUM_PITCH[Drum(drum)]) for step, drum in drum_hits(score.tokens)]
    events = [(note.onset, int(WRITTEN.at(note.onset)), note.pitch) for note in played]
    events += [(note.onset + note.length, 0, note.pitch) for note in played]
    written = mido.MidiTrack()
    written.append(mido.MetaMessage("track_name", name=name))
    if track in PROGRAM:
        written.append(mido.Message("program_change", channel=channel, program=PROGRAM[track]))
    now = 0
    for step, loudness, pitch in sorted(events, key=lambda event: event[:2]):
        kind = "note_on" if loudness else "note_off"
        tick = round(step * ticks_per_beat / STEPS_PER_BEAT)
        written.append(
            mido.Message(kind, channel=channel, note=pitch, velocity=loudness, time=tick - now)
        )
        now = tick
    end = round(score.steps * ticks_per_beat / STEPS_PER_BEAT)
    written.append(mido.MetaMessage("end_of_track", time=end - now))
    return written
