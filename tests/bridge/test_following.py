"""A band that follows a player without a click: owner, brain and engine in virtual time."""

import math
from collections.abc import Sequence
from itertools import pairwise

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.owner.actions import Action as Decided
from schmubert.bridge.owner.actions import Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.protocol.bytes import NOTE_ON, Send, begins_note, ends_note
from schmubert.bridge.protocol.messages import Moved, Play, Say, Silence
from schmubert.bridge.protocol.roles import Part, rig
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import Track
from tests.bridge.brain.virtual_stage import Action, Engine, Stage, pulse
from tests.bridge.clock.players import PATTERNS, beats_at, playing

RIG = rig(
    [Part("Keys", Track.MELODY)],
    [Part("Bass", Track.BASS, 0), Part("Drums", Track.DRUMS, 9)],
    None,
)
LOOKS_S = 0.008
DRUMS = 1
"""The output of the drums."""


class Band(Stage):
    """A real owner before the real conductor; it looks every few milliseconds."""

    def __init__(self, timing: Timing) -> None:
        settings = Settings(plays=(Track.BASS, Track.DRUMS))
        super().__init__(settings, Engine(lambda _: 0.03, pulse(40)), welcome=False)
        self.owner.forgives_s = math.inf  # the player may hurry
        self.port = owner_of(RIG, timing)
        self.sent: list[tuple[float, Send]] = []
        self.at(0.0, self.engine.welcome)

    def play(self, notes: Sequence[tuple[float, bytes]], until_s: float) -> "Band":
        coming = sorted(notes)
        while self.now < until_s:
            self.now += LOOKS_S
            self.do(self.port.tick(self.now))
            while coming and coming[0][0] <= self.now:
                at_s, message = coming.pop(0)
                self.do(self.port.receive(at_s, 0, message))
            self.run(self.now)
        return self

    def do(self, actions: Sequence[Decided]) -> None:
        for action in actions:
            if isinstance(action, Send):
                self.sent.append((self.now, action))
            elif isinstance(action, Tell):
                message = action.message
                if isinstance(message, Moved):
                    if message.rolling and message.passage != self.owner.passage:
                        self.owner.begin(message.passage, self.now)
                    line = Timeline(message.at_beat, message.at_s, message.tempo_bpm)
                    self.owner.timeline = line
                self.act(self.conductor.receive(message, self.now))
            elif isinstance(action, Say):
                self.said.append((self.now, action.text))

    def act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            super().act([action])
            if isinstance(action, Play | Silence):
                self.do(self.port.take(action))

    def kicks(self) -> list[float]:
        return [
            at_s for at_s, send in self.sent if send.port == DRUMS and begins_note(send.message)
        ]

    def hanging(self) -> set[tuple[int, int]]:
        sounding = set()
        for _, send in self.sent:
            if begins_note(send.message):
                sounding.add((send.port, send.message[1]))
            elif ends_note(send.message):
                sounding.discard((send.port, send.message[1]))
        return sounding


def keys(beats: Sequence[float], pattern: str, off_s: float = 0.006) -> list[tuple[float, bytes]]:
    """The messages of a player, each note short."""
    found = []
    for heard in playing(beats, PATTERNS[pattern], off_s):
        found.append((heard.at_s, bytes((NOTE_ON, heard.pitch, heard.velocity))))
        found.append((heard.at_s + 0.09, bytes((NOTE_ON, heard.pitch, 0))))
    return found


def test_the_band_is_in_time_with_a_player_who_drifts() -> None:
    """Law: from its entry on a downbeat it plays on every beat of the player's, and none else."""
    beats = beats_at([104.0 * (1.0 + 0.06 * math.sin(n / 9)) for n in range(30)])
    band = Band(Timing(104.0, sync=Sync.FOLLOW)).play(keys(beats, "a tune"), beats[-1])
    kicks = band.kicks()
    first = min(range(len(beats)), key=lambda n: abs(beats[n] - kicks[0]))
    assert first in (4, 8), "it listens for a bar, and comes in on a downbeat"
    expected = beats[first : first + len(kicks)]
    assert len(expected) >= len(beats) - first - 1
    off_ms = sorted(1000 * abs(a - b) for a, b in zip(kicks, expected, strict=True))
    assert off_ms[len(off_ms) * 9 // 10] <= 20.0
    assert off_ms[-1] <= 35.0
    assert min(after - before for before, after in pairwise(kicks)) > 0.4
    band.do(band.port.finish())
    assert not band.hanging()


def test_a_player_who_stops_ends_the_band_and_begins_anew() -> None:
    beats = beats_at([150.0] * 12)
    later = beats_at([120.0] * 8, beats[-1] + 16.0)
    notes = [*keys(beats, "eighths"), *keys(later, "eighths")]
    band = Band(Timing(130.0, sync=Sync.FOLLOW)).play(notes, later[-1])
    texts = [text for _, text in band.said]
    assert sum("you rest, so I wait" in text for text in texts) == 1
    assert sum(text.startswith("stopped at") for text in texts) == 1
    assert sum(text.startswith("started at bar 1, beat 1") for text in texts) == 2
    assert not [at_s for at_s in band.kicks() if beats[-1] + 8.0 < at_s < later[0]]
    again = [at_s for at_s in band.kicks() if at_s > later[0]]
    assert min(abs(again[0] - later[n]) for n in (4, 8)) <= 0.025
    band.do(band.port.finish())
    assert not band.hanging()
