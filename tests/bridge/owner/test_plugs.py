"""Ports of others that vanish and come back: the band goes on, and nothing hangs."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.owner.assembly import owner_of as assembled
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.port_names import find, meant, short_name
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.bytes import song_position as position
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.messages import (
    Event,
    Heard,
    Neighbour,
    Patch,
    Pedal,
    Play,
    Plugged,
    Server,
)
from schmubert.bridge.protocol.surface import binding
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.verify import verify_session
from tests.bridge.owner.test_owner import (
    CLOCK,
    CONTINUE,
    MELODY,
    RIG,
    STOP,
    TICK_S,
    note,
    owner_of,
    said,
    start,
    told,
)
from tests.bridge.session.sessions import Whim, kept, whims

DAW_GONE, DAW_BACK = Plugged(True, 0, False), Plugged(True, 0, True)
ARDOUR = Neighbour("ardour:MIDI Clock out")
BASS_GONE, BASS_BACK = Plugged(False, 0, False), Plugged(False, 0, True)


def test_what_a_keyboard_held_when_it_vanished_is_let_go() -> None:
    owner = owner_of()
    start(owner)
    owner.receive(10.5, 0, note(60))
    owner.receive(10.5, 1, note(36, channel=9))
    actions = owner.plugged(DAW_GONE, 11.0)
    assert told(actions) == [Heard(11.0, MELODY, 60, 0)]
    assert said(actions) == "'DAW' is gone: I go on, and look for it"
    assert told(owner.plugged(DAW_GONE, 11.1)) == []
    assert said(owner.plugged(DAW_BACK, 12.0)) == "'DAW' is back"
    assert said(owner_of().plugged(DAW_BACK, 12.0)) == "'DAW' is there now"


def test_a_pedal_that_was_down_when_its_keyboard_vanished_is_up() -> None:
    owner = owner_of()
    start(owner)
    owner.receive(10.5, 0, b"\xb0\x40\x7f")
    assert told(owner.restart_brain(10.6))[-1] == Pedal(10.5, MELODY, True)
    assert told(owner.plugged(DAW_GONE, 11.0)) == [Pedal(11.0, MELODY, False)]
    assert told(owner.plugged(DAW_GONE, 11.1)) == []


@pytest.mark.parametrize("gone", [DAW_GONE, Patch(True, 0, "Other"), Server("JACK", False)])
def test_a_pad_that_was_held_when_its_port_vanished_is_let_go(
    gone: Plugged | Patch | Server,
) -> None:
    pad, down, up = binding("reroll", "note:36"), Control("reroll", 1.0), Control("reroll", 0.0)
    owner = assembled(replace(RIG, bindings=(pad,)), Timing())

    def goes() -> list[object]:
        if isinstance(gone, Plugged):
            return told(owner.plugged(gone, 11.0))
        return told(
            owner.patched(gone, 11.0) if isinstance(gone, Patch) else owner.server(gone, 11.0)
        )

    assert told(owner.receive(10.5, 0, note(36))) == [down]
    assert goes() == [up]
    assert goes() == []
    owner.receive(12.0, 0, note(36))
    assert told(owner.receive(12.1, 0, note(36, 0))) == [up]
    assert goes() == []


def test_a_synthesiser_that_comes_back_is_silent_first() -> None:
    owner = owner_of()
    start(owner)
    owner.take(Play(owner.clock.transport.passage, 1, 1.0, 2.0, (Event(1.0, 40, 90),)))
    assert [action for action in owner.tick(10.52) if isinstance(action, Send)]
    assert owner.plugged(BASS_GONE, 10.7)
    back = [action for action in owner.plugged(BASS_BACK, 11.0) if isinstance(action, Send)]
    # its own note-off too, which was sent to nobody: some hardware does not know the others
    assert [send.message[:2] for send in back] == [b"\x80\x28", b"\xb0\x7b", b"\xb0\x78"]
    assert {send.port for send in back} == {0}


def test_a_synthesiser_whose_cable_was_made_again_is_silent_first() -> None:
    """Its note-off went nowhere while the audio server, or it, was away."""
    owner = owner_of()
    start(owner)
    owner.take(Play(owner.clock.transport.passage, 1, 1.0, 2.0, (Event(1.0, 40, 90),)))
    assert [action for action in owner.tick(10.52) if isinstance(action, Send)]
    actions = owner.plugged(BASS_BACK, 11.0)
    assert b"\x80\x28" in [one.message[:2] for one in actions if isinstance(one, Send)]
    assert said(actions) == "'Bass' is connected again"


def test_a_session_in_which_ports_come_and_go_proves_itself(tmp_path: Path) -> None:
    plugs = [
        *((0.0, ARDOUR), (1.0, DAW_GONE)),
        *((2.5, DAW_BACK), (3.0, BASS_GONE), (4.5, BASS_BACK)),
    ]
    rng = random.Random(4)
    _, seen, recording = kept(tmp_path, whims(4), lambda: Whim(rng, float("inf")), plugs=plugs)
    assert [one.what for one in seen if isinstance(one.what, Neighbour | Plugged)] == [
        what for _, what in plugs
    ]
    assert recording.folder is not None
    log = Log(recording.folder)
    assert verify_session(log.session, log).difference is None


def test_when_the_system_ends_what_is_held_is_let_go_and_all_is_ended_when_it_is_back() -> None:
    owner = owner_of()
    start(owner)
    owner.receive(10.5, 0, note(60))
    gone = owner.server(Server("JACK", False), 11.0)
    assert told(gone) == [Heard(11.0, MELODY, 60, 0)]
    assert said(gone) == "JACK is gone: I go on, and look for it"
    back = owner.server(Server("JACK", True), 13.0)
    assert said(back) == "JACK is back, and so are my ports"
    assert {action.port for action in back if isinstance(action, Send)} == set(
        range(len(RIG.outputs))
    )


def test_where_ardour_is_positions_are_taken_for_clocks_until_one_tells() -> None:
    owner = owner_of()
    assert "'ardour:MIDI Clock out' is there" in said(owner.daw_found(ARDOUR))
    owner.receive(9.0, 0, position(24 * 8))
    owner.receive(9.0, 0, CONTINUE)
    for tick in range(13):
        owner.receive(9.0 + tick * TICK_S, 0, CLOCK)
    assert owner.clock.transport.timeline.beats(9.0) == pytest.approx(8.0)
    owner.receive(12.0, 0, STOP)
    owner.receive(12.0, 0, position(4 * 9))  # no quarter in clocks: another DAW sends this
    owner.receive(12.0, 0, CONTINUE)
    owner.receive(12.0, 0, CLOCK)
    assert owner.clock.transport.timeline.beats(12.0) == pytest.approx(9.0)


def test_a_unit_that_was_given_is_kept_where_ardour_is() -> None:
    owner = Owner(RIG, Clock(unit=PositionUnit.SIXTEENTHS), Scheduler(RIG.plays))
    assert owner.daw_found(ARDOUR) == []
    assert owner.clock.unit is PositionUnit.SIXTEENTHS


def test_the_shortest_name_that_is_found() -> None:
    known = ["A:in 20:0", "B:in 21:0", "C:out 22:0", "A:in 23:0"]
    assert short_name(known[2], known, "alsa") == "out"
    assert short_name(known[1], known, "alsa") == "B:in"
    assert short_name(known[0], known, "alsa") == known[0]
    assert all(find(short_name(full, known, "alsa"), known, "alsa") == full for full in known)


def test_a_name_that_is_nearly_one_is_asked_about() -> None:
    known = ["Midi Through:Midi Through Port-0 14:0", "KeyLab:KeyLab 49 20:0"]
    assert meant("Keylab 49", known, "alsa") == "; did you mean 'KeyLab 49', which is there?"
    assert meant("KEYLAB", known, "alsa") == "; did you mean 'KeyLab 49', which is there?"
    assert meant("KeyLab 49", ["KeyLab:KeyLab 49 20:0"], "alsa") == ""
    twins = ["loopMIDI Port 0", "loopMIDI Port 1 1"]
    assert meant("loopMIDI", twins, "windows") == (
        "; did you mean 'loopMIDI Port' or 'loopMIDI Port 1', which are there?"
    )


def test_a_name_that_is_none_is_told_which_there_are() -> None:
    known = ["Midi Through:Midi Through Port-0 14:0", "KeyLab:KeyLab 49 20:0"]
    assert meant("Bass", known, "alsa") == "; there are 'Midi Through Port-0' and 'KeyLab 49'"
    assert meant("Bass", known[:1], "alsa") == "; there are 'Midi Through Port-0'"
    assert meant("Bass", [], "alsa") == ""
    many = meant("Bass", [f"Synth:in {number}" for number in range(9)], "jack")
    assert many.endswith("'in 3', 'in 4' and 4 more (see `schmubert ports`)")
