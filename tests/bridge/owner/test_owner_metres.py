"""The port owner in other metres: a DAW that loops by whole bars, and what it is told."""

import random

import pytest

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.owner.actions import Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.protocol.messages import Moved, Say
from schmubert.bridge.protocol.roles import Part, rig
from schmubert.engine.music.meter import CLOCKS_PER_QUARTER, Meter
from schmubert.engine.music.vocabulary import Track
from tests.bridge.metres import METERS
from tests.bridge.virtual_daw import STYLES, BarCaller, Daw, play_to

RIG = rig([Part("DAW", Track.MELODY)], [Part("Bass", Track.BASS, 0)], None)
JITTER_S = 256 / 48000


def owner(meter: Meter, unit: PositionUnit = PositionUnit.SIXTEENTHS) -> Owner:
    return owner_of(RIG, Timing(unit=unit), (), meter)


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize("per_beat", [4, 24])
@pytest.mark.parametrize("style", STYLES)
def test_a_loop_of_bars_plays_no_wrong_bar(style: str, per_beat: int, meter: Meter) -> None:
    rng = random.Random(3)
    bar = meter.clocks_per_bar / CLOCKS_PER_QUARTER  # in quarters, which a DAW counts
    daw = Daw(160.0, lambda at_s: at_s + rng.random() * JITTER_S, per_beat)
    daw.clocks(48).start().clocks(2 * meter.clocks_per_bar)
    for _ in range(12):
        daw.jump(bar, style).clocks(meter.clocks_per_bar)
    unit = PositionUnit.CLOCKS if per_beat == 24 else PositionUnit.SIXTEENTHS
    made = owner(meter, unit)
    sent = play_to(daw, made, BarCaller(int(Track.BASS), meter.beats))
    struck = [
        (at_s, message[1] - BarCaller.LOWEST)
        for at_s, message in sent
        if message[0] & 0xF0 == 0x90 and message[2]
    ]
    first_jump_s = daw.places[1][0] + JITTER_S
    for at_s, number in struck:
        if at_s > first_jump_s:
            assert number * bar - 0.01 <= daw.beat(at_s) < (number + 1) * bar
    assert len(struck) >= meter.beats * (2 + 12) - 1
    assert made.scheduler.dropped == 0


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_places_and_tempi_are_said_as_players_say_them(meter: Meter) -> None:
    made = owner(meter)
    daw = Daw(120.0).clocks(48).start().clocks(3 * meter.clocks_per_bar + 1)
    daw.jump(5.0 * meter.clocks_per_bar / CLOCKS_PER_QUARTER, "position").clocks(30)
    said, moved = [], []
    for at_s, message in daw.script:
        for action in [*made.receive(at_s, 0, message), *made.tick(at_s)]:
            if isinstance(action, Say):
                said.append(action.text)
            elif isinstance(action, Tell) and isinstance(action.message, Moved):
                moved.append(action.message)
    assert said[0] == "started at bar 1, beat 1, 120.0 BPM"
    assert "jumped to bar 6, beat 1, 120.0 BPM" in said[1:]
    assert [one.at_beat for one in moved if one.passage == 1][: 3 * meter.beats] == pytest.approx(
        range(3 * meter.beats), abs=1e-3
    )
