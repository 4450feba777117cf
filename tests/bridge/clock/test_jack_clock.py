"""JACK's transport is followed: its place, tempo and bars, in virtual time."""

import random
from dataclasses import dataclass, replace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge import command
from schmubert.bridge.clock.jack_clock import Bars, JackClock, JackState, JackTransport
from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.owner.actions import Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.jack_transport import BARS_VALID, _bars, _Position
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.midi_system import NoMidiError
from schmubert.bridge.protocol.messages import Moved, Say
from schmubert.bridge.protocol.roles import Part, rig
from schmubert.engine.music.meter import COMMON, meter_of
from schmubert.engine.music.vocabulary import Track

CYCLE_S = 256 / 48000
RIG = rig([Part("Keys", Track.MELODY)], [Part("Bass", Track.BASS, 0)], None)


@dataclass
class Server(JackTransport):
    """A server that rolls from `since_s` on, where it stood at `song_s`; it tells once a cycle."""

    tempo_bpm: float = 120.0
    since_s: float | None = None
    song_s: float = 0.0
    bars: bool = True
    there: bool = True
    off_s: float = 0.0
    """How far off a cycle may be told."""

    def __post_init__(self) -> None:
        self._rng, self._told = random.Random(1), JackState(0.0, 0.0, False)

    def at(self, now: float) -> JackState | None:
        if not self.there:
            return None
        cycle_s = now // CYCLE_S * CYCLE_S
        rolling = self.since_s is not None and cycle_s >= self.since_s
        song_s = self.song_s + (cycle_s - (self.since_s or 0.0) if rolling else 0.0)
        bars = Bars(song_s * self.tempo_bpm / 60.0, self.tempo_bpm) if self.bars else None
        told = JackState(cycle_s, song_s, rolling, False, bars)
        if replace(self._told, at_s=cycle_s) != told:
            off_s = self._rng.uniform(-self.off_s, self.off_s)
            self._told = replace(told, at_s=cycle_s + off_s)
        return self._told


def run(clock: JackClock, from_s: float, to_s: float) -> None:
    for milliseconds in range(round(from_s * 1000), round(to_s * 1000)):
        clock.tick(milliseconds / 1000.0, idle=True)


@settings(max_examples=20)
@given(tempo_bpm=st.floats(40.0, 240.0), bar=st.integers(0, 40), master=st.booleans())
def test_the_bars_are_those_of_the_server(tempo_bpm: float, bar: int, master: bool) -> None:
    """Law: wherever it starts, the beat is that of the server, and one start is one passage."""
    server = Server(tempo_bpm, 0.2, bar * 240.0 / tempo_bpm, bars=master)
    clock = JackClock(server, tempo_bpm)
    run(clock, 0.18, 0.206)
    assert clock.transport.timeline.at_beat == 4.0 * bar, "a start is told on its beat"
    run(clock, 0.206, 0.3)
    transport = clock.transport
    assert (transport.passage, transport.rolling) == (1, True)
    assert transport.timeline.beats(0.2) == pytest.approx(4.0 * bar, abs=0.001)
    server.since_s = None
    run(clock, 0.3, 0.32)
    assert not clock.transport.rolling
    assert not clock.lost


def test_a_tempo_and_a_jump_are_followed_at_once_and_jitter_hardly() -> None:
    server = Server(120.0, 0.0, off_s=0.002)
    clock = JackClock(server, 100.0)
    run(clock, 0.0, 4.0)
    assert clock.transport.timeline.beats(4.0) == pytest.approx(8.0, abs=0.002)
    server.since_s, server.song_s = 4.0, 40.0
    run(clock, 4.0, 4.1)
    assert clock.transport.passage == 2
    assert clock.transport.timeline.beats(4.0) == pytest.approx(80.0, abs=0.01)
    server.tempo_bpm, server.song_s = 150.0, 32.0
    run(clock, 4.1, 5.0)
    assert clock.transport.passage == 2
    assert clock.transport.timeline.tempo_bpm == 150.0


def test_a_server_that_ends_is_said_and_the_music_holds() -> None:
    server = Server(120.0, 0.0)
    owner = owner_of(RIG, Timing(sync=Sync.JACK), jack=lambda: server)
    said, lost = [], []
    for milliseconds in range(2500):
        server.there = milliseconds < 1500 or milliseconds >= 2000
        for action in owner.tick(milliseconds / 1000.0):
            if isinstance(action, Say):
                said.append(action.text)
            elif isinstance(action, Tell) and isinstance(action.message, Moved):
                lost.append(action.message.lost)
    assert said == [
        "started at bar 1, beat 1, 120.0 BPM",
        "the clock is gone: I hold at bar 1, beat 4, and go on when it is back",
        "started at bar 2, beat 1, 120.0 BPM",
    ]
    assert sum(lost) == 1


def test_what_a_timebase_master_says_is_read_in_quarters() -> None:
    meter = meter_of(6, 8)
    assert meter is not None
    said = _Position(valid=BARS_VALID, bar=3, beat=4, tick=960, beats_per_bar=6.0, beat_type=8.0)
    assert _bars(said) is None, "no tempo"
    said.ticks_per_beat, said.beats_per_minute = 1920.0, 180.0
    assert _bars(said) == Bars(7.75, 90.0)
    clock = JackClock(Server(90.0, 0.0), 120.0, meter)
    run(clock, 0.0, 0.1)
    assert clock.transport.timeline.tempo_bpm == pytest.approx(60.0)
    said.valid = 0
    assert _bars(said) is None
    assert JackClock(Server(), 120.0, COMMON).rules == "JACK"


def test_without_a_server_a_player_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPorts(MemoryPorts):
        def __init__(self, *_: object) -> None:
            super().__init__()
            self.named: list[str] = []

    def none_runs() -> None:
        raise NoMidiError("--sync jack: no JACK server runs; start JACK or PipeWire first")

    monkeypatch.setattr("schmubert.bridge.owner.jack_transport.JackServer", none_runs)
    monkeypatch.setattr(command, "MidiPorts", NoPorts)
    words = ["--in", "Keys", "--out", "Bass", "--sync", "jack", "--headless"]
    told = CliRunner().invoke(command.bridge_command, words)
    assert told.exit_code == 1
    assert told.output.splitlines()[-1].startswith("Error: --sync jack: no JACK server runs")
