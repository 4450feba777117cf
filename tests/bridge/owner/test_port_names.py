"""Which ports may be a player's keyboard."""

from schmubert.bridge.owner.port_names import keyboards


def test_the_likeliest_keyboard_comes_first() -> None:
    there = [
        "Midi Through:Midi Through Port-0 14:0",
        "System:Timer 0:0",
        "Scarlett 4i4:Scarlett 4i4 MIDI 1 20:0",
        "KeyLab mkII 49:KeyLab mkII 49 MIDI 24:0",
        "PipeWire-System:PipeWire-System 130:0",
    ]
    assert keyboards(there, "alsa") == [there[3], there[2]]
    assert keyboards(there[:2], "alsa") == []


def test_no_port_of_ours_or_of_a_daw_is_one() -> None:
    jack = [
        "schmubert Bass:Bass",
        "ardour:MIDI Clock out",
        "jack_midi_clock:mclk_out",
        "Midi-Bridge:Midi Through:(capture_0) Midi Through Port-0",
        "system:midi_capture_1",
        "Midi-Bridge:Digital Piano:(capture_0) Digital Piano MIDI 1",
    ]
    assert keyboards(jack, "jack") == [jack[5], jack[4]]
    assert keyboards(["IAC Driver Bus 1", "Network Session 1", "CASIO USB-MIDI"], "core") == [
        "CASIO USB-MIDI"
    ]
