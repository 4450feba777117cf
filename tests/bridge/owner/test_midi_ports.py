"""Ports on a MIDI system in memory: what is connected, what is made, what comes back."""

import time

import pytest

from schmubert.bridge.owner import ports as midi
from schmubert.bridge.owner.ports import MidiPorts, PortError, existing_ports
from schmubert.bridge.protocol.messages import Neighbour, Plugged
from tests.bridge.owner.studio import Studio, StudioBackend

KEYS, SYNTH, CLOCK = "Keyboard:Keys", "Synth:Bass", "ardour:MIDI Clock out"


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    made = Studio()
    monkeypatch.setattr(midi, "backend", lambda: StudioBackend(made))
    monkeypatch.setattr(midi, "first_that_answers", lambda _: "jack")
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
    assert studio.destinations == ["schmubert Keys:Keys"]


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
