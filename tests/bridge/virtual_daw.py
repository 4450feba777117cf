"""A DAW in virtual time: what it sends, when it arrives, and where its music truly is."""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.protocol import bytes as protocol
from schmubert.bridge.protocol.bytes import CLOCKS_PER_QUARTER, Send, song_position
from schmubert.bridge.protocol.messages import Event, Moved, Play

CLOCK, START = bytes((protocol.CLOCK,)), bytes((protocol.START,))
CONTINUE, STOP = bytes((protocol.CONTINUE,)), bytes((protocol.STOP,))


def on_time(at_s: float) -> float:
    """A message that arrives when it is sent."""
    return at_s


@dataclass
class Daw:
    """Writes `script`, (arrival, message) in the order sent; `places` is the truth.

    `per_beat` is what its song positions count: 4 a beat, or 24 as Ardour does.
    """

    tempo_bpm: float = 120.0
    arrival: Callable[[float], float] = on_time
    per_beat: int = 4
    now: float = 10.0
    script: list[tuple[float, bytes]] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    """(seconds, beat there) of every start and jump."""

    @property
    def period_s(self) -> float:
        return 60.0 / CLOCKS_PER_QUARTER / self.tempo_bpm

    def send(self, *messages: bytes) -> "Daw":
        """Send `messages`: they arrive together, and never before what was sent before."""
        at_s = self.arrival(self.now)
        if self.script:
            at_s = max(at_s, self.script[-1][0])
        self.script += [(at_s, message) for message in messages]
        return self

    def clocks(self, count: int) -> "Daw":
        """Send clocks a period apart, the first now."""
        for _ in range(count):
            self.send(CLOCK)
            self.now += self.period_s
        return self

    def start(self) -> "Daw":
        """Start at beat 0, with the next clock."""
        self.places.append((self.now, 0.0))
        return self.send(START)

    def jump(self, beat: float, style: str) -> "Daw":
        """Go on at `beat` with the next clock, told in one of STYLES."""
        self.places.append((self.now, beat))
        where = song_position(round(beat * self.per_beat))
        words = {"stop": STOP, "position": where, "continue": CONTINUE}
        return self.send(*(words[word] for word in style.split(", ")))

    def beat(self, at_s: float) -> float:
        """Where the music truly is at `at_s`."""
        index = bisect_right(self.places, (at_s, math.inf)) - 1
        since_s, beat = self.places[index]
        return beat + (at_s - since_s) * self.tempo_bpm / 60.0


STYLES = ("stop, position, continue", "position, continue", "position")


class BarCaller:
    """A brain that commits, two beats ahead, a note on every beat: its pitch is the bar."""

    LOWEST = 24
    AHEAD_BEATS = 2

    def __init__(self, role: int, bar_beats: int = 4) -> None:
        self.role = role
        self.bar_beats = bar_beats
        self.passage = -1
        self.until = 0

    def moved(self, moved: Moved) -> list[Play]:
        """What it commits as the music gets to `moved`."""
        if not moved.rolling:
            return []
        if moved.passage != self.passage:
            self.passage, self.until = moved.passage, math.ceil(moved.at_beat - 1e-3)
        plays = []
        while self.until < moved.at_beat + self.AHEAD_BEATS:
            beat, pitch = float(self.until), self.LOWEST + self.until // self.bar_beats
            events = (Event(beat, pitch, 90), Event(beat + 0.8, pitch, 0))
            plays.append(Play(self.passage, self.role, beat, beat + 1.0, events))
            self.until += 1
        return plays


def play_to(
    daw: Daw, owner: Owner, brain: BarCaller, poll_s: float = 0.02
) -> list[tuple[float, bytes]]:
    """Run `owner` and `brain` on what `daw` sends; returns (when, message) of all it sent."""
    sent: list[tuple[float, bytes]] = []
    waiting = list(daw.script)[::-1]
    now = waiting[-1][0]

    def do(actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Tell):
                if isinstance(action.message, Moved):
                    for play in brain.moved(action.message):
                        do(owner.take(play))
            elif isinstance(action, Send):
                sent.append((now, action.message))

    while waiting:
        do(owner.tick(now))
        while waiting and waiting[-1][0] <= now:
            at_s, message = waiting.pop()
            do(owner.receive(at_s, 0, message))
        next_s = max(owner.next_s(now), now + 1e-6)
        now = min(next_s, now + poll_s, waiting[-1][0] if waiting else now)
    do(owner.finish())
    return sent
