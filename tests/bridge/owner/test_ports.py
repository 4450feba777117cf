import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.port_names import PortError, cannot_open, find
from schmubert.bridge.owner.ports import Ports, Stamps

ALSA = ["Midi Through:Midi Through Port-0 14:0", "DAW:DAW Out 128:0", "DAW:DAW Out 2 128:1"]
JACK = ["ardour:MIDI Clock out", "ardour:Melody/midi_out 1", "Seq:out", "other:out"]
WINDOWS = ["loopMIDI Port 0", "loopMIDI Port 1 1", "loopMIDI Port 10 2"]


@pytest.mark.parametrize(
    ("name", "existing", "api", "found"),
    [
        ("DAW Out", ALSA, "alsa", "DAW:DAW Out 128:0"),
        ("DAW:DAW Out", ALSA, "alsa", "DAW:DAW Out 128:0"),
        ("DAW Out 2", ALSA, "alsa", "DAW:DAW Out 2 128:1"),
        ("DAW:DAW Out 20:0", ALSA, "alsa", "DAW:DAW Out 128:0"),
        ("DAW", ALSA, "alsa", None),
        ("DAW Ou", ALSA, "alsa", None),
        ("MIDI Clock out", JACK, "jack", "ardour:MIDI Clock out"),
        ("ardour:Melody/midi_out 1", JACK, "jack", "ardour:Melody/midi_out 1"),
        ("Bass", JACK, "jack", None),
        ("loopMIDI Port", WINDOWS, "windows", "loopMIDI Port 0"),
        ("loopMIDI Port 1", WINDOWS, "windows", "loopMIDI Port 1 1"),
        ("Piano", ["Piano", "Piano 2"], "core", "Piano"),
        ("Piano", [], "core", None),
    ],
)
def test_a_port_is_found_by_exactly_its_name(
    name: str, existing: list[str], api: str, found: str | None
) -> None:
    assert find(name, existing, api) == found


def test_a_name_that_several_have_is_asked_about() -> None:
    with pytest.raises(PortError, match="Seq:out, other:out"):
        find("out", JACK, "jack")
    assert find("Seq:out", JACK, "jack") == "Seq:out"


@given(
    st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 0.02)), min_size=1, max_size=60),
    st.floats(0.0, 1e6),
)
def test_stamps_come_out_in_order_and_never_after_they_were_polled(
    messages: list[tuple[float, float]], boot_s: float
) -> None:
    """However late it is polled, a message arrived when it was stamped."""
    stamps, at_s, latest_s = Stamps(), boot_s, -1.0
    first = True
    for gap_s, poll_s in messages:
        at_s += gap_s
        arrival_s = stamps.arrival(0.0 if first else gap_s, at_s + poll_s)
        assert arrival_s <= at_s + poll_s + 1e-6
        assert arrival_s >= at_s - 1e-6
        assert arrival_s >= latest_s - 0.02
        first, latest_s = False, arrival_s


def test_a_message_polled_late_is_dated_by_its_stamp() -> None:
    stamps = Stamps()
    assert stamps.arrival(0.0, 100.0) == pytest.approx(100.0)
    assert stamps.arrival(0.5, 100.53) == pytest.approx(100.5, abs=1e-3)


def test_a_clock_that_stood_still_is_set_anew() -> None:
    stamps = Stamps()
    stamps.arrival(0.0, 100.0)
    assert stamps.arrival(0.1, 500.0) == 500.0


def test_memory_ports_play_their_script_and_remember() -> None:
    now = 5.0
    memory = MemoryPorts([(0.2, 1, b"b"), (0.0, 0, b"a")], clock=lambda: now)
    ports: Ports = memory
    assert ports.poll() == [(5.0, 0, b"a")]
    assert ports.poll() == []
    now = 6.0
    assert not memory.finished
    assert ports.poll() == [(5.2, 1, b"b")]
    assert memory.finished
    ports.send(2, b"\x90\x3c\x40")
    assert memory.sent == [(6.0, 2, b"\x90\x3c\x40")]
    ports.close()
    assert memory.closed


def test_windows_is_told_of_loopmidi() -> None:
    text = cannot_open("output", "Bass", WINDOWS, "windows", NotImplementedError())
    assert "loopMIDI" in text
    assert "'loopMIDI Port 10'" in text
    assert "\n" not in text
