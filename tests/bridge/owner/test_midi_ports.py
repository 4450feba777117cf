"""Ports on a MIDI system in memory: what is connected, what is made, what comes back."""

import time

import pytest

from schmubert.bridge.owner import midi_system
from schmubert.bridge.owner import ports as midi
from schmubert.bridge.owner.ports import MidiPorts, PortError, existing_ports
from schmubert.bridge.protocol.messages import Neighbour, Patch, Patchbay, Plugged, Server, Survey
from tests.bridge.owner.studio import Studio, StudioBackend, StudioWatch

KEYS, SYNTH, CLOCK = "Keyboard:Keys", "Synth:Bass", "ardour:MIDI Clock out"


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    made = Studio()
    for module in (midi, midi_system):
        monkeypatch.setattr(module, "backend", lambda: StudioBackend(made))
        monkeypatch.setattr(module, "first_that_answers", lambda _: "jack")
    monkeypatch.setattr(midi, "answers", lambda _: not made.gone)
    monkeypatch.setattr(midi, "watch", lambda _: StudioWatch(made))
    return made


def test_a_port_that_is_there_is_connected_to_and_another_is_made(studio: Studio) -> None:
    studio.sources.append(KEYS)
    ports = MidiPorts(["Keys"], ["Bass"])
    assert studio.cables == {"schmubert Keys": KEYS}
    assert studio.sources == [KEYS, "schmubert Bass:Bass"]
    assert ports.named == [
        "input 'Keys': connected to 'Keyboard:Keys'",
        "output 'Bass': a new port (as 'schmubert Bass:Bass')",
    ]


def test_closing_frees_every_port_and_client(studio: Studio) -> None:
    studio.destinations.append(SYNTH)
    ports = MidiPorts(["DAW Out"], ["Bass"])
    assert studio.clients == ["schmubert DAW Out", "schmubert Bass"]
    ports.close()
    assert (studio.clients, studio.cables) == ([], {})
    assert (studio.sources, studio.destinations) == ([], [SYNTH])


def test_own_output_is_not_heard_as_input(studio: Studio) -> None:
    ports = MidiPorts(["Loop"], ["Loop"])
    assert studio.cables == {}
    assert ports.look() == []
    assert studio.cables == {}


def test_what_cannot_be_opened_leaves_nothing_behind(studio: Studio) -> None:
    studio.sources += ["A:in", "B:in"]
    with pytest.raises(PortError, match="A:in, B:in"):
        MidiPorts(["in"], ["Bass"])
    assert studio.clients == []


def test_what_arrives_is_dated_in_monotonic_seconds_and_in_order(studio: Studio) -> None:
    ports = MidiPorts(["A", "B"], [])
    studio.queues = {
        "schmubert A": [(b"\xfa", 0.0), (b"\x90\x3c\x40", 0.0)],
        "schmubert B": [(b"\xf0\x01\xf7", 0.0)],
    }
    before = time.monotonic()
    polled = ports.poll()
    assert [(port, message) for _, port, message in polled] == [
        (0, b"\xfa"),
        (0, b"\x90\x3c\x40"),
        (1, b"\xf0\x01\xf7"),
    ]
    assert all(before <= at_s <= time.monotonic() for at_s, _, _ in polled)
    assert ports.poll() == []


def test_a_keyboard_that_is_pulled_out_is_heard_again_when_it_comes_back(studio: Studio) -> None:
    studio.sources.append(KEYS)
    ports = MidiPorts(["Keys"], ["Bass"])
    studio.sources.remove(KEYS)
    assert ports.look() == [Plugged(True, 0, False)]
    assert ports.look() == []
    studio.sources.append(KEYS)
    assert ports.look() == [Plugged(True, 0, True)]
    assert studio.cables == {"schmubert Keys": KEYS}
    assert ports.look() == []


