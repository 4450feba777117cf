"""A player who waits in vain for the band is asked once for what is missing."""

import pytest

from schmubert.bridge.owner.actions import Action
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.protocol import Event, Play, Rig, input_part, output_part, rig
from tests.bridge.owner.test_owner import TICK_S, note, owner_of, said, start
from tests.bridge.virtual_daw import CLOCK


def of(*inputs: str) -> Rig:
    return rig([input_part(one) for one in inputs], [output_part("Bass")], None)


def go_on(owner: Owner, first: int, last: int) -> list[Action]:
    """Clocks `first` to `last` after `start`."""
    actions: list[Action] = []
    for number in range(first, last):
        actions += owner.receive(10.0 + number * TICK_S, 0, CLOCK)
        actions += owner.tick(10.0 + number * TICK_S)
    return actions


def test_notes_that_nothing_tells_the_time_of() -> None:
    owner = owner_of()
    owner.receive(10.0, 0, note(60))
    assert said(owner.tick(10.9)) == ""
    assert "MIDI clock and Start on 'DAW', or give --tempo" in said(owner.tick(11.1))
    owner.receive(12.0, 0, note(62))
    assert said(owner.tick(20.0)) == "", "it is asked once"


def test_a_clock_that_never_starts() -> None:
    """A DAW that played already when the bridge came sends clocks, and no Start."""
    owner = owner_of()
    actions: list[Action] = []
    for number in range(500):
        at_s = 10.0 + number * TICK_S
        actions += owner.receive(at_s, 0, CLOCK)
        if number in (48, 96, 300):
            actions += owner.receive(at_s, 0, note(60))
        actions += owner.tick(at_s)
    assert said(actions).count("but no Start") == 1
    assert "start it again" in said(actions)
    owner = owner_of()
    assert "no Start" not in said(start(owner, clocks=200)), "it started"


def test_music_that_nobody_plays_to() -> None:
    owner = owner_of(of("Keys"))
    assert "no note has come on 'Keys' yet" in said(start(owner, clocks=200))
    assert "no note" not in said(go_on(owner, 200, 400))
    owner = owner_of(of("Keys"))
    actions = start(owner, clocks=40)
    owner.receive(11.0, 0, note(60))
    actions += go_on(owner, 40, 300)
    assert "no note" not in said(actions)
    owner = owner_of(of("Keys"))
    actions = start(owner, clocks=40)
    owner.take(Play(1, 1, 0.0, 8.0, (Event(0.0, 40, 90),)))
    assert "no note" not in said([*actions, *go_on(owner, 40, 300)]), "it plays by a chart"


@pytest.mark.parametrize(
    ("inputs", "channel", "asks"),
    [
        (("Keys:melody:3",), 0, "channel 1 of 'Keys', and I hear channel 3: --in 'Keys:melody:1'"),
        (("Keys:melody:1",), 4, "channel 5 of 'Keys', and I hear channel 1: --in 'Keys:melody:5'"),
        (("Keys:melody:1", "Keys:bass:2"), 4, "I hear channel 1 and 2"),
        (("Keys",), 9, "--in 'Keys:drums' hears one"),
    ],
)
def test_notes_on_a_channel_that_nobody_hears(
    inputs: tuple[str, ...], channel: int, asks: str
) -> None:
    owner = owner_of(of(*inputs))
    assert asks in said(owner.receive(10.0, 0, note(60, channel=channel)))
    assert owner.receive(11.0, 0, note(60, channel=channel)) == [], "it is asked once"


def test_knobs_are_no_players() -> None:
    plugged = rig([input_part("Keys")], [output_part("Bass")], None, knobs="Pads")
    assert owner_of(plugged).receive(10.0, 1, note(60, channel=9)) == []
