"""A player's MIDI file to a Score and back: which part plays what, and how a score is written.

`barlines.py` says where its bars lie, `columns.py` how notes get onto their grid. A score is of one
metre: what is in others is left alone. Existing files are not overwritten unless `force` is given.
`additions.py` says how tracks are added to a file that is there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from schmubert.engine.music.barlines import (
    BarLines,
    Grid,
    bar_lines,
    grids,
)
from schmubert.engine.music.casting import cast, cast_lines, listed
from schmubert.engine.music.columns import drums_on, pitched_on
from schmubert.engine.music.meter import (
    CLOCKS_PER_QUARTER,
    MOST_SONG_BARS,
    STRAIGHT,
    Meter,
    straight,
)
from schmubert.engine.music.score import Score
from schmubert.engine.music.signatures import barred, resigned
from schmubert.engine.music.smf import (
    PROGRAM_CHANGE,
    SET_TEMPO,
    TRACK_NAME,
    event,
    meta,
    midi_file,
    signature_event,
    track_body,
)
from schmubert.engine.music.song import (
    Part,
    Song,
    Unusable,
    player_song,
    read_bytes,
    tempo_at,
)
from schmubert.engine.music.strokes import (
    CHANNEL,
    NAMES,
    PROGRAM,
    note_events,
    strokes,
)
from schmubert.engine.music.vocabulary import TRIO, Drum, Track, drum_map_named
from schmubert.engine.writing import NotWrittenError, replacing

TICKS_PER_BEAT = 480


class FileExists(NotWrittenError, FileExistsError):  # noqa: N818 - named like the builtin that it is
    """A file that would have been overwritten."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists: choose another name, or write over it (--force, in Python force=True)"
        )


class OtherMetres(Unusable):
    """A file without a bar in a metre that is asked for; `metres` are those that it is in."""

    def __init__(self, metres: Sequence[str]) -> None:
        super().__init__("other metres", f"it is in {' and '.join(metres)}")
        self.metres = tuple(metres)


@dataclass(frozen=True)
class Written:
    """What a user says of how a file is written, where that is to be believed instead of it.

    `signature` is the time signature of all of it; `triplets` says how beats of a quarter divide.
    """

    signature: tuple[int, int] | None = None
    triplets: bool | None = None


AS_WRITTEN = Written()


@dataclass(frozen=True)
class Reading:
    """A player's file as a score, and for each role found the name of the part that plays it.

    The bars of the score are those of `grid`, which says where they lie; `lines` are all of the
    file. `places` says where the notes of each role are in the file: MIDI tracks and channels,
    from 0. `taken` says in a line for each role which part has it; `pitched` are those to choose
    from. `oddities` are a line each: what is strange in the file, and how it was read all the same.
    `left` says in the same way which bars are not in the score. `first_onset` is the tick of the
    first note of any part, `end` that at which the last one ends, a 16th after it begins or later.
    """

    score: Score
    roles: Mapping[Track, str]
    places: Mapping[Track, tuple[tuple[int, int], ...]]
    grid: Grid
    lines: BarLines
    taken: tuple[str, ...] = ()
    pitched: str = ""
    first_onset: int = 0
    end: int = 0
    oddities: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def first_tick(self) -> int:
        """The bar line before the first note of any part, of which the score may hold none."""
        return int(self.lines.starts[self.lines.bar_at(self.first_onset)])

    @property
    def first_bar(self) -> int:
        """The bar of the score that begins there, or the first one after it."""
        return int(np.searchsorted(self.grid.starts, self.first_tick))

    @property
    def end_step(self) -> int:
        """The step of the score at which the song is over: where its last note ends, nearly."""
        cell = float(self.grid.ticks_per_quarter / self.grid.meter.steps_per_quarter)
        begun = 2 * self.grid.ticks(np.arange(self.grid.steps)) + cell <= 2 * self.end
        return int(begun.sum())

    def from_first_bar(self) -> "Reading":
        """The same song, its score without the bars before the first note of any part."""
        first = self.first_bar
        score = self.score.window(first, self.score.bars - first)
        return replace(self, score=score, grid=self.grid.window(first))

    def numbers(self, after: int = 0) -> tuple[int, ...]:
        """What the file counts the bars of the score as, from 1 on, and `after` more at its end."""
        own = np.searchsorted(self.lines.starts, self.grid.starts, side="right")
        last = len(self.lines.starts)
        return (*own.tolist(), *range(last + 1, last + 1 + after))


def read_score(
    source: Path | str | bytes,
    choice: Mapping[Track, str | int] | None = None,
    drum_map: str = "general-midi",
    meters: Collection[Meter] | None = None,
    written: Written = AS_WRITTEN,
) -> Reading:
    """The score in a player's MIDI file (a path, or its bytes), from tick 0 to its last note.

    It is in the metre of most of the file that is one of `meters`, or any where None. A track
    without a part is silent, and not in `roles`. A part is found by `choice` (its name, a part of
    that, or its number among the pitched parts from 1 on), else by what is heard of it and what its
    name says (`casting`). For the melody any pitched part will do that is no bass. Unusable, with
    one line that says what is wrong, OtherMetres where no bar is in one of `meters`; ValueError
    where `choice` names the drums, or there is no `drum_map` of that name.
    """
    if choice and Track.DRUMS in choice:
        raise ValueError("the drums cannot be chosen: they are all of channel 10")
    try:
        song = player_song(read_bytes(source))
        said = written.signature
        song = barred(song) if said is None else resigned(song, *said)
        return _read_song(song, choice or {}, drum_map_named(drum_map), meters, written.triplets)
    except Unusable as error:
        raise error if isinstance(source, bytes) else error.of(str(source)) from error


