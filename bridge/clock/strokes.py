"""The player's notes -> strokes, notes that begin together: when, and how heavy they sound."""

from dataclasses import dataclass, field
from math import log2

from schmubert.bridge.protocol.messages import Heard
from schmubert.engine.music.vocabulary import Track

CHORD_S = 0.040
"""What begins within this is one stroke: a chord, rolled a little, or both hands."""
LOW = 50
"""Below D3 a note is one of the bass."""
CHORD = 3
KICKS, SNARES = (35, 36), (38, 40)
NOTES, BASS, LOUD = 0.25, 0.5, 0.8
"""What twice as many notes, a bass note, and twice as loud as usual count for, in nats: about half
of what they tell on POP909, since one passage against the beat is not to outweigh all before it.
"""
MOST = 1.5
AS_USUAL = 0.1


@dataclass(slots=True)
class Stroke:
    """Notes that begin together; velocities are against the player's mean."""

    heard: list[Heard] = field(default_factory=list)
    loud: float = 1.0

    @property
    def first_s(self) -> float:
        """When the first note of it began."""
        return self.heard[0].at_s

    @property
    def at_s(self) -> float:
        """When it sounds: the mean of its notes."""
        return sum(heard.at_s for heard in self.heard) / len(self.heard)

    @property
    def low(self) -> bool:
        """Whether a bass note or a bass drum is in it."""
        return any(map(_low, self.heard))

    @property
    def downbeat(self) -> bool:
        """Whether a bar may begin with it: a bass note, or a chord."""
        return self.low or len(self.heard) >= CHORD

    @property
    def heavy(self) -> float:
        """How much it sounds like a beat, in nats."""
        snare = any(h.role == Track.DRUMS and h.pitch in SNARES for h in self.heard)
        notes = NOTES * log2(len(self.heard)) + BASS * (self.low or snare)
        return notes + LOUD * (self.loud - 1.0)


class Strokes:
    """Collects notes into strokes."""

    def __init__(self) -> None:
        self.all: list[Stroke] = []
        self._mean_velocity = self._usual = 0.0

    def add(self, heard: Heard) -> bool:
        """Take in a note; whether a new stroke begins with it."""
        begins = not self.all or heard.at_s - self.all[-1].first_s > CHORD_S
        if not self.all:
            self._mean_velocity = heard.velocity
        if begins:
            if self.all:
                self._usual += AS_USUAL * (self.all[-1].heavy - self._usual)
            self.all.append(Stroke())
        stroke = self.all[-1]
        stroke.heard.append(heard)
        loudest = max(h.velocity for h in stroke.heard)
        stroke.loud = loudest / self._mean_velocity
        if begins:
            self._mean_velocity += AS_USUAL * (heard.velocity - self._mean_velocity)
        if len(self.all) == 1:
            self._usual = stroke.heavy
        return begins

    @property
    def weight(self) -> float:
        """How much heavier the latest stroke is than those before, in nats."""
        return min(max(self.all[-1].heavy - self._usual, -MOST), MOST)

    def forget(self) -> None:
        """Keep the latest stroke only."""
        del self.all[:-1]


def _low(heard: Heard) -> bool:
    if heard.role == Track.DRUMS:
        return heard.pitch in KICKS
    return heard.role == Track.BASS or heard.pitch < LOW
