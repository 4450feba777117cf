import sys
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge import command
from schmubert.bridge.clock.link_clock import LinkClock, LinkState
from schmubert.bridge.clock.transport import REST_BEATS
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.timeline import Timeline
from tests.bridge.clock.players import note_on


@dataclass
class Session:
    """A session on one line, that plays from `starts_s` on."""

    line: Timeline
    starts_s: float | None = None

    def at(self, now: float) -> LinkState:
        return LinkState(self.line.tempo_bpm, self.line.beats(now), self.starts_s)


def run(clock: LinkClock, from_s: float, to_s: float) -> None:
    for milliseconds in range(round(from_s * 1000), round(to_s * 1000)):
        clock.tick(milliseconds / 1000.0, idle=True)


@given(
    before=st.floats(-1000.0, 1000.0), tempo_bpm=st.floats(30.0, 300.0), start=st.floats(1.0, 9.0)
)
def test_the_bars_are_those_of_the_session(before: float, tempo_bpm: float, start: float) -> None:
    """Law: the beat here and in the session are the same modulo a bar, from bar 1 on."""
    session = Session(Timeline(before, 0.0, tempo_bpm), start)
    clock = LinkClock(session)
    for tenths in range(120):
        now = tenths / 10.0
        clock.tick(now, idle=True)
        assert clock.transport.rolling == (now >= start)
        assert (clock.armed_s is not None) == (now < start)
        if now >= start:
            here, there = clock.transport.timeline.beats(now), session.line.beats(now)
            assert (here - there + 2.0) % 4.0 - 2.0 == pytest.approx(0.0, abs=0.001)
            assert -0.051 <= clock.transport.timeline.beats(start) < 4.0
    assert clock.transport.passage == 1


def test_a_change_of_tempo_is_followed_at_once() -> None:
    session = Session(Timeline(0.0, 0.0, 120.0), 0.0)
    clock = LinkClock(session)
    run(clock, 0.0, 2.0)
    session.line = Timeline(session.line.beats(2.0), 2.0, 90.0)
    run(clock, 2.0, 3.0)
    assert clock.transport.timeline.tempo_bpm == 90.0
    assert clock.transport.timeline.beats(3.0) == pytest.approx(5.5)
    assert clock.transport.passage == 1


def test_another_session_joined_is_a_jump_to_its_place_in_the_bar() -> None:
    session = Session(Timeline(0.0, 0.0, 120.0), 0.0)
    clock = LinkClock(session)
    run(clock, 0.0, 2.75)
    session.line = Timeline(801.0, 2.75, 120.0)
    run(clock, 2.75, 2.76)
    assert clock.transport.passage == 2
    assert clock.transport.timeline.beats(2.75) == pytest.approx(5.0)


def test_without_shared_start_the_first_note_starts_and_a_long_rest_ends() -> None:
    clock = LinkClock(Session(Timeline(7.0, 0.0, 120.0)))
    run(clock, 0.0, 1.0)
    assert not clock.transport.rolling
    clock.note(note_on(1.0))
    assert clock.transport.rolling
    assert clock.transport.timeline.beats(1.0) == pytest.approx(1.0)
    rest_s = 1.0 + REST_BEATS / 2.0
    run(clock, 1.0, rest_s)
    assert clock.transport.rolling
    run(clock, rest_s, rest_s + 0.1)
    assert not clock.transport.rolling


def test_the_session_stops_and_starts_it_again() -> None:
    session = Session(Timeline(0.0, 0.0, 120.0), 0.0)
    clock = LinkClock(session)
    run(clock, 0.0, 3.0)
    session.starts_s = None
    run(clock, 3.0, 4.0)
    assert not clock.transport.rolling
    assert clock.transport.timeline.at_beat == pytest.approx(6.0)
    session.starts_s = 5.0
    run(clock, 4.0, 5.1)
    assert clock.transport.rolling
    assert clock.transport.passage == 2
    assert clock.transport.timeline.beats(5.0) == pytest.approx(2.0)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPorts(MemoryPorts):
        def __init__(self, *_: object) -> None:
            super().__init__()
            self.named: list[str] = []

    monkeypatch.setattr(command, "MidiPorts", NoPorts)
    monkeypatch.setitem(sys.modules, "link", None)
    words = ["--in", "Keys", "--out", "Bass", "--sync", "link"]
    result = CliRunner().invoke(command.bridge_command, words)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        "Error: --sync link needs a library: pip install LinkPython-extern"
    )
