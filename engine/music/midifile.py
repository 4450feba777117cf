"""A player's MIDI file to a Score and back: which part plays what, and how a score is written.

`quantise.py` says how notes get onto the grid. A player's file has to be in 4/4 or 2/2 throughout.
It is read from tick 0 to the end of its last note. Existing files are not overwritten unless
`force` is given. `additions.py` says how tracks are added to a file that is there.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from schmubert.engine.music.casting import cast, cast_lines, listed
from schmubert.engine.music.meter import (
    BEATS_PER_BAR,
    MOST_SONG_BARS,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
)
from schmubert.engine.music.quantise import (
    drum_column,
    drum_map_named,
    nearest_step,
    pitched_column,
    spans,
    tempo_at,
)
from schmubert.engine.music.score import Score
from schmubert.engine.music.smf import PROGRAM_CHANGE, event, meta, midi_file, track_body
from schmubert.engine.music.song import (
    SET_TEMPO,
    TIME_SIGNATURE,
    TRACK_NAME,
    Song,
    Unusable,
    player_song,
    read_bytes,
)
from schmubert.engine.music.strokes import CHANNEL, NAMES, PROGRAM, note_events, strokes
from schmubert.engine.music.vocabulary import TRIO, Drum, Track

TICKS_PER_BEAT = 480


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
    `taken` says in a line for each role which part has it; `pitched` are those to choose from.
    `first_bar` is that of the first note of any part, of which the score may hold none.
    `oddities` are a line each: what is strange in the file, and how it was read all the same.
    """

    score: Score
    roles: Mapping[Track, str]
    places: Mapping[Track, tuple[tuple[int, int], ...]]
    taken: tuple[str, ...] = ()
    pitched: str = ""
    first_bar: int = 0
    oddities: tuple[str, ...] = ()


def read_score(
    source: Path | str | bytes,
    choice: Mapping[Track, str | int] | None = None,
    drum_map: str = "general-midi",
) -> Reading:
    """The score in a player's MIDI file (a path, or its bytes), from tick 0 to its last note.

    A track without a part is silent, and not in `roles`. A part is found by `choice` (its name, or
    its number among the pitched parts from 1 on), else by what is heard of it and what its name
    says (`casting`). For the melody any pitched part will do that is no bass. Unusable, with one
    line that says what is wrong; ValueError where `choice` names the drums, or there is no
    `drum_map` of that name.
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
    _check_meters(song)
    per_beat = song.ticks_per_beat
    if not song.parts:
        raise Unusable("empty", "it holds no note")
    onsets = [nearest_step(part.onsets, per_beat) for part in song.parts]
    last_onset = max(int(steps.max()) for steps in onsets)
    first_bar = min(int(steps.min()) for steps in onsets) // STEPS_PER_BAR
    steps = max(int(nearest_step(song.end, per_beat)), last_onset + 1)
    bars = -(-steps // STEPS_PER_BAR)
    if bars > MOST_SONG_BARS:
        raise Unusable("too long", f"{bars} bars; at most {MOST_SONG_BARS} can be read")
    tokens = np.zeros((bars * STEPS_PER_BAR, len(TRIO)), np.int64)
    roles, playing = {}, {}
    cast_parts = cast(song.parts, per_beat, choice)
    for track, part in cast_parts.items():
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
    return Reading(
        score,
        MappingProxyType(roles),
        MappingProxyType(places),
        cast_lines(song.parts, cast_parts),
        listed(song.parts),
        first_bar,
        song.oddities,
    )


def _check_meters(song: Song) -> None:
    """Unusable where `song` has another metre than 4/4 or 2/2, or a bar line off their grid."""
    bar = BEATS_PER_BAR * song.ticks_per_beat
    for meter in (span.meter for span in spans(song) if span.start < max(1, song.end)):
        where = f" from beat {meter.tick // song.ticks_per_beat + 1} on" if meter.tick else ""
        if meter.beats != meter.unit:
            at = f"its time signature is {meter.beats}/{meter.unit}"
            raise Unusable("not 4/4", f"{at}{where}; only 4/4 and 2/2 can be played")
        away = meter.tick % bar
        if STEPS_PER_BEAT * 2 * min(away, bar - away) > song.ticks_per_beat:  # half a 16th
            raise Unusable("not 4/4", f"a bar is cut short: its bar lines move{where}")


def write_score(
    score: Score, path: Path | str, *, tracks: Sequence[Track] = TRIO, force: bool = False
) -> None:
    """Write `tracks` of `score` as a MIDI file of type 1; FileExists unless `force`.

    Masked cells are written as silence.
    """
    write_file(path, midi_bytes(score, tracks), force=force)


def midi_bytes(score: Score, tracks: Sequence[Track] = TRIO) -> bytes:
    """`score` as a MIDI file: tempo and metre, then a named MIDI track for each of `tracks`."""
    end = score.steps * TICKS_PER_BEAT // STEPS_PER_BEAT
    tempo = round(6e7 / score.tempo_bpm).to_bytes(3, "big")
    said = [meta(0, SET_TEMPO, tempo), meta(0, TIME_SIGNATURE, b"\x04\x02\x18\x08")]
    bodies = [track_body(said, end)]
    for track in tracks:
        begun = [meta(0, TRACK_NAME, NAMES[track].encode())]
        if track in PROGRAM:
            begun.append(event(0, PROGRAM_CHANGE | CHANNEL[track], PROGRAM[track]))
        played = note_events(strokes(score, track, TICKS_PER_BEAT), CHANNEL[track])
        bodies.append(track_body(begun + played, end))
    return midi_file(TICKS_PER_BEAT, bodies)


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