def _read_song(
    song: Song,
    choice: Mapping[Track, str | int],
    drum_map: Mapping[int, Drum],
    meters: Collection[Meter] | None,
    triplets: bool | None,
) -> Reading:
    if not song.parts:
        raise Unusable("empty", "it holds no note")
    lines = bar_lines(song)
    grid, told = _main_grid(song, lines, meters, triplets)
    tokens = np.zeros((grid.steps, len(TRIO)), np.int64)
    roles, playing = {}, {}
    heard = [part for part in song.parts if part.drums or _plays_on(grid, part)]
    cast_parts = cast(song.parts if choice else heard, song.ticks_per_beat, choice)
    for track, part in cast_parts.items():
        tokens[:, track] = pitched_on(part, grid)
        if tokens[:, track].any():
            roles[track] = part.name or f"program {part.program}"
            playing[track] = [part]
    kit = [part for part in song.parts if part.drums]
    tokens[:, Track.DRUMS] = drums_on(kit, grid, drum_map)
    if tokens[:, Track.DRUMS].any():
        roles[Track.DRUMS] = kit[0].name or "channel 10"
        playing[Track.DRUMS] = kit
    places = {
        track: tuple(part.place for part in parts if part.place is not None)
        for track, parts in playing.items()
    }
    sixteenth = -(-song.ticks_per_beat // STRAIGHT)
    return Reading(
        Score(tokens, tempo_at(song, 0), grid.meter),
        MappingProxyType(roles),
        MappingProxyType(places),
        grid,
        lines,
        cast_lines(song.parts, cast_parts),
        listed(song.parts),
        min(int(part.onsets.min()) for part in song.parts),
        max(song.end, max(int(part.onsets.max()) for part in song.parts) + sixteenth),
        song.oddities,
        (*told, *lines.left_alone(grid)),
    )


def _main_grid(
    song: Song, lines: BarLines, meters: Collection[Meter] | None, triplets: bool | None
) -> tuple[Grid, tuple[str, ...]]:
    """The grid of the metre, of `meters`, in which most of `song` is; and what is to be said of it.

    Where a shuffle cannot be played as one it is read in 16ths. Bars in which nothing begins are
    no music in their metre.
    """
    by_meter = grids(song, lines.stretches, triplets)
    shapes = None if meters is None else {meter.shape for meter in meters}
    for meter, grid in by_meter.items():
        if not any(_plays_on(grid, part) for part in song.parts):
            continue
        if shapes is None or meter.shape in shapes:
            return _checked(grid), ()
        if triplets is None and straight(meter).shape in shapes:
            told = "it is played in triplets, which cannot be played here: read in 16ths"
            return _checked(replace(grid, meter=straight(meter))), (told,)
    signatures = ("{}/{}".format(*one.signature) for one in lines.stretches if not one.cut)
    raise OtherMetres([str(meter) for meter in by_meter] or [*dict.fromkeys(signatures)])


def _plays_on(grid: Grid, part: Part) -> bool:
    """Whether `part` begins a note in a bar of `grid`: in others it has no role."""
    return bool((grid.onset_steps(part.onsets) >= 0).any())


def _checked(grid: Grid) -> Grid:
    if grid.bars > MOST_SONG_BARS:
        raise Unusable("too long", f"{grid.bars} bars; at most {MOST_SONG_BARS} can be read")
    return grid


def write_score(
    score: Score, path: Path | str, *, tracks: Sequence[Track] = TRIO, force: bool = False
) -> None:
    """Write `tracks` of `score` as a MIDI file of type 1; FileExists unless `force`.

    Masked cells are written as silence.
    """
    write_file(path, midi_bytes(score, tracks), force=force)


def midi_bytes(score: Score, tracks: Sequence[Track] = TRIO) -> bytes:
    """`score` as a MIDI file: tempo and metre, then a named MIDI track for each of `tracks`."""
    grid = Grid.even(score.meter, score.bars, TICKS_PER_BEAT)
    end = score.bars * TICKS_PER_BEAT * score.meter.clocks_per_bar // CLOCKS_PER_QUARTER
    tempo = round(6e7 / score.tempo_bpm).to_bytes(3, "big")
    bodies = [track_body([meta(0, SET_TEMPO, tempo), signature_event(0, score.meter)], end)]
    for track in tracks:
        begun = [meta(0, TRACK_NAME, NAMES[track].encode())]
        if track in PROGRAM:
            begun.append(event(0, PROGRAM_CHANGE | CHANNEL[track], PROGRAM[track]))
        played = note_events(strokes(score, track, grid), CHANNEL[track])
        bodies.append(track_body(begun + played, end))
    return midi_file(TICKS_PER_BEAT, bodies)


def write_file(path: Path | str, data: bytes, *, force: bool = False) -> None:
    """Write `data` to `path` whole or not at all; FileExists if it exists, unless `force`.

    NotWrittenError, which names the file, where it cannot be written.
    """
    path = Path(path)
    with replacing(path) as beside:
        if path.exists() and not force:
            raise FileExists(path)
        beside.write_bytes(data)
