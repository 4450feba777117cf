"""`schmubert ports`."""

import pytest
from click.testing import CliRunner

from schmubert.bridge.owner import ports as midi
from schmubert.cli.ports import ports


def test_it_lists_what_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    there = ("alsa", ["KeyLab:KeyLab 49 20:0"], [])
    monkeypatch.setattr(midi, "existing_ports", lambda _: there)
    done = CliRunner().invoke(ports, [])
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "ALSA (--api alsa)",
        "--in: what sends notes",
        '  "KeyLab 49"   (KeyLab:KeyLab 49 20:0)',
        "--out: what plays notes",
        "  none: a name of your own makes a port",
    ]


def test_without_a_midi_system_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> None:
        raise midi.NoMidiError("no MIDI system here: start JACK")

    monkeypatch.setattr(midi, "existing_ports", none)
    done = CliRunner().invoke(ports, [])
    assert done.exit_code == 1
    assert "start JACK" in done.output
    assert "Traceback" not in done.output
