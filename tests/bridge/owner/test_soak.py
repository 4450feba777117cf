"""Thousands of bars of whatever a DAW's transport can do, in virtual time.

Nothing drifts by more than a MIDI clock, no note is left, and the owner does not grow.
"""

import gc
import random
import sys

import pytest

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.owner.owner import Action, Owner, Tell
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import (
    CLOCKS_PER_16TH,
    Send,
    begins_note,
    ends_note,
    song_position,
)
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.roles import Part, rig
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import Track
from tests.bridge.virtual_daw import CLOCK, CONTINUE, START, STOP, BarCaller

RIG = rig([Part("DAW", Track.MELODY)], [Part("Bass", Track.BASS, 0)], None)
SONG_BARS = 64
CYCLE_S = 256 / 48000
STEADY_CLOCKS = 48  # after a change of tempo, before the line is asked about
LONGEST_BEATS = 2.0  # of a note of 0.8
GROWTH_BLOCKS = 190


class Soak:
    """A DAW whose clocks come with jitter, an owner and a brain; it counts what went wrong."""

    def __init__(self, meter: Meter, seed: int) -> None:
        self.rng = random.Random(seed)
        self.bar = meter.clocks_per_bar
        self.per_beat = meter.clocks
        clock = Clock(unit=PositionUnit.SIXTEENTHS, meter=meter)
        self.owner = Owner(RIG, clock, Scheduler(RIG.plays), meter=meter)
        self.brain = BarCaller(int(Track.BASS), meter.beats)
        self.now = self.heard_s = 10.0
        self.tempo_bpm = 120.0
        self.place = 0
        """Of the next clock, in clocks."""
        self.steady = 0
        self.bars = 0
        self.most_off = 0.0
        self.sounding: dict[int, float] = {}
        self.left: list[tuple[float, int]] = []
        self.note_ons = 0

    @property
    def period_s(self) -> float:
        return 60.0 / (24 * self.tempo_bpm)

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                self.sent(action.message)
            elif isinstance(action, Tell) and isinstance(action.message, Moved):
                moved = action.message
                for play in self.brain.moved(moved):
                    self.do(self.owner.take(play))

    def sent(self, message: bytes) -> None:
        if begins_note(message):
            self.note_ons += 1
            self.sounding[message[1]] = self.now
        elif ends_note(message):
            self.sounding.pop(message[1], None)

    def hear(self, *messages: bytes) -> None:
        self.heard_s = max(self.heard_s, self.now + self.rng.random() * CYCLE_S)
        for message in messages:
            self.do(self.owner.receive(self.heard_s, 0, message))

    def passes(self, seconds: float) -> None:
        """Time passes; the owner looks at it when something is due."""
        until_s = self.now + seconds
        while (due_s := self.owner.next_s(self.heard_s)) < until_s:
            self.heard_s = max(self.heard_s, due_s)
            self.do(self.owner.tick(self.heard_s))
            if self.owner.next_s(self.heard_s) <= due_s:
                break
        self.now = until_s
        self.heard_s = max(self.heard_s, self.now)
        self.do(self.owner.tick(self.heard_s))

    def clocks(self, count: int, rolling: bool = True) -> None:
        for _ in range(count):
            self.hear(CLOCK)
            if rolling:
                self.place += 1
                self.steady += 1
                if self.place % self.bar == 0:
                    self.bar_line()
            self.passes(self.period_s)

    def bar_line(self) -> None:
        self.bars += 1
        if self.steady > STEADY_CLOCKS:
            transport = self.owner.clock.transport
            assert transport.rolling
            true_s = self.now + self.period_s + CYCLE_S / 2
            off = transport.timeline.beats(true_s) * self.per_beat - self.place
            self.most_off = max(self.most_off, abs(off))
        longest_s = LONGEST_BEATS * 60.0 / self.tempo_bpm
        self.left += [(at_s, p) for p, at_s in self.sounding.items() if self.now - at_s > longest_s]

    def run(self) -> None:
        """One thing that a DAW does, and a few bars."""
        rng = self.rng
        what = rng.choice(("stop", "stop", "silence", "jump", "loop", "tempo", "ritardando", "on"))
        if what in ("stop", "silence"):
            self.hear(STOP)
            if what == "stop":
                self.clocks(rng.randrange(60), rolling=False)
            else:
                self.passes(rng.uniform(0.1, 4.0))
            assert not self.sounding, "a note is left after a stop"
            if rng.random() < 0.3:
                self.place = 0
                self.hear(START)
            elif rng.random() < 0.5:
                self.go_to(rng.randrange(SONG_BARS), song=True)
                self.hear(CONTINUE)
            else:
                self.go_to(self.place / self.bar, song=True)
                self.hear(CONTINUE)
        elif what == "jump":
            self.hear(STOP)
            self.go_to(rng.randrange(SONG_BARS), song=True)
            self.hear(CONTINUE)
        elif what == "loop":
            begin = rng.randrange(SONG_BARS)
            # a position a 16th away is none to go to: it may be where we are, rounded
            begin += abs(begin * self.bar - self.place) <= CLOCKS_PER_16TH
            for _ in range(rng.randrange(1, 4)):
                self.go_to(begin, song=True)
                self.clocks(2 * self.bar)
        elif what == "tempo":
            self.tempo_bpm = rng.uniform(60.0, 200.0)
            self.steady = 0
        elif what == "ritardando":
            for _ in range(self.bar):
                self.tempo_bpm = max(50.0, self.tempo_bpm * 0.998)
                self.steady = 0
                self.clocks(1)
        self.clocks(rng.randrange(1, 4) * self.bar + rng.choice((0, 0, 6, 17)))

    def go_to(self, bar: float, song: bool) -> None:
        """Tell where it goes on: positions are 16ths."""
        sixteenths = round(bar * self.bar / CLOCKS_PER_16TH)
        self.place = sixteenths * CLOCKS_PER_16TH
        if song:
            self.hear(song_position(sixteenths))


# the first run looks for what grows, so it is long; the others are of other bars
@pytest.mark.parametrize(
    ("meter", "bars"),
    [(Meter(2), 2000), (Meter(3), 400), (COMMON, 400)],
    ids=str,
)
def test_a_night_of_random_transport(meter: Meter, bars: int) -> None:
    soak = Soak(meter, bars)
    soak.hear(START)
    soak.clocks(4 * soak.bar)
    blocks = 0
    while soak.bars < bars:
        soak.run()
        if not blocks and soak.bars > bars / 5:
            gc.collect()
            blocks = sys.getallocatedblocks()
    gc.collect()
    grown = sys.getallocatedblocks() - blocks
    soak.do(soak.owner.finish())
    assert soak.most_off <= 1.0, f"{soak.most_off:.2f} clocks off"
    assert not soak.left
    assert not soak.sounding
    assert soak.note_ons > bars
    assert grown < GROWTH_BLOCKS, f"{grown} blocks more"