def test_a_keyboard_that_comes_late_is_heard_beside_the_virtual_port(studio: Studio) -> None:
    ports = MidiPorts(["Keys"], ["Bass"])
    studio.sources += ["schmubert other:Keys", KEYS]
    assert ports.look() == [Plugged(True, 0, True)]
    assert studio.cables == {"schmubert Keys": KEYS}
    assert studio.destinations == ["schmubert Keys:Keys", "schmubert Keys-01:Keys"]


def test_a_keyboard_that_is_back_before_anybody_looked_is_connected_again(studio: Studio) -> None:
    studio.sources.append(KEYS)
    ports = MidiPorts(["Keys"], ["Bass"])
    assert ports.look() == []
    studio.cables.clear()  # its name is there, its cable went with it
    assert ports.look() == [Plugged(True, 0, False), Plugged(True, 0, True)]
    assert studio.cables == {"schmubert Keys": KEYS}
    assert ports.look() == []


def test_a_cable_that_was_never_seen_is_not_taken_for_cut(studio: Studio) -> None:
    """Where a system does not tell, ports are not closed and opened every second."""
    studio.sources.append(KEYS)
    ports = MidiPorts(["Keys"], ["Bass"])
    studio.cables.clear()
    assert ports.look() == []
    assert ports.look() == []


def test_after_the_system_ended_ports_and_cables_are_as_they_were(studio: Studio) -> None:
    studio.sources += [KEYS, "DAW:out"]
    studio.destinations.append("Synth:in")
    ports = MidiPorts(["Keys", "DAW In"], ["Bass"])
    ours = "schmubert DAW In:DAW In", "schmubert Bass:Bass"
    studio.others = {("DAW:out", ours[0]), (ours[1], "Synth:in")}
    assert ports.look() == []
    studio.end()
    assert ports.look() == [Server("JACK", False)]
    assert studio.clients == []
    ports.send(0, b"\x90\x28\x40")
    assert ports.poll() == []
    assert ports.look() == []
    assert ports.look() == []

    studio.gone = False
    studio.sources += [KEYS, "DAW:out"]  # the synthesiser is not back yet
    assert ports.look() == [Server("JACK", True)]
    assert ours[0] in studio.destinations
    assert ours[1] in studio.sources
    assert studio.cables == {"schmubert Keys": KEYS}
    assert studio.others == {("DAW:out", ours[0])}
    studio.destinations.append("Synth:in")
    assert ports.look() == [Plugged(False, 0, True)]
    assert ports.look() == []
    assert studio.others == {("DAW:out", ours[0]), (ours[1], "Synth:in")}
    ports.send(0, b"\x90\x28\x40")
    assert studio.sent == [("schmubert Bass", b"\x90\x28\x40")]

    studio.end()
    assert ports.look() == [Server("JACK", False)]
    studio.gone = False
    assert ports.look() == [Server("JACK", True)]
    studio.sources.append(KEYS)
    assert ports.look() == [Plugged(True, 0, True)]
    ports.close()
    assert studio.clients == []


def test_a_synthesiser_that_is_started_again_is_connected_again(studio: Studio) -> None:
    studio.destinations.append("Synth:in")
    ports = MidiPorts(["DAW In"], ["Bass"])
    cable = "schmubert Bass:Bass", "Synth:in"
    studio.others = {cable}
    assert ports.look() == []
    studio.others, studio.destinations[:] = set(), studio.destinations[1:]
    assert ports.look() == []
    studio.destinations.append("Synth:in")
    assert ports.look() == [Plugged(False, 0, True)]
    assert studio.others == {cable}


def test_a_cable_that_the_player_pulls_stays_out(studio: Studio) -> None:
    studio.destinations.append("Synth:in")
    ports = MidiPorts(["DAW In"], ["Bass"])
    studio.others = {("schmubert Bass:Bass", "Synth:in")}
    assert ports.look() == []
    studio.others.clear()
    assert ports.look() == ports.look() == []
    assert studio.others == set()


def test_ardour_is_met_once(studio: Studio) -> None:
    studio.sources.append(CLOCK)
    ports = MidiPorts(["DAW Out"], ["Bass"])
    assert ports.look() == [Neighbour(CLOCK)]
    assert ports.look() == []


