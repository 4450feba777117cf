"""Chords that are written down or held -> the pitch classes that the band leans to in each beat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.guides import PITCH_CLASSES
from schmubert.engine.music.score import BEATS_PER_BAR

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "mmaj7": (0, 3, 7, 11),
    "9": (0, 2, 4, 7, 10),
    "maj9": (0, 2, 4, 7, 11),
    "m9": (0, 2, 3, 7, 10),
    "add9": (0, 2, 4, 7),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "sus": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "7b9": (0, 1, 4, 7, 10),
    "7#9": (0, 3, 4, 7, 10),
    "13": (0, 4, 7, 9, 10),
    "6/9": (0, 2, 4, 7, 9),
}
SPELLINGS = {
    "maj": "",
    "M": "",
    "min": "m",
    "-": "m",
    "M7": "maj7",
    "min7": "m7",
    "-7": "m7",
    "m7-5": "m7b5",
    "o": "dim",
    "o7": "dim7",
    "+": "aug",
    "69": "6/9",
}
CHORD = re.compile(r"([A-G])([#b]?)(6/9|[^/]*)(?:/([A-G])([#b]?))?")
ROOT_WEIGHT = 1.5
"""Of the root, or the bass note after a slash, against 1 of the other notes of a chord."""
NOTHING = ("-", "N.C.", "NC")
AGAIN, REMARK, HEADING = "%", "#", "["
HELD_BEATS = BEATS_PER_BAR
"""So many beats ahead a held chord leads the band, less and less."""

Weights = NDArray[np.float64]
"""For each pitch class [12], 0 to `ROOT_WEIGHT`: how much it belongs to a chord."""


@dataclass(frozen=True)
class Chart:
    """The chords of a song, [beats, 12] `Weights`, over and over from bar 1 on."""

    weights: Weights

    def at(self, beat: float) -> Weights:
        """The chord in `beat` of the song, counted from 0; before it, the first one."""
        return np.asarray(self.weights[max(0, int(beat)) % len(self.weights)])


def chart(text: str) -> Chart:
    """A chord chart: a bar after the other, `Am F C G7/B`; two in a bar as `Am,F`, up to four.

    `%` is the bar before once more, `-` or `N.C.` a bar without chord, `|` and line ends part bars
    too. Lines that begin with `#` are remarks, and those in brackets, as `[Verse]`, headings.
    ValueError names what cannot be read, and its line where there are several.
    """
    bars: list[Weights] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip().startswith((REMARK, HEADING)):
            continue
        try:
            for word in line.replace("|", " ").split():
                bars.append(_bar(word, bars))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}" if len(lines) > 1 else str(error)) from error
    if not bars:
        raise ValueError('a chart needs chords, as in "Am F C G"')
    return Chart(np.concatenate(bars))


def _bar(word: str, before: Sequence[Weights]) -> Weights:
    """The chords of a bar [beats, 12]; `before` are the bars before it."""
    if word == AGAIN:
        if not before:
            raise ValueError(f"a chart cannot begin with {AGAIN}: there is no bar before")
        return before[-1]
    chords = [_chord(name) for name in word.split(",")]
    if BEATS_PER_BAR % len(chords):
        raise ValueError(f"{word!r} has {len(chords)} chords: a bar has 1, 2 or 4")
    return np.repeat(np.stack(chords), BEATS_PER_BAR // len(chords), axis=0)


def _chord(name: str) -> Weights:
    weights = np.zeros(PITCH_CLASSES)
    if name in NOTHING:
        return weights
    read = CHORD.fullmatch(name)
    quality = None if read is None else SPELLINGS.get(read[3], read[3])
    if read is None or quality not in QUALITIES:
        raise ValueError(f"{name!r} is no chord known here: write Am, F#m7, Bbmaj7, Gsus4 or C/E")
    root = (LETTERS[read[1]] + ACCIDENTALS[read[2]]) % PITCH_CLASSES
    weights[[(root + step) % PITCH_CLASSES for step in QUALITIES[quality]]] = 1.0
    bass = root if read[4] is None else LETTERS[read[4]] + ACCIDENTALS[read[5]]
    weights[bass % PITCH_CLASSES] = ROOT_WEIGHT
    return weights


def biases(
    nats: float,
    song_beats: Sequence[float],
    written: Chart | None,
    held: Weights,
    held_until: int,
) -> bytes:
    """The `harmony` of a request whose window has `song_beats`, one for each of its beats.

    Where a chart is `written` it says which chord is whose; else what is `held` leads in the beats
    before `held_until` of the window, and less and less in the `HELD_BEATS` after. Empty where
    nothing leads.
    """
    weights = np.zeros((len(song_beats), PITCH_CLASSES))
    if written is not None:
        weights[:] = [written.at(beat) for beat in song_beats]
    else:
        ahead = np.arange(len(song_beats)) - held_until
        weights[:] = (1.0 - np.clip(ahead / HELD_BEATS, 0.0, 1.0))[:, None] * held
    if nats == 0.0 or not weights.any():
        return b""
    return (nats * weights).astype("<f4").tobytes()
