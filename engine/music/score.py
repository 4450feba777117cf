"""Score: a trio as a grid of tokens, a row a cell of its metre, a column a track (thesis 4.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import BEATS_PER_BAR as BEATS_PER_BAR
from schmubert.engine.music.meter import COMMON, USUAL_BPM, Meter
from schmubert.engine.music.meter import STEPS_PER_BAR as STEPS_PER_BAR
from schmubert.engine.music.meter import STEPS_PER_BEAT as STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    PITCHED,
    SIZES,
    TRIO,
    Track,
    drums_of,
    onset_token,
    pitch_of,
)

Tokens: TypeAlias = NDArray[np.int64]
"""Tokens [steps, tracks], or [batch, steps, tracks] where said."""
Mask: TypeAlias = NDArray[np.bool_]
"""True where a cell is meant, of the shape of the tokens it goes with."""


class Note(NamedTuple):
    """A note on the grid: `onset` and `length` in steps, `pitch` in MIDI semitones."""

    onset: int
    length: int
    pitch: int


@dataclass(frozen=True)
class Score:
    """A trio of whole bars of one metre: `tokens` [steps, 3] and the tempo it was written at.

    A step is a cell of the `meter`, a 16th in 4/4; the tempo is in quarters a minute. `chords` are
    the notes of a part of chords, if one plays: several sound together, so it is no column. Raises
    ValueError where the shape is not whole bars of three tracks, a token is none of its track's
    events (the mask is allowed), or a note of the chords lies outside.
    """

    tokens: Tokens
    tempo_bpm: float = USUAL_BPM
    meter: Meter = COMMON
    chords: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        tokens = np.ascontiguousarray(self.tokens, dtype=np.int64)
        bar = self.meter.steps
        if tokens.ndim != 2 or tokens.shape[1] != len(TRIO) or tokens.shape[0] % bar:
            raise ValueError(
                f"a score in {self.meter} is [bars x {bar}, {len(TRIO)}], not {tokens.shape}"
            )
        if (tokens < 0).any() or (tokens > np.asarray(MASK)).any():
            raise ValueError(f"tokens lie outside 0..{MASK} by track")
        if not 10.0 <= self.tempo_bpm <= 1000.0:
            raise ValueError(f"tempo {self.tempo_bpm} BPM is outside 10..1000")
        for note in self.chords:
            if not 0 <= note.onset < note.onset + note.length <= len(tokens):
                raise ValueError(f"{note} lies outside of {len(tokens)} steps")
        tokens.setflags(write=False)
        object.__setattr__(self, "tokens", tokens)

    @property
    def steps(self) -> int:
        """The length in cells of its metre."""
        return int(self.tokens.shape[0])

    @property
    def bars(self) -> int:
        """The length in bars."""
        return self.steps // self.meter.steps

    def window(self, first_bar: int, bars: int) -> "Score":
        """`bars` bars from `first_bar` on, canonical: notes held over from before are silent."""
        if not 0 <= first_bar <= first_bar + bars <= self.bars:
            raise ValueError(f"bars {first_bar}..{first_bar + bars} are not in 0..{self.bars}")
        first, end = first_bar * self.meter.steps, (first_bar + bars) * self.meter.steps
        chords = (
            Note(note.onset - first, min(note.length, end - note.onset), note.pitch)
            for note in self.chords
            if first <= note.onset < end
        )
        return replace(self, tokens=canonical(self.tokens[first:end]), chords=tuple(chords))

    def masked(self, cells: Mask) -> "Score":
        """The same score with `cells` [steps, 3] unknown."""
        return replace(self, tokens=np.where(cells, np.asarray(MASK), self.tokens))

    def followed_by(self, other: "Score") -> "Score":
        """`other` after this one, at this one's tempo; ValueError where it is of another metre."""
        if other.meter != self.meter:
            raise ValueError(f"{other.meter} cannot follow {self.meter} in one score")
        later = (note._replace(onset=note.onset + self.steps) for note in other.chords)
        tokens = np.concatenate([self.tokens, other.tokens])
        return replace(self, tokens=tokens, chords=(*self.chords, *later))

    def transposed(self, semitones: int) -> "Score":
        """All but the drums moved by `semitones`; ValueError where a pitch would leave 21..108."""
        tokens = self.tokens.copy()
        for track in PITCHED:
            column = tokens[:, track]
            onsets = (column >= FIRST_ONSET) & (column < SIZES[track])
            column[onsets] += semitones
            if ((column < FIRST_ONSET) | (column >= SIZES[track]))[onsets].any():
                raise ValueError(f"{semitones:+} semitones take the {track.name} out of range")
        chords = tuple(note._replace(pitch=note.pitch + semitones) for note in self.chords)
        return replace(self, tokens=tokens, chords=chords)


