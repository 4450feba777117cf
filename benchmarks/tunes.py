"""Eight melodies to accompany: traditional ones that anybody may print, and some made for this.

Bars stand between `|`. A note is its name and its length in cells, 16ths in all of these metres:
`F#4:4` is a quarter, and `-:2` a rest of an eighth.
"""

from dataclasses import dataclass

import numpy as np

from schmubert.engine.music.meter import COMMON, COMPOUND_CLOCKS, TRIPLET, Meter
from schmubert.engine.music.pitches import pitch_named
from schmubert.engine.music.score import Score, canonical
from schmubert.engine.music.vocabulary import HOLD, OFF, TRIO, Track, onset_token

REST = "-"
WALTZ, SIX_EIGHT = Meter(3), Meter(2, TRIPLET, COMPOUND_CLOCKS)
TWELVE_EIGHT, FIVE_FOUR = Meter(4, TRIPLET, COMPOUND_CLOCKS), Meter(5)


@dataclass(frozen=True)
class Tune:
    """A melody: its `title` and `origin`, its `bars` in text, its tempo in quarters a minute.

    `told` are the options with which a band hears of it, beside its notes.
    """

    title: str
    origin: str
    meter: Meter
    tempo_bpm: float
    bars: str
    told: tuple[str, ...] = ()

    def score(self) -> Score:
        """The melody alone; ValueError where a bar is too long or too short, or a note is none."""
        column: list[int] = []
        for number, bar in enumerate(self.bars.strip().rstrip("|").split("|"), start=1):
            sounding = [event for word in bar.split() for event in _events(word)]
            if len(sounding) != self.meter.steps:
                raise ValueError(
                    f"bar {number} of {self.title} has {len(sounding)} cells,"
                    f" {self.meter} has {self.meter.steps}: {bar.strip()}"
                )
            column += sounding
        tokens = np.full((len(column), len(TRIO)), HOLD)
        tokens[:, Track.MELODY] = column
        return Score(canonical(tokens), self.tempo_bpm, self.meter)


