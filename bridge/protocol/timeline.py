"""Beats <-> seconds: a value."""

from dataclasses import dataclass
from math import floor

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.meter import USUAL_BPM as USUAL_BPM

GRACE_S = 0.030  # some DAWs send the first note before START, or before the end of a loop
NEARLY_BEATS = 1e-6  # a beat that falls short by less has come


@dataclass(frozen=True, slots=True)
class Timeline:
    """The straight line on which beat `at_beat` sounds at `at_s`, at `tempo_bpm`.

    Beats are those of the song's metre, dotted quarters in 6/8, and so is the tempo; seconds are
    monotonic. ValueError where the tempo is not above 0.
    """

    at_beat: float
    at_s: float
    tempo_bpm: float

    def __post_init__(self) -> None:
        if not self.tempo_bpm > 0.0:
            raise ValueError(f"tempo {self.tempo_bpm} BPM is not above 0")

    def beats(self, at_s: float) -> float:
        """The beat that sounds at `at_s`."""
        return self.at_beat + (at_s - self.at_s) * self.tempo_bpm / 60.0

    def seconds(self, beat: float) -> float:
        """When `beat` sounds."""
        return self.at_s + (beat - self.at_beat) * 60.0 / self.tempo_bpm


def place_named(beat: float, meter: Meter = COMMON) -> str:
    """`beat` of the song as players say it: bar 3, beat 2."""
    bar, in_bar = bar_and_beat(beat, meter)
    return f"bar {bar}, beat {in_bar}"


def bar_and_beat(beat: float, meter: Meter = COMMON) -> tuple[int, int]:
    """A beat of the song as players count: its bar, and the beat in that bar, both from 1."""
    bar, in_bar = divmod(max(0, floor(beat + NEARLY_BEATS)), meter.beats)
    return bar + 1, in_bar + 1
