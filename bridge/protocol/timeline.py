"""Beats <-> seconds: a value."""

from dataclasses import dataclass

BEATS_PER_BAR = 4
GRACE_S = 0.030  # some DAWs send the first note before START, or before the end of a loop


@dataclass(frozen=True, slots=True)
class Timeline:
    """The straight line on which beat `at_beat` sounds at `at_s`, at `tempo_bpm`.

    Beats are quarter notes of the song, seconds are monotonic. ValueError where the tempo is
    not above 0.
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