def test_a_library_that_stands_in_is_told(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi, "through", lambda _: " through libjack.so.0")
    assert MidiPorts([], ["Bass"]).named[0] == "JACK through libjack.so.0"
    assert studio.clients == ["schmubert Bass"]


def test_what_exists_is_listed_from_both_sides(studio: Studio) -> None:
    studio.sources.append(KEYS)
    studio.destinations.append(SYNTH)
    assert existing_ports() == ("jack", [KEYS], [SYNTH])
    assert studio.clients == []


def test_another_port_is_chosen_while_it_plays(studio: Studio) -> None:
    studio.sources += [KEYS, "Pads:Pads"]
    studio.destinations += [SYNTH, "Organ:Organ"]
    ports = MidiPorts(["Keys"], ["Bass"])
    for wish in (Patch(True, 0, "Pads"), Patch(False, 0, "Organ")):
        ports.patch(wish)
    ports.send(0, b"\x90\x28\x40")
    assert studio.sent == []  # it would hang where it is not ended any more
    assert ports.look() == []
    assert studio.cables == {"schmubert Keys": "Pads:Pads", "schmubert Bass": "Organ:Organ"}
    ports.send(0, b"\x90\x28\x40")
    assert len(studio.sent) == 1
    studio.sources.remove("Pads:Pads")
    assert ports.look() == [Plugged(True, 0, False)]
    studio.sources.append("Pads:Pads")
    assert ports.look() == [Plugged(True, 0, True)]
    ports.patch(Patch(True, 0, ""))
    assert ports.look() == []
    assert studio.cables == {"schmubert Bass": "Organ:Organ"}


def test_a_virtual_port_stays_where_another_is_chosen_beside_it(studio: Studio) -> None:
    studio.sources.append(KEYS)
    studio.destinations.append(SYNTH)
    ports = MidiPorts(["DAW Out"], ["Low"])
    ports.patch(Patch(True, 0, "Keys"))
    ports.patch(Patch(False, 0, "Bass"))
    assert ports.look() == []
    assert studio.cables == {
        "schmubert DAW Out patched": KEYS,
        "schmubert Low patched": SYNTH,
    }
    assert "schmubert DAW Out:DAW Out" in studio.destinations
    ports.send(0, b"\x90\x28\x40")
    assert len(studio.sent) == 2
    studio.queues["schmubert DAW Out patched"] = [(b"\x90\x3c\x40", 0.0)]
    assert [port for _, port, _ in ports.poll()] == [0]
    studio.end()
    assert ports.look() == [Server("JACK", False)]
    studio.gone = False
    studio.sources.append(KEYS)
    studio.destinations.append(SYNTH)
    assert ports.look()[0] == Server("JACK", True)
    assert studio.cables["schmubert Low patched"] == SYNTH
    ports.close()
    assert studio.clients == []


def test_what_can_be_connected_is_told_to_who_wants_to_see_it(studio: Studio) -> None:
    studio.sources.append(KEYS)
    ports = MidiPorts(["Keys"], ["Low"])
    assert ports.look() == []
    ports.patch(Survey())
    assert ports.look() == [Patchbay((KEYS,), (), (KEYS,), ("",))]
    assert ports.look() == []
    studio.destinations.append(SYNTH)
    assert ports.look() == [Patchbay((KEYS,), (SYNTH,), (KEYS,), ("",))]
    another = "schmubert Low-01:Low"  # of a second bridge
    studio.sources.append(another)
    studio.destinations.append("schmubert Keys-01:Keys")
    targets = (SYNTH, "schmubert Keys-01:Keys")
    assert ports.look() == [Patchbay((KEYS, another), targets, (KEYS,), ("",))]
    ports.patch(Patch(True, 0, another))
    ports.patch(Patch(False, 0, "schmubert Keys-01:Keys"))  # by a port of ours beside `Low`
    assert ports.look() == [Patchbay((KEYS, another), targets, (another,), (targets[1],))]
    assert studio.cables == {"schmubert Keys": another, "schmubert Low patched": targets[1]}
