"""Chord charts as text -> the chord of each beat. No NumPy: the owner reads it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from schmubert.engine.music.chord_names import NO_CHORD
from schmubert.engine.music.chord_symbols import ChordSymbol, symbol_named
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.spelling import ACCIDENTALS, LETTERS, MINOR_THIRD, plain
from schmubert.engine.writing import obstacle

PITCH_CLASSES = 12
KEY = re.compile(r"([A-Ga-g])([#b]?) ?(m|min|minor|maj|major)?")
ROOT_WEIGHT = 1.5
"""Of the root, or the bass note after a slash, against 1 of the other notes of a chord."""
NOTHING = ("-", "N.C.", "N.C", "NC", "n.c.", "nc")
MOST_BYTES = 1 << 16
"""Of a chart: more bars than any song has, and few enough to be handed on at once."""
AGAIN, REMARK, HEADING = "%", "#", "["
COMMA = re.compile(r",(?![^()]*\))")
"""Between two chords of a bar; one in parentheses, as in `C7(b9,b13)`, parts none."""

BeatWeights: TypeAlias = tuple[float, ...]
"""For each pitch class [12], 0 to `ROOT_WEIGHT`: how much it belongs to the chord of a beat."""


def chart_beats(text: str, meter: Meter = COMMON) -> tuple[BeatWeights, ...]:
    """A chord chart, beat by beat of `meter`: bar after bar, `Am F C G7/B`; `Am,F` is two in a bar.

    Chords are written as `chord_symbols.py` reads them. `%` is the bar before once more, `-` or
    `N.C.` a bar without chord, `|` and line ends part bars too. Lines that begin with `#` are
    remarks, and those in brackets, as `[Verse]`, headings. ValueError names the bar that cannot be
    read, and its line where there are several.
    """
    return tuple(_weights(chord) for chord in _chords(text, meter))


def chart_tokens(text: str, meter: Meter = COMMON) -> tuple[int, ...]:
    """The same as chords of a plan: of each beat the nearest that the model has, or `NO_CHORD`."""
    return tuple(chord.token if chord else NO_CHORD for chord in _chords(text, meter))


def chart_names(text: str, meter: Meter = COMMON) -> tuple[str, ...]:
    """What the chords are called, beat by beat, as they are written; empty where there is none."""
    return tuple("" if name in NOTHING else name for bar in _bars(text, meter) for name in bar)


def chart_words(names: Sequence[str], meter: Meter = COMMON) -> str:
    """The chart whose `chart_names` are `names`, of whole bars: a word a bar of `meter`."""
    words: list[str] = []
    before = ""
    for first in range(0, len(names), meter.beats):
        chords = [name or NOTHING[0] for name in names[first : first + meter.beats]]
        for parts in (one for one in range(1, meter.beats) if meter.beats % one == 0):
            length = meter.beats // parts
            fewer = chords[::length]
            if chords == [name for name in fewer for _ in range(length)]:
                chords = fewer
                break
        word = ",".join(chords)
        words.append(AGAIN if word == before else word)
        before = word
    return " ".join(words)


def _bars(text: str, meter: Meter | None) -> list[list[str]]:
    """The chords of a chart, bar by bar and beat by beat; without a metre chord by chord."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"a chart of more than {MOST_BYTES:,} bytes is too long")
    bars: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip().startswith((REMARK, HEADING)):
            continue
        for word in line.replace("|", " ").split():
            try:
                bars.append(_bar(word, bars, meter))
            except ValueError as error:
                place = f"line {number}, " if len(lines) > 1 else ""
                raise ValueError(f"{place}bar {len(bars) + 1}: {error}") from error
    if not bars:
        raise ValueError('a chart needs chords, as in "Am F C G"')
    return bars


def chart_text(words: str) -> str:
    """`words`, or what the file says that `@FILE` names; ValueError where that is no chart."""
    text = words
    if words.startswith("@"):
        if words == "@":
            raise ValueError("@ alone names no file: write @song.txt, or the chords")
        try:
            with Path(words[1:]).open("rb") as file:
                text = file.read(MOST_BYTES + 1).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{words[1:]} is no chart in UTF-8: save it as that") from error
        except OSError as error:
            if (said := obstacle(Path(words[1:]), error)) is not None:
                raise ValueError(f"the chart: {said}") from error
            raise ValueError(f"cannot read the chart {words[1:]}: {error.strerror}") from error
        except ValueError as error:  # a name that no file can have
            raise ValueError(f"cannot read the chart {words[1:]!r}: {error}") from error
    if words:
        try:
            _bars(text, None)
        except ValueError as error:
            if _is_file(words):
                raise ValueError(f"{words} is a file: write @{words} to read it") from error
            raise
    return text


def _is_file(words: str) -> bool:
    try:
        return Path(words).is_file()
    except (OSError, ValueError):  # too long, or what no name can be
        return False


def key_named(name: str) -> int:
    """The tonic of `name`, a pitch class: that of the major key with its notes, 0 for C and Am."""
    read = KEY.fullmatch(plain(name))
    if read is None:
        raise ValueError(f"{name!r} is no key: write C, Am, F#, Bbm or any")
    tonic = LETTERS[read[1].upper()] + ACCIDENTALS[read[2]]
    minor = read[3] in ("m", "min", "minor")
    return (tonic + (MINOR_THIRD if minor else 0)) % PITCH_CLASSES


def _bar(word: str, before: Sequence[list[str]], meter: Meter | None) -> list[str]:
    """The chords of a bar, beat by beat, without a metre one by one; `before` are those before."""
    if word == AGAIN:
        if not before:
            raise ValueError(f"a chart cannot begin with {AGAIN}: there is no bar before")
        return before[-1]
    chords = COMMA.split(word)
    for name in chords:
        _chord(name)
    if meter is None:
        return chords
    if meter.beats % len(chords):
        *fewer, most = (str(one) for one in range(1, meter.beats + 1) if meter.beats % one == 0)
        has = f"{', '.join(fewer)} or {most}"
        raise ValueError(f"{word!r} has {len(chords)} chords: a bar of {meter} has {has}")
    return [chord for chord in chords for _ in range(meter.beats // len(chords))]


def _chords(text: str, meter: Meter) -> list[ChordSymbol | None]:
    return [_chord(name) for bar in _bars(text, meter) for name in bar]


def _chord(name: str) -> ChordSymbol | None:
    return None if name in NOTHING else symbol_named(name)


def _weights(chord: ChordSymbol | None) -> BeatWeights:
    weights = [0.0] * PITCH_CLASSES
    if chord is not None:
        for step in chord.tones:
            weights[(chord.root + step) % PITCH_CLASSES] = 1.0
        weights[chord.bass] = ROOT_WEIGHT
    return tuple(weights)
