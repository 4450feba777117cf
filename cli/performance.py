"""A melody as a sequencer sends it, and what a band answered: MIDI messages <-> scores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from schmubert.engine.music.meter import CLOCKS_PER_QUARTER, COMMON, Meter
from schmubert.engine.music.score import (
    Note,
    Score,
    canonical,
    monophonic,
    notes,
    silence,
)
from schmubert.engine.music.vocabulary import DRUM_PITCH, Drum, Track, drum_token

CLOCK, START, STOP = b"\xf8", b"\xfa", b"\xfc"
COUNT_IN_CLOCKS = 2 * CLOCKS_PER_QUARTER
"""Clocks before Start, as a DAW's that run while it stands: the tempo is known at once."""
PLAYER_VELOCITY = 96

Sent = tuple[float, int, bytes]
"""(second, port, message)."""


@dataclass(frozen=True)
class Beat:
    """The grid of a performance: the second of its beat 0, its tempo in quarters, and its metre."""

    zero_s: float
    tempo_bpm: float
    meter: Meter = COMMON

    @property
    def step_s(self) -> float:
        """Seconds in a cell of the metre."""
        return 60.0 / self.tempo_bpm / float(self.meter.steps_per_quarter)

    def step(self, at_s: float) -> int:
        """The cell nearest to second `at_s`."""
        return round((at_s - self.zero_s) / self.step_s)


def count_in_s(tempo_bpm: float) -> float:
    """From the first clock of `script` to beat 0, in seconds."""
    return COUNT_IN_CLOCKS * 60.0 / tempo_bpm / CLOCKS_PER_QUARTER


def script(score: Score, tempo_bpm: float) -> list[Sent]:
    """The melody of `score` on input 0, with MIDI clock, Start at beat 0 and Stop at its end.

    At one instant a note's end comes first, then the clock, then the next note.
    """
    clock_s = 60.0 / tempo_bpm / CLOCKS_PER_QUARTER
    zero_s = count_in_s(tempo_bpm)
    beat = Beat(zero_s, tempo_bpm, score.meter)
    clocks = COUNT_IN_CLOCKS + score.bars * score.meter.clocks_per_bar
    ordered = [(clock * clock_s, 1, CLOCK) for clock in range(clocks)]
    ordered += [(zero_s - clock_s / 2, 0, START), (clocks * clock_s, 1, STOP)]
    for onset, length, pitch in notes(score.tokens, Track.MELODY):
        begins_s, ends_s = (zero_s + step * beat.step_s for step in (onset, onset + length))
        loud = PLAYER_VELOCITY + (8 if onset % score.meter.steps == 0 else 0)
        ordered += [(begins_s, 2, bytes((0x90, pitch, loud))), (ends_s, 0, bytes((0x80, pitch, 0)))]
    return [(at_s, 0, message) for at_s, _, message in sorted(ordered, key=lambda one: one[:2])]


def answered(sent: Iterable[Sent], roles: Sequence[Track], beat: Beat, score: Score) -> Score:
    """`score` and, on the grid, what a band `sent` to it. Output k is that of `roles[k]`.

    Notes that still sound are taken to sound to the end.
    """
    tokens = silence(score.bars, meter=score.meter).tokens.copy()
    tokens[:, Track.MELODY] = score.tokens[:, Track.MELODY]
    messages = list(sent)
    for port, role in enumerate(roles):
        own = [(beat.step(at_s), message) for at_s, index, message in messages if index == port]
        if role is Track.DRUMS:
            for step, pitch in _struck(own):
                if pitch in DRUM_PITCH and 0 <= step < score.steps:
                    tokens[step, role] |= drum_token([Drum(DRUM_PITCH.index(pitch))])
        else:
            tokens[:, role] = monophonic(_played(own, score.steps), score.steps)
    return Score(canonical(tokens), beat.tempo_bpm, score.meter)


def _struck(messages: Iterable[tuple[int, bytes]]) -> list[tuple[int, int]]:
    return [(step, data[1]) for step, data in messages if data[0] & 0xF0 == 0x90 and data[2]]


def _played(messages: Iterable[tuple[int, bytes]], steps: int) -> list[Note]:
    found: list[Note] = []
    sounding: dict[int, int] = {}
    for step, (status, pitch, loud) in messages:
        if status & 0xE0 != 0x80:  # neither a note-on nor a note-off
            continue
        onset = sounding.pop(pitch, None)
        if onset is not None:
            found.append(Note(onset, step - onset, pitch))
        if status & 0x10 and loud:
            sounding[pitch] = step
    return found + [Note(onset, steps - onset, pitch) for pitch, onset in sounding.items()]


def repeated(score: Score, bars: int | None = None) -> Score:
    """The melody of `score` from its first sounding bar on: over and over for `bars`, or once.

    ValueError where there is none.
    """
    played = notes(score.tokens, Track.MELODY)
    if not played:
        raise ValueError("there is no melody to play")
    first = played[0].onset // score.meter.steps
    last = (played[-1].onset + played[-1].length - 1) // score.meter.steps
    melody = score.window(first, last + 1 - first).tokens[:, Track.MELODY]
    length = last + 1 - first if bars is None else bars
    tokens = silence(length, meter=score.meter).tokens.copy()
    tokens[:, Track.MELODY] = np.resize(melody, len(tokens))
    return Score(canonical(tokens), score.tempo_bpm, score.meter)