TUNES = (
    Tune(
        "Ode to Joy",
        "Beethoven, 1824",
        COMMON,
        116.0,
        """
        F#4:4 F#4:4 G4:4 A4:4 | A4:4 G4:4 F#4:4 E4:4 | D4:4 D4:4 E4:4 F#4:4 | F#4:6 E4:2 E4:8 |
        F#4:4 F#4:4 G4:4 A4:4 | A4:4 G4:4 F#4:4 E4:4 | D4:4 D4:4 E4:4 F#4:4 | E4:6 D4:2 D4:8 |
        E4:4 E4:4 F#4:4 D4:4 | E4:4 F#4:2 G4:2 F#4:4 D4:4 |
        E4:4 F#4:2 G4:2 F#4:4 E4:4 | D4:4 E4:4 A3:8 |
        F#4:4 F#4:4 G4:4 A4:4 | A4:4 G4:4 F#4:4 E4:4 | D4:4 D4:4 E4:4 F#4:4 | E4:6 D4:2 D4:8
        """,
    ),
    Tune(
        "Greensleeves",
        "traditional, England, 16th century",
        SIX_EIGHT,
        120.0,
        """
        -:10 A4:2 |
        C5:4 D5:2 E5:3 F5:1 E5:2 | D5:4 B4:2 G4:3 A4:1 B4:2 |
        C5:4 A4:2 A4:3 G#4:1 A4:2 | B4:4 G#4:2 E4:4 A4:2 |
        C5:4 D5:2 E5:3 F5:1 E5:2 | D5:4 B4:2 G4:3 A4:1 B4:2 |
        C5:3 B4:1 A4:2 G#4:3 F#4:1 G#4:2 | A4:6 A4:6 |
        G5:6 G5:3 F#5:1 E5:2 | D5:4 B4:2 G4:3 A4:1 B4:2 |
        C5:4 A4:2 A4:3 G#4:1 A4:2 | B4:4 G#4:2 E4:6 |
        G5:6 G5:3 F#5:1 E5:2 | D5:4 B4:2 G4:3 A4:1 B4:2 |
        C5:3 B4:1 A4:2 G#4:3 F#4:1 G#4:2 | A4:12
        """,
    ),
    Tune(
        "Amazing Grace",
        "traditional, North America, 1829",
        WALTZ,
        96.0,
        """
        -:8 D4:4 |
        G4:8 B4:2 G4:2 | B4:8 A4:4 | G4:8 E4:4 | D4:8 D4:4 |
        G4:8 B4:2 G4:2 | B4:8 A4:4 | D5:12 | D5:8 B4:4 |
        D5:8 B4:2 G4:2 | B4:8 A4:4 | G4:8 E4:4 | D4:8 D4:4 |
        G4:8 B4:2 G4:2 | B4:8 A4:4 | G4:12 | G4:8 -:4
        """,
    ),
    Tune(
        "The Irish Washerwoman",
        "traditional jig, Ireland, 18th century",
        SIX_EIGHT,
        168.0,
        """
        B4:2 G4:2 G4:2 D4:2 G4:2 G4:2 | B4:2 G4:2 B4:2 D5:2 C5:2 B4:2 |
        C5:2 A4:2 A4:2 E4:2 A4:2 A4:2 | C5:2 A4:2 C5:2 E5:2 D5:2 C5:2 |
        B4:2 G4:2 G4:2 D4:2 G4:2 G4:2 | B4:2 G4:2 B4:2 D5:2 C5:2 B4:2 |
        C5:2 B4:2 C5:2 A4:2 D5:2 C5:2 | B4:2 G4:2 G4:2 G4:4 -:2 |
        G5:2 D5:2 G5:2 G5:2 D5:2 G5:2 | G5:2 D5:2 G5:2 B5:2 A5:2 G5:2 |
        F#5:2 D5:2 F#5:2 F#5:2 D5:2 F#5:2 | F#5:2 D5:2 F#5:2 A5:2 G5:2 F#5:2 |
        E5:2 G5:2 G5:2 D5:2 G5:2 G5:2 | C5:2 G5:2 G5:2 B4:2 G5:2 G5:2 |
        C5:2 B4:2 C5:2 A4:2 D5:2 C5:2 | B4:2 G4:2 G4:2 G4:6
        """,
    ),
    Tune(
        "A waltz",
        "made for this page",
        WALTZ,
        150.0,
        """
        C5:8 A4:4 | F4:8 A4:4 | G4:4 Bb4:4 D5:4 | C5:12 |
        D5:8 Bb4:4 | G4:8 Bb4:4 | A4:4 C5:4 F5:4 | E5:8 C5:4 |
        F5:8 E5:4 | D5:8 C5:4 | Bb4:4 D5:4 F5:4 | E5:8 D5:4 |
        C5:4 D5:4 E5:4 | F5:8 D5:4 | C5:4 A4:4 G4:4 | F4:12
        """,
    ),
    Tune(
        "A slow blues",
        "made for this page",
        TWELVE_EIGHT,
        99.0,
        """
        -:6 A4:2 C5:2 D5:2 E5:6 D5:2 C5:2 A4:2 | C5:4 A4:8 -:12 |
        -:6 A4:2 C5:2 D5:2 E5:4 G5:2 E5:2 D5:2 C5:2 | A4:12 -:12 |
        -:6 A4:2 C5:2 D5:2 D5:6 C5:2 A4:2 F#4:2 | A4:4 C5:8 -:12 |
        -:6 C#5:2 D5:2 E5:2 G5:6 E5:2 C#5:2 A4:2 | E4:4 G4:2 A4:6 -:12 |
        -:6 B4:2 D5:2 E5:2 G#5:6 E5:2 D5:2 B4:2 | A4:4 C5:2 D5:6 C5:2 A4:2 F#4:2 A4:6 |
        C#5:4 A4:2 G4:2 E4:2 G4:2 A4:12 | -:12 E4:4 G4:2 A4:6
        """,
        ("--chords", "A7 D7 A7 A7 D7 D7 A7 A7 E7 D7 A7 E7"),
    ),
    Tune(
        "A line in 16ths",
        "made for this page",
        COMMON,
        100.0,
        """
        E4:2 G4:1 A4:1 B4:4 -:2 D5:2 B4:2 A4:2 | G4:3 E4:3 -:2 D4:2 E4:6 |
        A4:2 C5:1 D5:1 E5:4 -:2 D5:2 C5:2 A4:2 | B4:3 G4:3 -:2 F#4:2 B4:6 |
        E4:2 G4:1 A4:1 B4:4 -:2 D5:2 B4:2 A4:2 | G4:3 E4:3 -:2 D4:2 E4:6 |
        C5:4 B4:2 A4:2 G4:4 F#4:4 | E4:10 -:6 |
        E4:2 G4:1 A4:1 B4:4 -:2 D5:2 B4:2 A4:2 | G4:3 E4:3 -:2 D4:2 E4:6 |
        A4:2 C5:1 D5:1 E5:4 -:2 D5:2 C5:2 A4:2 | B4:3 G4:3 -:2 F#4:2 B4:6 |
        E4:2 G4:1 A4:1 B4:4 -:2 D5:2 E5:4 | G5:3 E5:3 -:2 D5:2 B4:2 A4:4 |
        C5:4 B4:2 A4:2 G4:4 F#4:4 | E4:10 -:6
        """,
        ("--style", "funk"),
    ),
    Tune(
        "A line in five",
        "made for this page",
        FIVE_FOUR,
        140.0,
        """
        D4:6 F4:2 A4:4 C5:8 | B4:6 A4:2 G4:4 A4:8 | D4:6 F4:2 A4:4 D5:8 |
        C5:4 B4:4 A4:4 G4:4 E4:4 |
        D4:6 F4:2 A4:4 C5:8 | B4:6 A4:2 G4:4 A4:8 | D4:6 F4:2 A4:4 D5:8 |
        C5:4 B4:4 A4:4 G4:4 E4:4 |
        F4:6 G4:2 A4:4 F4:4 D4:4 | E4:6 F4:2 G4:4 E4:4 C4:4 |
        F4:4 A4:4 D5:4 C5:4 A4:4 | A4:12 G4:4 A4:4 |
        D4:6 F4:2 A4:4 C5:8 | B4:6 A4:2 G4:4 A4:8 |
        F4:6 G4:2 A4:4 F4:4 D4:4 | D4:20
        """,
    ),
)


def _events(word: str) -> list[int]:
    """The tokens of a note or a rest; ValueError where `word` is neither."""
    name, _, length = word.partition(":")
    if not length.isdecimal() or int(length) < 1:
        raise ValueError(f"{word!r} is no note with a length in cells, as F#4:4")
    begins = OFF if name == REST else onset_token(pitch_named(name))
    return [begins] + [HOLD] * (int(length) - 1)
