"""MIDI clock, song positions, Link and tempi in other metres than 4/4.

A DAW counts quarters in every metre: 24 clocks, four 16ths of a song position, a beat of Link.
"""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from schmubert.bridge.clock.clock_out import ClockOut
from schmubert.bridge.clock.link_clock import LinkClock, LinkState
from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.clock.sync import Sync, time_keeper
from schmubert.bridge.clock.transport import PositionUnit, Transport
from schmubert.bridge.protocol.bytes import CLOCK, CONTINUE, SONG_POSITION, START, position_in
from schmubert.bridge.protocol.meters import in_quarters
from schmubert.bridge.protocol.timeline import Timeline, bar_and_beat
from schmubert.engine.music.meter import CLOCKS_PER_QUARTER, Meter
from tests.bridge.clock.players import note_on
from tests.bridge.metres import METERS
from tests.bridge.virtual_daw import CONTINUE as CONTINUES
from tests.bridge.virtual_daw import START as STARTS
from tests.bridge.virtual_daw import Daw, song_position

pytestmark = pytest.mark.parametrize("meter", METERS, ids=str)
QUARTERS_BPM = 126.0


def followed(daw: Daw, meter: Meter, unit: PositionUnit = PositionUnit.SIXTEENTHS) -> Clock:
    clock = Clock(unit=unit, meter=meter)
    for at_s, message in daw.script:
        clock.receive(at_s, message)
    return clock


def test_a_bar_of_clocks_is_a_bar(meter: Meter) -> None:
    daw = Daw(QUARTERS_BPM).clocks(48).send(STARTS).clocks(5 * meter.clocks_per_bar + 1)
    line = followed(daw, meter).transport.timeline
    latest_s = daw.script[-1][0]
    assert line.beats(latest_s) == pytest.approx(5.0 * meter.beats)
    assert in_quarters(line.tempo_bpm, meter) == pytest.approx(QUARTERS_BPM)
    assert bar_and_beat(line.beats(latest_s), meter) == (6, 1)


@pytest.mark.parametrize(
    ("unit", "clocks_each"), [(PositionUnit.SIXTEENTHS, 6), (PositionUnit.CLOCKS, 1)]
)
def test_a_song_position_leads_to_its_bar_line(
    meter: Meter, unit: PositionUnit, clocks_each: int
) -> None:
    bar = 7
    place = song_position(bar * meter.clocks_per_bar // clocks_each)
    daw = Daw(QUARTERS_BPM).clocks(48).send(place, CONTINUES).clocks(25)
    line = followed(daw, meter, unit).transport.timeline
    beat = line.beats(daw.script[-1][0])
    assert beat == pytest.approx(bar * meter.beats + 24 / meter.clocks)


def test_a_clock_that_is_sent_is_followed_in_step(meter: Meter) -> None:
    beats_bpm = QUARTERS_BPM * 24 / meter.clocks
    place = 3.0 * meter.beats
    transport = Transport(1, True, Timeline(place, 5.0, beats_bpm))
    sends = ClockOut(0, meter).due(8.0, transport)
    kinds = [one.message[0] for one in sends]
    assert kinds[:2] == [SONG_POSITION, CONTINUE]
    assert position_in(sends[0].message) * 6 == 3 * meter.clocks_per_bar
    clocks_s = [one.wanted_s for one in sends if one.message[0] == CLOCK]
    assert clocks_s[0] == pytest.approx(5.0)
    gaps = {round(b - a, 9) for a, b in pairwise(clocks_s) if a and b}
    assert gaps == {round(60.0 / CLOCKS_PER_QUARTER / QUARTERS_BPM, 9)}
    begun = ClockOut(0, meter).due(5.0, Transport(1, True, Timeline(0.0, 5.0, beats_bpm)))
    assert [one.message[0] for one in begun] == [START, CLOCK]


def test_a_tempo_of_ones_own_is_said_in_quarters(meter: Meter) -> None:
    for sync in (Sync.CLOCK, Sync.INTERNAL):
        keeper = time_keeper(sync, QUARTERS_BPM, PositionUnit.AUTO, meter)
        keeper.note(note_on(3.0))
        line = keeper.transport.timeline
        bar_s = meter.clocks_per_bar / CLOCKS_PER_QUARTER * 60.0 / QUARTERS_BPM
        assert line.beats(3.0 + bar_s) == pytest.approx(meter.beats)


@dataclass
class Session:
    """Link's own beats, which are quarters."""

    line: Timeline

    def at(self, now: float) -> LinkState:
        return LinkState(self.line.tempo_bpm, self.line.beats(now), 2.0)


def test_the_bars_of_link_are_those_of_the_metre(meter: Meter) -> None:
    session = Session(Timeline(-37.3, 0.0, QUARTERS_BPM))
    clock = LinkClock(session, meter)
    bar_quarters = meter.clocks_per_bar / CLOCKS_PER_QUARTER
    for tenths in range(21, 120):
        now = tenths / 10.0
        clock.tick(now, idle=True)
        here = clock.transport.timeline.beats(now)
        there = session.line.beats(now) % bar_quarters / bar_quarters * meter.beats
        assert here % meter.beats == pytest.approx(there, abs=1e-3)
    assert clock.transport.passage == 1
    assert in_quarters(clock.transport.timeline.tempo_bpm, meter) == pytest.approx(QUARTERS_BPM)
