"""The chord that the band takes to be sounding, as text: `Am`, or `Am 71%` where it is a guess."""

from math import floor

from schmubert.bridge.protocol.controls import ANY_KEY
from schmubert.bridge.protocol.events import Happening
from schmubert.bridge.protocol.messages import Answered, Charted, Control, InKey
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.chart import BeatWeights, chart_beats, chart_names
from schmubert.engine.music.chord_names import FIRST_CHORD, SUFFIXES, SURE, chord_name
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import CHORD_TOKENS

EPSILON = 1e-6


class Spelling:
    """How chords are written: as in the player's chart, else in the key; `see` what happens."""

    def __init__(self) -> None:
        self._meter = COMMON
        self.tonic: int | None = None
        """Of the key that the band is held to, a pitch class."""
        self.heard_tonic: int | None = None
        """Of the key that it hears and leans to."""
        self.chart: tuple[str, ...] = ()
        """The player's chart, a name for each beat of the song, over and over; maybe none."""
        self._weights: tuple[BeatWeights, ...] = ()

    def see(self, what: Happening) -> None:
        """Take in what happened."""
        if isinstance(what, Settings):
            self._meter = what.meter
            self._write(what.chords)
            for control in what.turned:
                self._turn(control)
        elif isinstance(what, Charted):
            self._write(what.text)
        elif isinstance(what, Control):
            self._turn(what)
        elif isinstance(what, InKey):
            self.heard_tonic = what.tonic

    def name(self, token: int, sure: int, beat: int) -> str:
        """What the chord of `token` is called in `beat`; only one that is `SURE` is a chart's.

        A new chart holds from a downbeat on: a chord of another root may be of the one before.
        """
        if self.chart and sure == SURE:
            at = max(0, beat) % len(self.chart)
            if self._weights[at][(token - FIRST_CHORD) // len(SUFFIXES)]:
                return self.chart[at]
        return chord_name(token, self.heard_tonic if self.tonic is None else self.tonic)

    def _write(self, chart: str) -> None:
        self.chart = chart_names(chart, self._meter) if chart else ()
        self._weights = chart_beats(chart, self._meter) if chart else ()

    def _turn(self, control: Control) -> None:
        if control.name == "key":
            tonic = int(control.value) - ANY_KEY - 1
            self.tonic = tonic if tonic >= 0 else None


def chord_at(answered: Answered, beat: float, spelling: Spelling) -> str:
    """The chord of `beat` by `answered`, or the first where that is still to come; maybe none."""
    began = floor(answered.from_beat + EPSILON)
    place = max(0, floor(beat + EPSILON) - began)
    if not place < len(answered.chords) == len(answered.sure):
        return ""
    token, sure = answered.chords[place], answered.sure[place]
    if not FIRST_CHORD <= token < CHORD_TOKENS:
        return ""
    name = spelling.name(token, sure, began + place)
    return name if sure == SURE else f"{name} {100 * sure // SURE}%"