def silence(bars: int, tempo_bpm: float = USUAL_BPM, meter: Meter = COMMON) -> Score:
    """A score in which nothing sounds."""
    return Score(np.zeros((bars * meter.steps, len(TRIO)), np.int64), tempo_bpm, meter)


def unknown(bars: int, tempo_bpm: float = USUAL_BPM, meter: Meter = COMMON) -> Score:
    """A score of which nothing is known: every cell masked."""
    return Score(np.tile(np.asarray(MASK), (bars * meter.steps, 1)), tempo_bpm, meter)


def canonical(tokens: Tokens, tracks: Sequence[Track] = TRIO) -> Tokens:
    """`tokens` [.., steps, tracks] in which each OFF that ends nothing is HOLD.

    `tracks` says what the columns are. A masked cell counts as a note that sounds.
    """
    tokens = tokens.copy()
    for column, track in enumerate(tracks):
        if track in PITCHED:
            of_track = tokens[..., column]
            of_track[idle_offs(of_track)] = HOLD
    return tokens


def idle_offs(column: Tokens, sounding: bool = False) -> Mask:
    """Where a pitched `column` [.., steps] has an OFF that ends nothing.

    `sounding` says whether a note sounds before the first step. A masked cell counts as a note.
    """
    before = np.full(column.shape, HOLD, np.int64)
    before[..., 1:] = lasting(column)[..., :-1]
    silent = before == OFF
    if not sounding:
        silent |= before == HOLD
    return np.asarray((column == OFF) & silent)


def lasting(column: Tokens) -> Tokens:
    """The event that lasts in each step of a pitched `column` [.., steps].

    It is the step's own, or where that is HOLD the last one before it; HOLD where there is none.
    """
    steps = np.arange(column.shape[-1])
    latest = np.maximum.accumulate(np.where(column != HOLD, steps, 0), axis=-1)
    if column.ndim == 1:
        return column[latest]  # as below, in a third of the time
    return np.take_along_axis(column, latest, axis=-1)


def notes(tokens: Tokens, track: Track) -> list[Note]:
    """The notes of a pitched `track` of `tokens` [steps, 3], in order; a mask ends a note."""
    found: list[Note] = []
    column = np.append(tokens[:, track], OFF)
    told = np.flatnonzero(column != HOLD)
    onset = token = HOLD
    for step, event in zip(told.tolist(), column[told].tolist(), strict=True):
        if token >= FIRST_ONSET:
            found.append(Note(onset, step - onset, pitch_of(token)))
        onset, token = step, event if event < SIZES[track] else OFF
    return found


def drum_hits(tokens: Tokens) -> list[tuple[int, int]]:
    """(step, drum class) of every hit in `tokens` [steps, 3]; masked cells hold none."""
    column = tokens[:, Track.DRUMS]
    struck = np.flatnonzero((column != HOLD) & (column != MASK[Track.DRUMS])).tolist()
    return [(step, int(drum)) for step in struck for drum in drums_of(int(column[step]))]


def monophonic(played: Iterable[Note], steps: int) -> NDArray[np.int64]:
    """Notes that may overlap -> one pitched column [steps]; the highest wins (thesis 4.2).

    A note that starts while a higher one sounds is not heard, and no onset is made when the
    higher one is lifted off it. Notes outside 0..`steps` are cut; a length of 0 becomes 1.
    """
    column = np.zeros(steps, np.int64)
    end, pitch = 0, -1
    latest = -1
    for onset, length, new_pitch in sorted(played, key=lambda note: (note.onset, -note.pitch)):
        if not 0 <= onset < steps or onset == latest:
            continue
        if onset < end and new_pitch < pitch:
            continue
        if pitch >= 0 and end < onset:
            column[end] = OFF
        column[onset] = onset_token(new_pitch)
        latest, pitch, end = onset, new_pitch, onset + max(1, length)
    if pitch >= 0 and end < steps:
        column[end] = OFF
    return column
